#include "report/report_mqtt.h"

#include "base/clock.h"

#include <string>

namespace camloop {
namespace {

void put_traffic(JsonWriter& json, const MqttFacts& facts) {
  const MqttSession::Facts& traffic = facts.traffic;
  json.field("queued", facts.queued).field("in_flight", facts.in_flight);
  json.field("published", traffic.published).field("sent_again", traffic.sent_again);
  json.field("acknowledged", traffic.acknowledged).field("received", traffic.received);
  json.field("duplicates", traffic.duplicates).field("oversize", traffic.oversize);
  json.field("unwanted", traffic.unwanted).key("dropped").open_object();
  for (const ReasonCount& each : facts.dropped) json.field(each.reason, each.count);
  json.close_object();
  json.field("bytes_received", facts.bytes_received).field("bytes_sent", facts.bytes_sent);
}

void put_camera(JsonWriter& json, const MqttCamera::Facts& facts) {
  json.key("camera").open_object().field("images", facts.images);
  json.field("images_oversize", facts.oversize).field("commands", facts.commands);
  json.field("commands_refused", facts.refused).field("commands_retained", facts.retained);
  json.close_object();
}

void sample(MetricsText& text, const char* label, const char* value, uint64_t count) {
  text.sample("{" + std::string(label) + "=\"" + value + "\"}", static_cast<double>(count));
}

}  // namespace

void put_mqtt(JsonWriter& json, const MqttReport& report) {
  const MqttFacts& facts = report.client;
  json.key("mqtt").open_object().field("broker", facts.uplink.peer).field("secure", facts.secure);
  json.field("state", facts.uplink.state).field("fault", facts.uplink.fault);
  json.field("retry_in_ms", milliseconds(facts.uplink.retry_in_us));
  json.field("connected", facts.connected).field("client_id", facts.client_id);
  json.field("session_present", facts.session_present);
  json.field("connects", facts.uplink.connects).field("failures", facts.uplink.failures);
  put_traffic(json, facts);
  put_camera(json, report.camera);
  json.close_object();
}

void put_mqtt_metrics(MetricsText& text, const MqttReport& report) {
  const MqttFacts& facts = report.client;
  const MqttSession::Facts& traffic = facts.traffic;
  text.gauge("camloop_mqtt_up", "1 while the broker has accepted us.", facts.connected);
  text.counter("camloop_mqtt_connects_total", "Connections made.", facts.uplink.connects);
  text.counter("camloop_mqtt_failures_total", "Connections not brought about.",
               facts.uplink.failures);
  text.gauge("camloop_mqtt_queued", "Messages that wait to be sent.",
             static_cast<double>(facts.queued));
  text.gauge("camloop_mqtt_in_flight", "Messages that the broker has yet to answer.",
             static_cast<double>(facts.in_flight));
  text.counter("camloop_mqtt_published_total", "Messages sent.", traffic.published);
  text.counter("camloop_mqtt_sent_again_total", "Messages sent once more.", traffic.sent_again);
  text.counter("camloop_mqtt_acknowledged_total", "Messages that the broker has taken over.",
               traffic.acknowledged);
  text.counter("camloop_mqtt_received_total", "Messages that came.", traffic.received);
  text.family("camloop_mqtt_passed_over_total", "counter",
              "Messages that came and were left out, by reason.");
  sample(text, "reason", "duplicate", traffic.duplicates);
  sample(text, "reason", "oversize", traffic.oversize);
  sample(text, "reason", "unwanted", traffic.unwanted);
  text.family("camloop_mqtt_dropped_total", "counter", "Messages not sent, by reason.");
  for (const ReasonCount& each : facts.dropped) sample(text, "reason", each.reason, each.count);
  text.counter("camloop_mqtt_received_bytes_total", "Bytes that came.", facts.bytes_received);
  text.counter("camloop_mqtt_sent_bytes_total", "Bytes that went.", facts.bytes_sent);
  text.counter("camloop_mqtt_images_total", "Images published.", report.camera.images);
  text.counter("camloop_mqtt_images_oversize_total", "Images too large to be published.",
               report.camera.oversize);
  text.family("camloop_mqtt_commands_total", "counter", "Commands, by what became of them.");
  sample(text, "outcome", "done", report.camera.commands);
  sample(text, "outcome", "refused", report.camera.refused);
  sample(text, "outcome", "retained", report.camera.retained);
}

}  // namespace camloop
