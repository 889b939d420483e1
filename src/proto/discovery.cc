#include "proto/discovery.h"

#include "base/json_writer.h"

namespace camloop {
namespace {

// A field of the state; empty texts are left out.
struct Sensor {
  const char* key;
  const char* name;
  const char* field;
  const char* unit;
  const char* device_class;
  const char* state_class;
};

constexpr Sensor kSensors[] = {
    {"fps", "Frame rate", "fps", "fps", "", "measurement"},
    {"clients", "Viewers", "clients", "", "", "measurement"},
    {"lag", "Lag", "lag_ms", "ms", "duration", "measurement"},
    {"link_lag", "Link lag", "link_lag_ms", "ms", "duration", "measurement"},
    {"dropped", "Dropped frames", "dropped", "", "", "total_increasing"},
    {"uptime", "Uptime", "uptime_s", "s", "duration", "total_increasing"},
};

constexpr Sensor kTemperature = {"temperature", "Temperature", "temperature_c",
                                 "°C",          "temperature", "measurement"};

class Message {
 public:
  explicit Message(const DiscoveredCamera& camera) : camera_(camera) {}

  std::string write() {
    json_.open_object();
    put_device();
    json_.field("avty_t", topic("status")).field("qos", 1);
    json_.key("cmps").open_object();
    put_pictures();
    for (const Sensor& sensor : kSensors) put_sensor(sensor);
    if (camera_.has_temperature) put_sensor(kTemperature);
    put_controls();
    put_trigger(kSignalLost, "lost");
    put_trigger(kSignalBack, "back");
    json_.close_object().close_object();
    return json_.text();
  }

 private:
  std::string topic(std::string_view name) const { return camera_.base + "/" + std::string(name); }

  void put_device() {
    json_.key("dev").open_object().key("ids").open_array().value(camera_.id).close_array();
    json_.field("name", "Camera " + camera_.id).field("mf", "camloop").field("mdl", "camloop");
    json_.field("sw", camera_.version).close_object();
    json_.key("o").open_object().field("name", "camloop").field("sw", camera_.version);
    json_.close_object();
  }

  JsonWriter& open(std::string_view key, const char* platform, const char* name) {
    json_.key(key).open_object().field("p", platform).field("name", name);
    return json_.field("uniq_id", camera_.id + "_" + std::string(key));
  }

  void put_pictures() {
    open("camera", "camera", "Camera").field("t", topic("image")).close_object();
    open("image", "image", "Last picture").field("img_t", topic("image"));
    json_.field("cont_type", "image/jpeg").close_object();
  }

  void put_sensor(const Sensor& sensor) {
    open(sensor.key, "sensor", sensor.name).field("stat_t", topic("state"));
    json_.field("val_tpl", "{{ value_json." + std::string(sensor.field) + " }}");
    if (*sensor.unit) json_.field("unit_of_meas", sensor.unit);
    if (*sensor.device_class) json_.field("dev_cla", sensor.device_class);
    json_.field("stat_cla", sensor.state_class).field("ent_cat", "diagnostic").close_object();
  }

  void put_controls() {
    open("stream", "switch", "Stream");
    put_setting("stream").field("pl_on", "ON").field("pl_off", "OFF").close_object();
    open("quality", "number", "JPEG quality");
    put_setting("quality").field("min", 1).field("max", 100).field("step", 1);
    json_.field("ent_cat", "config").close_object();
    open("fps_asked", "number", "Frame rate asked of the source");
    put_setting("fps").field("min", 0.1).field("max", 240).field("step", 0.1);
    json_.field("mode", "box").field("ent_cat", "config").close_object();
    open("snapshot", "button", "Snapshot").field("cmd_t", topic("snapshot/set"));
    json_.field("pl_prs", kPressed).close_object();
  }

  JsonWriter& put_setting(const std::string& thing) {
    return json_.field("cmd_t", topic(thing + "/set")).field("stat_t", topic(thing + "/state"));
  }

  // A trigger is no entity, and has neither a name nor an id of its own.
  void put_trigger(std::string_view event, const char* subtype) {
    json_.key(event).open_object().field("p", "device_automation").field("atype", "trigger");
    json_.field("t", topic("event")).field("pl", event).field("type", "signal");
    json_.field("stype", subtype).close_object();
  }

  const DiscoveredCamera& camera_;
  JsonWriter json_;
};

}  // namespace

std::string discovery_topic(std::string_view prefix, std::string_view id) {
  return std::string(prefix) + "/device/" + std::string(id) + "/config";
}

std::string discovery_status_topic(std::string_view prefix) {
  return std::string(prefix) + "/status";
}

std::string discovery_message(const DiscoveredCamera& camera) {
  return Message(camera).write();
}

}  // namespace camloop
