// What /state and /metrics tell of MQTT.
#pragma once

#include "base/json_writer.h"
#include "base/metrics_text.h"
#include "links/mqtt_client.h"
#include "sinks/mqtt_camera.h"

namespace camloop {

struct MqttReport {
  MqttFacts client;
  MqttCamera::Facts camera;
};

/// The field "mqtt".
void put_mqtt(JsonWriter& json, const MqttReport& report);
/// Families named camloop_mqtt_...
void put_mqtt_metrics(MetricsText& text, const MqttReport& report);

}  // namespace camloop
