#include "proto/mqtt_packet.h"

#include "proto/mqtt_topic.h"

#include <gtest/gtest.h>

#include <string>

namespace camloop {
namespace {

using Packet = std::vector<uint8_t>;

constexpr MqttQos kQos0 = MqttQos::kAtMostOnce, kQos1 = MqttQos::kAtLeastOnce,
                  kQos2 = MqttQos::kExactlyOnce;

// ---- CONNECT ----

MqttConnect connect_as(const std::string& client_id) {
  return {.client_id = client_id, .keep_alive_s = 10};
}

Packet encoded(const MqttConnect& connect) {
  Packet out;
  put_connect(out, connect);
  return out;
}

std::string fault(const MqttConnect& connect) {
  Result<> checked = check_connect(connect);
  return checked ? "" : checked.error().text;
}

// MQTT-3.1.2-1, MQTT-3.1.2-2, MQTT-3.1.2-3, MQTT-3.1.3-3, 1.5.2
TEST(MqttConnectPacket, BeginsWithTheProtocol) {
  EXPECT_EQ(encoded(connect_as("c")),
            (Packet{0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 0x02, 0, 10, 0, 1, 'c'}));
}

// The flags and the keep alive of the standard's example (3.1.2.11).
// MQTT-3.1.3-1, MQTT-3.1.2-9, MQTT-3.1.2-19, MQTT-3.1.2-21
TEST(MqttConnectPacket, HasAllFieldsInOrder) {
  MqttConnect connect = connect_as("c");
  connect.will = {.topic = "w/t", .payload = "wm", .qos = kQos1};
  connect.user = "me";
  connect.password = std::string("\0\xff", 2);
  EXPECT_EQ(encoded(connect),
            (Packet{0x10, 30,  0,   4,   'M', 'Q', 'T', 'T', 4, 0xce, 0,   10,  0, 1, 'c', 0,
                    3,    'w', '/', 't', 0,   2,   'w', 'm', 0, 2,    'm', 'e', 0, 2, 0,   0xff}));
}

// MQTT-3.1.2-11, MQTT-3.1.2-13, MQTT-3.1.2-15, MQTT-3.1.2-18, MQTT-3.1.2-20
TEST(MqttConnectPacket, HasNoFlagWithoutItsField) {
  MqttConnect connect = connect_as("c");
  EXPECT_EQ(encoded(connect)[9], 0x02);
  connect.clean_session = false;
  EXPECT_EQ(encoded(connect)[9], 0x00);
  connect.user = "";
  EXPECT_EQ(encoded(connect)[9], 0x80);
  EXPECT_EQ(encoded(connect).size(), 15u + 2);
  connect.password = "";
  EXPECT_EQ(encoded(connect)[9], 0xc0);
}

// MQTT-3.1.2-14, MQTT-3.1.2-16, MQTT-3.1.2-17
TEST(MqttConnectPacket, SaysHowTheWillIsPublished) {
  MqttConnect connect = connect_as("c");
  connect.will = {.topic = "t"};
  EXPECT_EQ(encoded(connect)[9], 0x06);
  connect.will->retain = true;
  EXPECT_EQ(encoded(connect)[9], 0x26);
  connect.will->qos = kQos2;
  EXPECT_EQ(encoded(connect)[9], 0x36);
  EXPECT_EQ(fault(connect), "") << "a will may be empty";
  connect.will->qos = static_cast<MqttQos>(3);
  EXPECT_EQ(fault(connect), "the will's QoS is none [MQTT-3.1.2-14]");
}

// 3.1.2.10
TEST(MqttConnectPacket, HasAnyKeepAlive) {
  MqttConnect connect = connect_as("c");
  connect.keep_alive_s = 0;
  EXPECT_EQ(encoded(connect)[11], 0);
  connect.keep_alive_s = 65'535;
  EXPECT_EQ(encoded(connect)[10], 0xff);
  EXPECT_EQ(encoded(connect)[11], 0xff);
}

// MQTT-3.1.3-7, MQTT-3.1.3-3
TEST(MqttConnectPacket, IsNamelessInACleanSessionOnly) {
  MqttConnect connect = connect_as("");
  EXPECT_EQ(fault(connect), "");
  EXPECT_EQ(encoded(connect), (Packet{0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, 0x02, 0, 10, 0, 0}));
  connect.clean_session = false;
  EXPECT_EQ(fault(connect), "a session that is kept needs a client id [MQTT-3.1.3-7]");
}

// MQTT-3.1.3-4, MQTT-3.1.3-10, MQTT-3.1.3-11, MQTT-3.1.2-22, 1.5.3
TEST(MqttConnectPacket, IsCheckedBeforeItIsSent) {
  EXPECT_NE(fault(connect_as("\xff")).find("[MQTT-3.1.3-4]"), std::string::npos);

  MqttConnect connect = connect_as("c");
  connect.password = "secret";
  EXPECT_EQ(fault(connect), "a password needs a user name [MQTT-3.1.2-22]");
  connect.user = "\xed\xa0\x80";
  EXPECT_NE(fault(connect).find("[MQTT-3.1.3-11]"), std::string::npos);
  connect.user = std::string(kMqttStringMax, 'u');
  connect.password = std::string(kMqttStringMax, '\0');
  EXPECT_EQ(fault(connect), "");
  *connect.password += 'x';
  EXPECT_NE(fault(connect).find("password is too long"), std::string::npos);

  for (const char* topic : {"", "a/#", "\xff"}) {
    connect = connect_as("c");
    connect.will = {.topic = topic};
    EXPECT_EQ(fault(connect), "the will's topic is none [MQTT-3.1.3-10]") << topic;
  }
  connect.will = {.topic = "t", .payload = std::string(kMqttStringMax + 1, 'x')};
  EXPECT_NE(fault(connect).find("will is too long"), std::string::npos);
}

TEST(MqttConnectPacketDeathTest, IsNotSentAgainstTheStandard) {
  MqttConnect connect = connect_as("c");
  connect.password = "secret";
  EXPECT_DEATH(encoded(connect), "check_connect");
}

// ---- CONNACK ----

Result<MqttConnack> connack(const Packet& body) {
  return read_connack(body);
}

// MQTT-3.2.2-5
TEST(MqttConnack, SaysWhetherWeAreAccepted) {
  EXPECT_FALSE(connack({0, 0}).value().session_present);
  EXPECT_TRUE(connack({1, 0}).value().session_present);
  for (uint8_t code = 0; code <= 5; ++code) EXPECT_EQ(connack({0, code}).value().code, code);
  EXPECT_STREQ(connack_reason(5), "not authorised");
}

TEST(MqttConnack, HasAReasonForEachRefusal) {
  std::vector<std::string> reasons;
  for (uint8_t code = 1; code <= 6; ++code) {
    for (const std::string& other : reasons) EXPECT_NE(other, connack_reason(code));
    reasons.push_back(connack_reason(code));
  }
}

// MQTT-3.2.2-4, 3.2.2.1, MQTT-3.2.2-6, 2.2/3.x
TEST(MqttConnack, IsAViolationOtherwise) {
  EXPECT_EQ(connack({1, 5}).error().text,
            "the broker breaks the protocol: it refuses us, yet has a session [MQTT-3.2.2-4]");
  for (uint8_t flags : {0x02, 0x03, 0x80, 0xff}) {
    EXPECT_TRUE(connack({flags, 0}).error().text.ends_with("[MQTT-3.2.2.1]")) << +flags;
  }
  for (uint8_t code : {6, 0x80, 255}) {
    EXPECT_TRUE(connack({0, code}).error().text.ends_with("[MQTT-3.2.2-6]")) << +code;
  }
  for (const Packet& body : {Packet{}, Packet{0}, Packet{0, 0, 0}}) {
    EXPECT_TRUE(connack(body).error().text.ends_with("[MQTT-2.2.3]")) << body.size();
  }
}

// ---- PUBLISH and its answers ----

Packet publish_head(const MqttPublishHead& head, size_t payload_size) {
  Packet out;
  put_publish_head(out, head, payload_size);
  return out;
}

// With the variable header of the standard's example (3.3.2.3).
// MQTT-3.3.2-1, MQTT-2.3.1-1, MQTT-2.3.1-5, MQTT-3.3.1-1, MQTT-3.3.1-5
TEST(MqttPublishPacket, BeginsWithTopicAndIdentifier) {
  EXPECT_EQ(publish_head({.topic = "a/b", .qos = kQos1, .id = 10}, 0),
            (Packet{0x32, 7, 0, 3, 'a', '/', 'b', 0, 10}));
  EXPECT_EQ(
      publish_head({.topic = "a/b", .qos = kQos2, .retain = true, .dup = true, .id = 0x102}, 3),
      (Packet{0x3d, 10, 0, 3, 'a', '/', 'b', 1, 2}));
  EXPECT_EQ(publish_head({.topic = "a/b", .retain = true}, 5),
            (Packet{0x31, 10, 0, 3, 'a', '/', 'b'}));
}

TEST(MqttPublishPacket, IsAppended) {
  Packet out{1, 2};
  put_publish_head(out, {.topic = "a"}, 0);
  EXPECT_EQ(out, (Packet{1, 2, 0x30, 3, 0, 1, 'a'}));
}

// The first and last lengths of each size (table 2.4), each with three bytes of a topic's field.
// 2.2.3
TEST(MqttPublishPacket, HasTheShortestLength) {
  auto length = [](size_t remaining) {
    Packet head = publish_head({.topic = "a"}, remaining - 3);
    return Packet(head.begin() + 1, head.end() - 3);
  };
  EXPECT_EQ(length(127), (Packet{0x7f}));
  EXPECT_EQ(length(128), (Packet{0x80, 0x01}));
  EXPECT_EQ(length(321), (Packet{0xc1, 0x02})) << "the standard's example";
  EXPECT_EQ(length(16'383), (Packet{0xff, 0x7f}));
  EXPECT_EQ(length(16'384), (Packet{0x80, 0x80, 0x01}));
  EXPECT_EQ(length(2'097'151), (Packet{0xff, 0xff, 0x7f}));
  EXPECT_EQ(length(2'097'152), (Packet{0x80, 0x80, 0x80, 0x01}));
  EXPECT_EQ(length(268'435'455), (Packet{0xff, 0xff, 0xff, 0x7f}));
}

TEST(MqttPublishPacket, IsAsLongAsItSays) {
  EXPECT_EQ(publish_size("a", kQos0, 124), 2u + 127);
  EXPECT_EQ(publish_size("a", kQos0, 125), 3u + 128);
  EXPECT_EQ(publish_size("a", kQos1, 122), 2u + 127);
  EXPECT_EQ(publish_size("a", kQos2, 123), 3u + 128);
  EXPECT_EQ(publish_size("a", kQos0, 16'381), 4u + 16'384);
  EXPECT_EQ(publish_size("a", kQos0, 2'097'149), 5u + 2'097'152);
  EXPECT_EQ(publish_size("a", kQos0, kMqttRemainingLengthMax - 3), kMqttRemainingLengthMax + 5);
  EXPECT_EQ(publish_size("a", kQos0, kMqttRemainingLengthMax - 2), kMqttRemainingLengthMax + 6);
}

// MQTT-3.3.1-2, MQTT-3.3.1-4, MQTT-3.3.2-2, MQTT-2.3.1-1, MQTT-2.3.1-5
TEST(MqttPublishPacketDeathTest, IsNotSentAgainstTheStandard) {
  EXPECT_DEATH(publish_head({.topic = "a/#"}, 0), "is_topic_name");
  EXPECT_DEATH(publish_head({.topic = ""}, 0), "is_topic_name");
  EXPECT_DEATH(publish_head({.topic = "a", .qos = static_cast<MqttQos>(3), .id = 1}, 0), "is_qos");
  EXPECT_DEATH(publish_head({.topic = "a", .qos = kQos1}, 0), "numbered");
  EXPECT_DEATH(publish_head({.topic = "a", .id = 1}, 0), "numbered");
  EXPECT_DEATH(publish_head({.topic = "a", .dup = true}, 0), "dup");
  EXPECT_DEATH(publish_head({.topic = "a"}, kMqttRemainingLengthMax - 2), "LengthMax");
}

Packet answer(MqttType type, uint16_t id) {
  Packet out;
  put_answer(out, type, id);
  return out;
}

// MQTT-3.6.1-1, MQTT-2.2.2-1
TEST(MqttAnswer, IsFourBytes) {
  EXPECT_EQ(answer(MqttType::kPuback, 0x1234), (Packet{0x40, 2, 0x12, 0x34}));
  EXPECT_EQ(answer(MqttType::kPubrec, 1), (Packet{0x50, 2, 0, 1}));
  EXPECT_EQ(answer(MqttType::kPubrel, 0xffff), (Packet{0x62, 2, 0xff, 0xff}));
  EXPECT_EQ(answer(MqttType::kPubcomp, 256), (Packet{0x70, 2, 1, 0}));
}

TEST(MqttAnswerDeathTest, IsNotSentAgainstTheStandard) {
  EXPECT_DEATH(answer(MqttType::kPuback, 0), "id != 0");
  EXPECT_DEATH(answer(MqttType::kPublish, 1), "kPuback");
  EXPECT_DEATH(answer(MqttType::kSubscribe, 1), "kPubcomp");
}

// MQTT-2.3.1-1, 2.2/3.x
TEST(MqttAnswer, IsToAPacketWithAnIdentifier) {
  EXPECT_EQ(read_packet_id(Packet{0x12, 0x34}).value(), 0x1234);
  EXPECT_TRUE(read_packet_id(Packet{0, 0}).error().text.ends_with("[MQTT-2.3.1-1]"));
  for (const Packet& body : {Packet{}, Packet{1}, Packet{1, 2, 3}}) {
    EXPECT_TRUE(read_packet_id(body).error().text.ends_with("[MQTT-2.2.3]")) << body.size();
  }
}

// ---- Subscriptions ----

// The standard's examples (3.8.3, 3.10.3).
// MQTT-3.8.1-1, MQTT-3.8.3-3, MQTT-3-8.3-4, MQTT-2.2.2-1
TEST(MqttSubscribePacket, HasFiltersAndTheirQos) {
  Packet out;
  put_subscribe(out, 10, std::vector<MqttFilter>{{"a/b", kQos1}, {"c/d", kQos2}});
  EXPECT_EQ(out, (Packet{0x82, 14, 0, 10, 0, 3, 'a', '/', 'b', 1, 0, 3, 'c', '/', 'd', 2}));
}

// MQTT-3.10.1-1, MQTT-3.10.3-2, MQTT-2.2.2-1
TEST(MqttUnsubscribePacket, HasFilters) {
  Packet out;
  put_unsubscribe(out, 10, std::vector<std::string_view>{"a/b", "c/d"});
  EXPECT_EQ(out, (Packet{0xa2, 12, 0, 10, 0, 3, 'a', '/', 'b', 0, 3, 'c', '/', 'd'}));
}

// MQTT-3.8.3-1, MQTT-3.8.3-3, MQTT-3-8.3-4, MQTT-3.10.3-1, MQTT-3.10.3-2, MQTT-2.3.1-1
TEST(MqttSubscribePacketDeathTest, IsNotSentAgainstTheStandard) {
  auto subscribe = [](uint16_t id, std::vector<MqttFilter> filters) {
    Packet out;
    put_subscribe(out, id, filters);
  };
  EXPECT_DEATH(subscribe(1, {}), "empty");
  EXPECT_DEATH(subscribe(0, {{"a"}}), "id != 0");
  EXPECT_DEATH(subscribe(1, {{"a#"}}), "is_topic_filter");
  EXPECT_DEATH(subscribe(1, {{"\xff"}}), "is_topic_filter");
  EXPECT_DEATH(subscribe(1, {{"a", static_cast<MqttQos>(3)}}), "is_qos");
  auto unsubscribe = [](uint16_t id, std::vector<std::string_view> filters) {
    Packet out;
    put_unsubscribe(out, id, filters);
  };
  EXPECT_DEATH(unsubscribe(1, {}), "empty");
  EXPECT_DEATH(unsubscribe(0, {"a"}), "id != 0");
  EXPECT_DEATH(unsubscribe(1, {"a/#/b"}), "is_topic_filter");
}

// The codes of the standard's example (3.9.3).
TEST(MqttSuback, HasACodeForEachFilter) {
  Packet body{0, 10, 0x00, 0x02, 0x80};
  MqttSuback suback = read_suback(body).value();
  EXPECT_EQ(suback.id, 10);
  EXPECT_EQ(Packet(suback.codes.begin(), suback.codes.end()), (Packet{0, 2, kSubackFailure}));
}

// MQTT-3.9.3-2, MQTT-2.3.1-1, 2.2/3.x
TEST(MqttSuback, IsAViolationOtherwise) {
  for (uint8_t code : {3, 4, 0x7f, 0x81, 0x82, 0xff}) {
    EXPECT_TRUE(read_suback(Packet{0, 1, 1, code}).error().text.ends_with("[MQTT-3.9.3-2]"));
  }
  EXPECT_TRUE(read_suback(Packet{0, 0, 1}).error().text.ends_with("[MQTT-2.3.1-1]"));
  for (const Packet& body : {Packet{}, Packet{0}, Packet{0, 1}}) {
    EXPECT_TRUE(read_suback(body).error().text.ends_with("[MQTT-2.2.3]")) << body.size();
  }
}

// ---- PINGREQ, DISCONNECT ----

Packet empty(MqttType type) {
  Packet out;
  put_empty(out, type);
  return out;
}

// 3.12, MQTT-3.14.1-1, MQTT-2.2.2-1
TEST(MqttEmptyPacket, IsTwoBytes) {
  EXPECT_EQ(empty(MqttType::kPingreq), (Packet{0xc0, 0}));
  EXPECT_EQ(empty(MqttType::kDisconnect), (Packet{0xe0, 0}));
  EXPECT_DEATH(empty(MqttType::kPingresp), "kPingreq");
}

}  // namespace
}  // namespace camloop
