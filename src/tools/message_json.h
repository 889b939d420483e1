// A message of MQTT as a line of JSON.
#pragma once

#include "proto/mqtt_message.h"

#include <string>

namespace camloop {

/// {"topic":…,"qos":…,"retain":…,"dup":…,"length":…} and "payload", or where that is not UTF-8
/// "payload_base64"; `length` is the payload's, in bytes. Without a line's end.
std::string message_json(const MqttMessage& message);

}  // namespace camloop
