#include "tools/mqtt_tool.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

Config with_broker() {
  Config config;
  config.mqtt = MqttAccess{.endpoint = {"broker.example", 1883}};
  return config;
}

MqttConnect connect_of(const Config& config) {
  return tool_session(config, {}).value().session.connect;
}

TEST(ToolSession, HasAnIdOfItsOwn) {
  MqttConnect one = connect_of(with_broker());
  EXPECT_TRUE(one.client_id.starts_with("camloop"));
  EXPECT_EQ(one.client_id.size(), 7u + 8);
  EXPECT_NE(connect_of(with_broker()).client_id, one.client_id);
  EXPECT_TRUE(one.clean_session);
}

TEST(ToolSession, IsTheOneThatIsNamed) {
  Config config = with_broker();
  config.mqtt_client_id = "reader";
  config.mqtt_clean = false;
  EXPECT_EQ(connect_of(config).client_id, "reader");
  EXPECT_FALSE(connect_of(config).clean_session);
}

TEST(ToolSession, HasTheQueueOfTheTool) {
  auto session = tool_session(with_broker(), {.messages = 7, .bytes = 77}).value().session;
  EXPECT_EQ(session.queue.messages, 7u);
  EXPECT_EQ(session.queue.bytes, 77u);
}

TEST(ToolSession, IsRefusedWithWhatIsToBeSet) {
  auto fault = [](const Config& config) { return tool_session(config, {}).error().text; };
  EXPECT_TRUE(fault({}).starts_with("CAMLOOP_MQTT is not set"));
  Config nameless = with_broker();
  nameless.mqtt_clean = false;
  EXPECT_NE(fault(nameless).find("CAMLOOP_MQTT_CLIENT_ID"), std::string::npos);
  Config untrusting = with_broker();
  untrusting.mqtt->secure = true;
  untrusting.mqtt_ca.path = "/no/such.pem";
  EXPECT_NE(fault(untrusting).find("/no/such.pem"), std::string::npos);
}

}  // namespace
}  // namespace camloop
