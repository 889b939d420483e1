#include "report/report.h"

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/metrics_text.h"
#include "report/report_links.h"

#include <cstdio>
#include <limits>

namespace camloop {
namespace {

void put_quantiles(JsonWriter& json, std::string_view name, const Histogram& histogram) {
  json.key(name).open_object();
  json.field("p50", histogram.quantile_us(0.5)).field("p99", histogram.quantile_us(0.99));
  json.field("p999", histogram.quantile_us(0.999)).field("max", histogram.max_us());
  json.close_object();
}

void put_source(JsonWriter& json, const SourceFacts& facts) {
  json.key("source").open_object();
  json.field("name", facts.name).field("device", facts.device).field("format", facts.format);
  json.field("width", facts.width).field("height", facts.height).field("fps", facts.fps);
  json.field("fault", facts.fault).field("pictures", facts.pictures);
  json.field("dropped_broken", facts.dropped_broken).field("dropped_stale", facts.dropped_stale);
  json.field("reopened", facts.reopened);
  if (facts.exposure) {
    json.key("exposure").open_object();
    json.field("lines", facts.exposure->lines).field("luma", facts.exposure->luma);
    json.close_object();
  }
  json.close_object();
}

void put_encoder(JsonWriter& json, const Capture& capture) {
  const Capture::Counts& counts = capture.counts();
  json.key("encoder").open_object();
  json.field("encoded", counts.encoded).field("superseded", counts.superseded);
  json.field("failed", counts.encode_failed).field("no_signal", counts.no_signal);
  put_quantiles(json, "cost_us", capture.encode_cost());
  json.close_object();
}

void put_frames(JsonWriter& json, const Hub& hub, int64_t now_us) {
  const Frame& newest = hub.newest();
  json.key("frames").open_object();
  json.field("published", hub.published()).field("bytes", newest.jpeg.size());
  double never = std::numeric_limits<double>::infinity();  // null in JSON
  json.field("age_ms", newest ? milliseconds(now_us - newest.captured_us) : never);
  json.close_object();
}

void put_client(JsonWriter& json, const HttpClientFacts& client) {
  json.open_object();
  json.field("address", client.address).field("fps", client.fps);
  json.field("queued_bytes", client.queued_bytes);
  json.field("frame_age_ms", milliseconds(client.frame_age_us)).field("frames", client.frames);
  json.field("dropped_replaced", client.dropped_replaced);
  json.field("dropped_stale", client.dropped_stale);
  json.close_object();
}

void put_denied(JsonWriter& json, const HttpGate::Counts& counts) {
  json.key("denied").open_object();
  json.field("no_credentials", counts.no_credentials);
  json.field("wrong_credentials", counts.wrong_credentials);
  json.field("guessing", counts.guessing).field("cross_site", counts.cross_site);
  json.field("unprotected", counts.unprotected).close_object();
}

void put_http(JsonWriter& json, const HttpServer& http) {
  HttpServer::Counts counts = http.counts();
  const Admission& admission = http.listener().admission();
  json.key("http").open_object();
  json.field("address", http.address().text()).field("connections", admission.connections());
  json.field("viewers_max", http.viewers_max()).field("refused", admission.refused());
  json.field("viewers_refused", counts.viewers_refused);
  json.field("memory_refused", counts.memory_refused).field("off_refused", counts.off_refused);
  json.field("starved", http.listener().starved()).field("stalled", counts.stalled);
  json.field("frames_sent", counts.frames_sent);
  json.field("dropped_replaced", counts.dropped_replaced);
  json.field("dropped_stale", counts.dropped_stale);
  put_denied(json, http.gate().counts());
  json.key("clients").open_array();
  for (const HttpClientFacts& client : http.clients()) put_client(json, client);
  json.close_array().close_object();
}

void put_display(JsonWriter& json, const Display* display) {
  DisplayFacts facts = display ? display->facts() : DisplayFacts{};
  json.key("display").open_object();
  json.field("device", facts.device).field("fault", facts.fault);
  json.field("width", facts.size.width).field("height", facts.size.height);
  json.field("bits", facts.bits).field("shown", facts.shown);
  json.field("dropped_replaced", facts.dropped_replaced);
  json.field("dropped_broken", facts.dropped_broken);
  if (display) put_quantiles(json, "cost_us", display->draw_cost());
  json.close_object();
}

void put_watchdog(JsonWriter& json, const Watchdog* watchdog) {
  Watchdog::Facts facts = watchdog ? watchdog->facts() : Watchdog::Facts{};
  json.key("watchdog").open_object();
  json.field("device", facts.device).field("fault", facts.fault).field("phase", facts.phase);
  json.field("timeout_s", facts.timeout_s).field("fed", facts.fed).field("late", facts.late);
  json.field("late_max_ms", milliseconds(facts.late_max_us)).field("reopened", facts.reopened);
  json.close_object();
}

void put_memory(JsonWriter& json, const MemoryFacts& memory) {
  json.key("memory").open_object().key("available_kb");
  if (memory.available == kMemoryUnknown) {
    json.value(std::numeric_limits<double>::infinity());  // null in JSON
  } else {
    json.value(memory.available / 1024);
  }
  json.field("level", static_cast<int>(memory.level));
  json.field("shedding", memory_level_name(memory.level)).close_object();
}

void put_source_metrics(MetricsText& text, const ReportedParts& parts) {
  const SourceFacts& facts = parts.capture.facts();
  const Capture::Counts& counts = parts.capture.counts();
  text.gauge("camloop_source_up", "1 while the source gives pictures.",
             parts.capture.health(parts.now_us).ok() ? 1 : 0);
  text.counter("camloop_source_pictures_total", "Pictures that came from the source.",
               facts.pictures);
  text.family("camloop_source_dropped_total", "counter",
              "Pictures of the source not used, by reason.");
  text.sample("{reason=\"broken\"}", static_cast<double>(facts.dropped_broken));
  text.sample("{reason=\"stale\"}", static_cast<double>(facts.dropped_stale));
  text.counter("camloop_source_reopened_total", "Times the source was opened anew.",
               facts.reopened);
  text.counter("camloop_encoder_encoded_total", "Pictures encoded here.", counts.encoded);
  text.counter("camloop_encoder_superseded_total",
               "Pictures that gave way to a newer one while the encoder was busy.",
               counts.superseded);
  text.counter("camloop_encoder_failed_total", "Pictures that could not be encoded.",
               counts.encode_failed);
  text.counter("camloop_no_signal_total", "Pictures shown in place of a missing signal.",
               counts.no_signal);
  text.counter("camloop_frames_published_total", "Frames handed to the sinks.",
               parts.hub.published());
  if (const Frame& newest = parts.hub.newest()) {
    text.gauge("camloop_frame_age_seconds", "Time since the newest frame was captured.",
               seconds(parts.now_us - newest.captured_us));
  }
}

void put_http_metrics(MetricsText& text, const HttpServer& http) {
  HttpServer::Counts counts = http.counts();
  const Listener& listener = http.listener();
  text.gauge("camloop_http_clients", "Stream clients.", static_cast<double>(http.clients().size()));
  text.gauge("camloop_http_connections", "Open connections.",
             static_cast<double>(listener.admission().connections()));
  text.counter("camloop_http_frames_sent_total", "Frames sent to stream clients.",
               counts.frames_sent);
  text.family("camloop_http_dropped_total", "counter", "Frames not sent to a client, by reason.");
  text.sample("{reason=\"replaced\"}", static_cast<double>(counts.dropped_replaced));
  text.sample("{reason=\"stale\"}", static_cast<double>(counts.dropped_stale));
  text.family("camloop_http_refused_total", "counter", "Clients turned away, by reason.");
  text.sample("{reason=\"connections\"}", static_cast<double>(listener.admission().refused()));
  text.sample("{reason=\"viewers\"}", static_cast<double>(counts.viewers_refused));
  text.sample("{reason=\"memory\"}", static_cast<double>(counts.memory_refused));
  text.sample("{reason=\"off\"}", static_cast<double>(counts.off_refused));
  text.sample("{reason=\"descriptors\"}", static_cast<double>(listener.starved()));
  const HttpGate::Counts& denied = http.gate().counts();
  text.family("camloop_http_denied_total", "counter", "Requests turned away, by reason.");
  text.sample("{reason=\"no_credentials\"}", static_cast<double>(denied.no_credentials));
  text.sample("{reason=\"wrong_credentials\"}", static_cast<double>(denied.wrong_credentials));
  text.sample("{reason=\"guessing\"}", static_cast<double>(denied.guessing));
  text.sample("{reason=\"cross_site\"}", static_cast<double>(denied.cross_site));
  text.sample("{reason=\"unprotected\"}", static_cast<double>(denied.unprotected));
  text.counter("camloop_http_stalled_total", "Clients dropped since they took no data in time.",
               counts.stalled);
}

void put_display_metrics(MetricsText& text, const Display& display) {
  DisplayFacts facts = display.facts();
  text.gauge("camloop_display_up", "1 while the display shows.", facts.fault.empty());
  text.counter("camloop_display_frames_shown_total", "Frames brought to the display.", facts.shown);
  text.family("camloop_display_dropped_total", "counter",
              "Frames not brought to the display, by reason.");
  text.sample("{reason=\"replaced\"}", static_cast<double>(facts.dropped_replaced));
  text.sample("{reason=\"broken\"}", static_cast<double>(facts.dropped_broken));
}

void put_watchdog_metrics(MetricsText& text, const Watchdog& watchdog) {
  Watchdog::Facts facts = watchdog.facts();
  text.gauge("camloop_watchdog_armed", "1 while the board is watched.", facts.fault.empty());
  text.counter("camloop_watchdog_fed_total", "Times the watchdog was fed.", facts.fed);
  text.counter("camloop_watchdog_late_total", "Times it was not, as the loop was late.",
               facts.late);
  text.counter("camloop_watchdog_reopened_total", "Times it had the source opened anew.",
               facts.reopened);
}

void put_memory_metrics(MetricsText& text, const MemoryFacts& memory) {
  text.gauge("camloop_memory_level", "How much is shed as memory is short: 0 nothing, 3 all.",
             static_cast<int>(memory.level));
  if (memory.available == kMemoryUnknown) return;
  text.gauge("camloop_memory_available_bytes", "What the system has left.",
             static_cast<double>(memory.available));
}

void put_stall_metrics(MetricsText& text, const Histogram& stalls) {
  constexpr int64_t kBounds_us[] = {100, 500, 1000, 2000, 5000, 10'000, 50'000, 100'000, 1'000'000};
  text.family("camloop_loop_stall_seconds", "histogram", "How long one callback held the loop.");
  for (int64_t bound_us : kBounds_us) {
    char bucket[64];
    std::snprintf(bucket, sizeof bucket, "_bucket{le=\"%g\"}", seconds(bound_us));
    text.sample(bucket, static_cast<double>(stalls.count_up_to(bound_us)));
  }
  text.sample("_bucket{le=\"+Inf\"}", static_cast<double>(stalls.count()));
  text.sample("_sum", seconds(stalls.sum_us()));
  text.sample("_count", static_cast<double>(stalls.count()));
}

}  // namespace

std::string report_state(const ReportedParts& parts) {
  JsonWriter json;
  json.open_object();
  json.field("version", CAMLOOP_VERSION);
  json.field("uptime_s", seconds(parts.now_us - parts.started_us));
  put_source(json, parts.capture.facts());
  put_encoder(json, parts.capture);
  put_frames(json, parts.hub, parts.now_us);
  put_http(json, parts.http);
  put_display(json, parts.display);
  put_links(json, parts.links);
  put_mqtt(json, parts.mqtt.value_or(MqttReport{}));
  put_watchdog(json, parts.watchdog);
  put_memory(json, parts.memory);
  json.key("reloads").open_object();
  json.field("applied", parts.reloads.applied).field("refused", parts.reloads.refused);
  json.close_object();
  json.key("loop").open_object().field("callbacks", parts.loop.stalls().count());
  put_quantiles(json, "stall_us", parts.loop.stalls());
  json.close_object().close_object();
  return json.text() + "\n";
}

std::string report_metrics(const ReportedParts& parts) {
  MetricsText text;
  put_source_metrics(text, parts);
  put_http_metrics(text, parts.http);
  if (parts.display) put_display_metrics(text, *parts.display);
  put_link_metrics(text, parts.links);
  if (parts.mqtt) put_mqtt_metrics(text, *parts.mqtt);
  if (parts.watchdog) put_watchdog_metrics(text, *parts.watchdog);
  put_memory_metrics(text, parts.memory);
  put_stall_metrics(text, parts.loop.stalls());
  return text.text();
}

}  // namespace camloop
