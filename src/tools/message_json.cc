#include "tools/message_json.h"

#include "base/json_writer.h"
#include "base/utf8.h"
#include "proto/base64.h"

namespace camloop {

std::string message_json(const MqttMessage& message) {
  JsonWriter json;
  json.open_object()
      .field("topic", message.topic)
      .field("qos", static_cast<int>(message.qos))
      .field("retain", message.retain)
      .field("dup", message.dup)
      .field("length", message.payload.size());
  std::string_view text = as_text(message.payload);
  if (is_utf8(text)) {
    json.field("payload", text);
  } else {
    json.field("payload_base64", base64_encode(message.payload));
  }
  return json.close_object().text();
}

}  // namespace camloop
