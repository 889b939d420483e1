#include "tools/message_json.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

TEST(MessageJson, HoldsAllOfAMessage) {
  MqttMessage message{.topic = "a/\"b\"", .payload = as_bytes("21.5 \xc2\xb0")};
  EXPECT_EQ(message_json(message),
            "{\"topic\":\"a/\\\"b\\\"\",\"qos\":0,\"retain\":false,\"dup\":false,\"length\":7,"
            "\"payload\":\"21.5 \xc2\xb0\"}");
  message = {
      .topic = "a", .payload = {}, .qos = MqttQos::kExactlyOnce, .retain = true, .dup = true};
  EXPECT_EQ(message_json(message),
            R"({"topic":"a","qos":2,"retain":true,"dup":true,"length":0,"payload":""})");
}

TEST(MessageJson, HoldsWhatIsNoTextInBase64) {
  MqttMessage message{.topic = "a", .payload = as_bytes("\xff\xd8\xff")};
  EXPECT_EQ(message_json(message),
            "{\"topic\":\"a\",\"qos\":0,\"retain\":false,\"dup\":false,"
            "\"length\":3,\"payload_base64\":\"/9j/\"}");
}

TEST(MessageJson, IsOneLine) {
  MqttMessage message{.topic = "a", .payload = as_bytes(std::string_view("1\n2\0", 4))};
  EXPECT_EQ(message_json(message),
            "{\"topic\":\"a\",\"qos\":0,\"retain\":false,\"dup\":false,"
            "\"length\":4,\"payload\":\"1\\u000a2\\u0000\"}");
}

}  // namespace
}  // namespace camloop
