#include "unit/proto/mqtt_session_world.h"

#include <string>
#include <vector>

namespace camloop {
namespace {

// ---- Connecting ----

// MQTT-3.1.0-1, MQTT-3.1.0-2
TEST_F(MqttSessionTest, SendsConnectFirstAndOnce) {
  make(true);
  session_->subscribe("a", MqttQos::kAtMostOnce, 100);
  publish("1", MqttQos::kAtLeastOnce);
  session_->begin(now_us_);
  EXPECT_EQ(sent(), "10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 63");
  EXPECT_EQ(sent(), "");
  EXPECT_FALSE(session_->connected());
  EXPECT_EQ(step(kAccepted), Step::kConnected);
  EXPECT_EQ(sent(), "82 06 00 01 00 01 61 00 32 06 00 01 74 00 02 31");
}

// MQTT-3.2.0-1, 4.2
TEST_F(MqttSessionTest, TakesNothingButConnackFirst) {
  const char* http = "48 54 54 50";
  const char* tls_alert = "15 03 03 00 02";
  for (const char* packet :
       {"d0 00", "40 02 00 01", "30 03 00 01 74", "30 ff 01 00 01 74", http, tls_alert}) {
    make(true);
    session_->begin(now_us_);
    sent();
    EXPECT_TRUE(fault(packet).ends_with("[MQTT-3.2.0-1]")) << packet << fault(packet);
  }
}

// MQTT-3.2.0-1
TEST_F(MqttSessionTest, TakesNoSecondConnack) {
  connect();
  EXPECT_TRUE(fault(kAccepted).ends_with("[MQTT-3.2.0-1]"));
}

// MQTT-3.2.2-5, MQTT-3.1.3-8, MQTT-3.1.3-9
TEST_F(MqttSessionTest, SaysWhyTheBrokerRefusesUs) {
  make(true);
  session_->begin(now_us_);
  sent();
  EXPECT_NE(fault("20 02 00 05").find("refuse"), std::string::npos);
  EXPECT_EQ(session_->refusal(), 5);
  EXPECT_FALSE(session_->connected());
  session_->end();
  session_->begin(now_us_);
  EXPECT_EQ(session_->refusal(), 0) << "a new try";
}

// MQTT-3.2.2-1
TEST_F(MqttSessionTest, ABrokerWithASessionBreaksTheProtocolWhereAnEmptyOneWasAskedFor) {
  make(true);
  session_->begin(now_us_);
  EXPECT_TRUE(fault(kResumed).ends_with("[MQTT-3.2.2-1]"));
}

// 3.2
TEST_F(MqttSessionTest, WaitsTenSecondsForConnack) {
  make(true);
  session_->begin(now_us_);
  EXPECT_EQ(tick_after(10), "");
  EXPECT_NE(tick_after(1), "");
}

TEST_F(MqttSessionTest, DoesNotMissAConnackThatItCannotHear) {
  make(true);
  session_->begin(now_us_);
  EXPECT_EQ(tick_after(60, false, false), "");
  EXPECT_EQ(tick_after(10), "");
  EXPECT_NE(tick_after(1), "");
}

// MQTT-3.1.4-5
TEST_F(MqttSessionTest, KeepsWhatIsToBePublishedThroughARefusal) {
  make(true);
  publish("1", MqttQos::kAtLeastOnce);
  session_->begin(now_us_);
  sent();
  fault("20 02 00 03");
  session_->end();
  connect();
  EXPECT_EQ(sent(), "32 06 00 01 74 00 01 31");
}

// ---- Publishing ----

// MQTT-4.3.1-1, MQTT-2.3.1-5, MQTT-3.3.1-2
TEST_F(MqttSessionTest, PublishesQos0Once) {
  connect();
  publish("1", MqttQos::kAtMostOnce);
  EXPECT_FALSE(session_->settled());
  EXPECT_EQ(sent(), "30 04 00 01 74 31");
  EXPECT_TRUE(session_->settled());
}

// MQTT-4.3.2-1, MQTT-2.3.1-1
TEST_F(MqttSessionTest, KeepsQos1UntilItsPuback) {
  connect();
  publish("1", MqttQos::kAtLeastOnce);
  EXPECT_EQ(sent(), "32 06 00 01 74 00 01 31");
  EXPECT_EQ(session_->in_flight(), 1u);
  step("40 02 00 01");
  EXPECT_TRUE(session_->settled());
  EXPECT_EQ(session_->facts().acknowledged, 1u);
}

// MQTT-4.3.3-1, MQTT-3.6.1-1, MQTT-2.3.1-6
TEST_F(MqttSessionTest, PublishesQos2InFourSteps) {
  connect();
  publish("1", MqttQos::kExactlyOnce);
  EXPECT_EQ(sent(), "34 06 00 01 74 00 01 31");
  step("50 02 00 01");
  EXPECT_EQ(sent(), "62 02 00 01");
  EXPECT_FALSE(session_->settled());
  step("50 02 00 01");
  EXPECT_EQ(sent(), "62 02 00 01") << "PUBREL for every PUBREC";
  step("70 02 00 01");
  EXPECT_TRUE(session_->settled());
}

// MQTT-2.3.1-6
TEST_F(MqttSessionTest, AnAnswerToAnotherMessageCompletesNothing) {
  connect();
  publish("1", MqttQos::kAtLeastOnce);
  sent();
  step("40 02 00 02 70 02 00 01");
  EXPECT_EQ(session_->in_flight(), 1u);
  EXPECT_EQ(session_->facts().acknowledged, 0u);
}

// MQTT-4.3.2-1, MQTT-4.3.3-1
TEST_F(MqttSessionTest, AnAnswerOfTheOtherQosBreaksTheProtocol) {
  connect();
  publish("1", MqttQos::kAtLeastOnce);
  publish("2", MqttQos::kExactlyOnce);
  sent();
  EXPECT_TRUE(fault("50 02 00 01").ends_with("[MQTT-4.3.2-1]"));
  EXPECT_TRUE(fault("40 02 00 02").ends_with("[MQTT-4.3.3-1]"));
}

// MQTT-2.3.1-2, MQTT-2.3.1-3
TEST_F(MqttSessionTest, GivesANumberToAnotherMessageOnlyWhenItIsFree) {
  connect();
  publish("kept", MqttQos::kAtLeastOnce);
  publish("half", MqttQos::kExactlyOnce);
  sent();
  step("50 02 00 02");
  for (int i = 0; i < 70'000; ++i) {
    publish("", MqttQos::kAtLeastOnce);
    std::vector<uint8_t> bytes = unhex(sent());
    bool is_release = bytes.size() > 4 && bytes[0] == 0x62;
    uint8_t high = bytes[bytes.size() - 2], low = bytes[bytes.size() - 1];
    ASSERT_FALSE(is_release && i > 0);
    ASSERT_TRUE(high != 0 || low > 2) << i;
    std::vector<uint8_t> puback{0x40, 2, high, low};
    step(hex(puback));
    ASSERT_EQ(session_->in_flight(), 2u);
  }
}

TEST_F(MqttSessionTest, HasAtMostTwentyMessagesUnderWay) {
  make(true, 60, {.messages = 100});
  connect();
  for (int i = 0; i < 30; ++i) publish("", i % 2 ? MqttQos::kAtLeastOnce : MqttQos::kExactlyOnce);
  sent();
  EXPECT_EQ(session_->in_flight(), MqttSession::kInFlightMax);
  step("50 02 00 01");
  sent();
  EXPECT_EQ(session_->in_flight(), MqttSession::kInFlightMax) << "PUBCOMP is still missing";
  step("70 02 00 01");
  EXPECT_EQ(sent(), "34 05 00 01 74 00 15");
}

TEST_F(MqttSessionTest, SendsABodyFromWhereItIs) {
  connect();
  BufferPool pool(1);
  BufferRef body = pool.take(3);
  body.set_size(3);
  session_->publish({.topic = "t", .body = body, .retain = true});
  publish("behind", MqttQos::kAtMostOnce);
  MqttSession::Output output = session_->output();
  EXPECT_EQ(hex(output.head), "31 06 00 01 74");
  EXPECT_EQ(output.body.bytes().data(), body.bytes().data());
  session_->on_sent(now_us_);
  EXPECT_EQ(sent(), "30 09 00 01 74 62 65 68 69 6e 64");
}

TEST_F(MqttSessionTest, SendsALongTextWhole) {
  connect();
  std::string text(300'000, 'x');
  publish(text, MqttQos::kAtMostOnce);
  MqttSession::Output output = session_->output();
  EXPECT_LT(output.head.size(), 100u);
  EXPECT_EQ(as_text(output.body.bytes()), text);
}

TEST_F(MqttSessionTest, TheOutputStaysUntilItIsSent) {
  connect();
  publish("1", MqttQos::kAtMostOnce);
  EXPECT_EQ(hex(session_->output().head), "30 04 00 01 74 31");
  publish("2", MqttQos::kAtMostOnce);
  EXPECT_EQ(hex(session_->output().head), "30 04 00 01 74 31");
  session_->on_sent(now_us_);
  EXPECT_EQ(hex(session_->output().head), "30 04 00 01 74 32");
}

// ---- Receiving ----

// MQTT-3.3.4-1, MQTT-4.3.2-2, MQTT-4.6.0-2, MQTT-2.3.1-4
TEST_F(MqttSessionTest, AnswersQos1WithPubackInTheOrderOfArrival) {
  connect();
  session_->subscribe("t", MqttQos::kAtLeastOnce, 100);
  publish("", MqttQos::kAtLeastOnce);
  sent();
  step("32 06 00 01 74 00 01 31 3a 06 00 01 74 00 01 32 32 06 00 01 74 00 09 33");
  EXPECT_EQ(messages_, "1 2 3 ") << "DUP or the same number makes no duplicate";
  EXPECT_EQ(sent(), "40 02 00 01 40 02 00 01 40 02 00 09");
}

// MQTT-4.3.3-2, MQTT-4.6.0-3, MQTT-3.3.1-3
TEST_F(MqttSessionTest, HandsOnAMessageOfQos2OnceAndAnswersEveryCopy) {
  connect();
  session_->subscribe("t", MqttQos::kExactlyOnce, 100);
  sent();
  step("34 06 00 01 74 00 02 31 34 06 00 01 74 00 01 32 3c 06 00 01 74 00 02 31");
  EXPECT_EQ(messages_, "1 2 ");
  EXPECT_EQ(sent(), "50 02 00 02 50 02 00 01 50 02 00 02");
  step("62 02 00 02 62 02 00 07");
  EXPECT_EQ(sent(), "70 02 00 02 70 02 00 07") << "PUBCOMP for every PUBREL";
  step("3c 06 00 01 74 00 02 33");
  EXPECT_EQ(messages_, "1 2 3 ") << "after PUBCOMP the number is new, whatever DUP says";
  EXPECT_EQ(session_->facts().duplicates, 1u);
}

// MQTT-3.1.2-4, MQTT-4.1.0-1, MQTT-3.2.2-2
TEST_F(MqttSessionTest, KnowsACopyOfQos2OverAConnectionsEnd) {
  make(false);
  session_->subscribe("t", MqttQos::kExactlyOnce, 100);
  connect();
  step("34 06 00 01 74 00 02 31");
  session_->end();
  connect(kResumed);
  step("3c 06 00 01 74 00 02 31");
  EXPECT_EQ(messages_, "1 ");
}

// MQTT-3.2.2-3, MQTT-3.1.2-6
TEST_F(MqttSessionTest, KnowsNothingOfASessionThatTheBrokerHasNot) {
  make(false);
  session_->subscribe("t", MqttQos::kExactlyOnce, 100);
  connect();
  step("34 06 00 01 74 00 02 31");
  session_->end();
  connect(kAccepted);
  EXPECT_EQ(sent(), "82 06 00 01 00 01 74 02") << "and subscribes again";
  step("34 06 00 01 74 00 02 32");
  EXPECT_EQ(messages_, "1 2 ");
}

// MQTT-4.5.0-2, MQTT-3.3.2-3, MQTT-3.10.4-3
TEST_F(MqttSessionTest, AnswersWhatNobodyWants) {
  connect();
  EXPECT_EQ(step("32 06 00 01 78 00 01 31 34 06 00 01 78 00 02 31"), Step::kNothing);
  EXPECT_EQ(sent(), "40 02 00 01 50 02 00 02");
  EXPECT_EQ(messages_, "");
  EXPECT_EQ(session_->facts().unwanted, 2u);
}

// 2.2.3
TEST_F(MqttSessionTest, LeavesOutAMessageThatIsTooLongAndAnswersIt) {
  connect();
  session_->subscribe("t", MqttQos::kAtLeastOnce, 2);
  sent();
  EXPECT_EQ(step("32 08 00 01 74 00 01 31 32 33"), Step::kOversize);
  EXPECT_EQ(session_->message().topic, "t");
  EXPECT_TRUE(session_->message().payload.empty());
  EXPECT_EQ(sent(), "40 02 00 01");
  EXPECT_EQ(session_->facts().oversize, 1u);
}

TEST_F(MqttSessionTest, GivesNothingOfAMessageToWhoSubscribesWhileItPassesBy) {
  connect();
  EXPECT_EQ(step("32 08 00 01 74 00 01 31"), Step::kNothing);
  session_->subscribe("t", MqttQos::kAtLeastOnce, 100);
  sent();
  EXPECT_EQ(step("32 33"), Step::kNothing);
  EXPECT_EQ(sent(), "40 02 00 01");
  EXPECT_EQ(session_->facts().unwanted, 1u);
}

// 2.2.3, MQTT-4.5.0-2
TEST_F(MqttSessionTest, LetsAHugeMessagePassByAsItStreamsIn) {
  connect();
  session_->subscribe("t", MqttQos::kAtLeastOnce, 100);
  sent();
  EXPECT_EQ(step("32 ff ff ff 7f 00 01 74 00 05"), Step::kNothing);
  std::vector<uint8_t> piece(1 << 20);
  size_t left = kMqttRemainingLengthMax - 5;
  Step last = Step::kNothing;
  while (left > 0) {
    Bytes bytes = Bytes(piece).first(std::min(left, piece.size()));
    left -= bytes.size();
    auto fed = session_->feed(bytes, now_us_);
    ASSERT_TRUE(fed.ok() && bytes.empty());
    last = fed.value();
  }
  EXPECT_EQ(last, Step::kOversize);
  EXPECT_EQ(sent(), "40 02 00 05");
  EXPECT_EQ(step("30 04 00 01 74 31"), Step::kMessage);
}

// 3.3.3, MQTT-3.3.1-8, MQTT-3.3.1-10
TEST_F(MqttSessionTest, HandsOnAnEmptyRetainedMessage) {
  connect();
  session_->subscribe("#", MqttQos::kAtMostOnce, 0);
  EXPECT_EQ(step("31 03 00 01 74"), Step::kMessage);
  EXPECT_TRUE(session_->message().retain);
  EXPECT_TRUE(session_->message().payload.empty());
}

// MQTT-4.8.0-2
TEST_F(MqttSessionTest, GivesUpABrokerThatSendsAndTakesNoAnswers) {
  connect();
  std::string why;
  for (int i = 0; i < 100'000 && why.empty(); ++i) why = fault("62 02 00 01");
  EXPECT_TRUE(why.ends_with("[MQTT-4.8.0-2]"));
}

// 4.2
TEST_F(MqttSessionTest, TakesEverythingByteByByte) {
  std::vector<uint8_t> all = unhex(
      "20 02 00 00 90 03 00 01 00 32 06 00 01 74 00 01 31 34 06 00 01 74 00 02 32 62 02 00 02 "
      "d0 00 30 03 00 01 74 40 02 00 02 50 02 00 03 70 02 00 03 b0 02 00 07");
  make(true);
  session_->subscribe("t", MqttQos::kExactlyOnce, 100);
  session_->begin(now_us_);
  sent();
  for (uint8_t byte : all) {
    step(hex({&byte, 1}));
    if (byte == 0 && session_->connected() && session_->in_flight() == 0 && messages_.empty()) {
      publish("a", MqttQos::kAtLeastOnce);
      publish("b", MqttQos::kExactlyOnce);
    }
    sent();
  }
  EXPECT_EQ(messages_, "1 2  ");
  EXPECT_EQ(session_->facts().acknowledged, 2u);
}

// ---- Leaving ----

// MQTT-3.14.4-2, MQTT-3.14.1-1, MQTT-3.1.2-10
TEST_F(MqttSessionTest, SaysFarewellAndDisconnectsBehindWhatIsBeingSent) {
  connect();
  publish("1", MqttQos::kAtMostOnce);
  session_->output();
  publish("2", MqttQos::kAtMostOnce);
  session_->disconnect(
      MqttPublication{.topic = "s", .text = "off", .qos = MqttQos::kAtLeastOnce, .retain = true});
  EXPECT_TRUE(session_->leaving());
  EXPECT_EQ(sent(), "30 04 00 01 74 31 31 06 00 01 73 6f 66 66 e0 00");
  publish("3", MqttQos::kAtMostOnce);
  EXPECT_EQ(step("32 06 00 01 74 00 01 31"), Step::kNothing);
  EXPECT_EQ(sent(), "") << "nothing after DISCONNECT";
}

TEST_F(MqttSessionTest, HasNobodyToSayFarewellToBeforeConnack) {
  make(true);
  session_->begin(now_us_);
  sent();
  session_->disconnect(MqttPublication{.topic = "s", .text = "off"});
  EXPECT_EQ(sent(), "");
  EXPECT_FALSE(session_->leaving());
}

}  // namespace
}  // namespace camloop
