// Messages of MQTT, as they come and as they are to go.
#pragma once

#include "base/buffer.h"
#include "proto/mqtt_packet.h"

#include <string>
#include <string_view>

namespace camloop {

/// A message that came. The views last as long as the call that hands it over.
struct MqttMessage {
  std::string_view topic;
  Bytes payload;
  MqttQos qos = MqttQos::kAtMostOnce;
  bool retain = false;  // it was kept by the broker and is older than the subscription
  bool dup = false;     // it may have come before
};

/// A message to be published. A short payload is a text of its own, a large one a shared buffer.
struct MqttPublication {
  std::string topic;
  std::string text;
  BufferRef body = {};  // the payload, where there is one
  MqttQos qos = MqttQos::kAtMostOnce;
  bool retain = false;
  bool newest_only = false;  // while it waits, a newer one to its topic takes its place

  Bytes payload() const { return body ? body.bytes() : as_bytes(text); }
};

}  // namespace camloop
