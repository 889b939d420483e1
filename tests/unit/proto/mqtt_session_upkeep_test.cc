#include "unit/proto/mqtt_session_world.h"

#include <string>
#include <vector>

namespace camloop {
namespace {

// ---- Over a new connection ----

// MQTT-4.4.0-1, MQTT-3.3.1-1, MQTT-4.6.0-1, MQTT-3.1.2-4, MQTT-4.1.0-1, MQTT-4.1.0-2, 4.6
TEST_F(MqttSessionTest, SendsAgainWhatWasNotAnsweredInTheOldOrderBeforeAnythingNew) {
  make(false);
  connect();
  publish("1", MqttQos::kAtLeastOnce);
  publish("2", MqttQos::kExactlyOnce);
  publish("3", MqttQos::kAtLeastOnce);
  sent();
  step("40 02 00 01");
  session_->end();
  publish("4", MqttQos::kAtMostOnce);
  EXPECT_EQ(session_->in_flight(), 2u);
  connect(kResumed);
  EXPECT_EQ(sent(),
            "3c 06 00 01 74 00 02 32 3a 06 00 01 74 00 03 33 "
            "30 04 00 01 74 34");
  EXPECT_EQ(session_->facts().sent_again, 2u);
}

// MQTT-4.4.0-1, MQTT-4.6.0-4, MQTT-4.3.3-1
TEST_F(MqttSessionTest, SendsPubrelAgainInTheOrderOfThePubrecsAndNoPublish) {
  make(false);
  connect();
  for (const char* text : {"1", "2", "3"}) publish(text, MqttQos::kExactlyOnce);
  sent();
  step("50 02 00 03 50 02 00 01");
  EXPECT_EQ(sent(), "62 02 00 03 62 02 00 01");
  session_->end();
  connect(kResumed);
  EXPECT_EQ(sent(), "62 02 00 03 62 02 00 01 3c 06 00 01 74 00 02 32");
}

TEST_F(MqttSessionTest, CountsWhatTheBrokerHadTakenOverInASessionThatItLost) {
  make(false);
  connect();
  publish("1", MqttQos::kExactlyOnce);
  sent();
  step("50 02 00 01");
  session_->end();
  connect(kResumed);
  EXPECT_EQ(session_->facts().cut, 0u);
  session_->end();
  connect();
  EXPECT_EQ(sent(), "62 02 00 01");
  EXPECT_EQ(session_->facts().cut, 1u);
}

// MQTT-3.1.2-6, MQTT-3.3.1-1
TEST_F(MqttSessionTest, WithoutASessionAnUnansweredMessageIsANewOneToTheBroker) {
  connect();
  publish("1", MqttQos::kAtLeastOnce);
  publish("2", MqttQos::kExactlyOnce);
  publish("3", MqttQos::kExactlyOnce);
  sent();
  step("50 02 00 02");
  session_->end();
  connect();
  EXPECT_EQ(sent(), "32 06 00 01 74 00 04 31 34 06 00 01 74 00 05 33")
      << "the broker has taken over the second";
  EXPECT_EQ(session_->facts().cut, 1u) << "though it may not have passed it on";
}

// MQTT-3.3.1-1
TEST_F(MqttSessionTest, WhatNoConnectionTookIsNoRepetition) {
  make(false);
  connect();
  publish("1", MqttQos::kAtLeastOnce);
  session_->output();
  session_->end();
  connect(kResumed);
  EXPECT_EQ(sent(), "32 06 00 01 74 00 01 31");
}

TEST_F(MqttSessionTest, CountsWhatOfQos0AConnectionTookWithIt) {
  connect();
  publish("1", MqttQos::kAtMostOnce);
  publish("2", MqttQos::kAtMostOnce);
  session_->output();
  session_->end();
  EXPECT_EQ(session_->facts().cut, 2u);
}

// 4.4
TEST_F(MqttSessionTest, SendsNothingAgainWhileTheConnectionLives) {
  make(true, 0);
  connect();
  publish("1", MqttQos::kAtLeastOnce);
  sent();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(tick_after(10), "");
  EXPECT_EQ(sent(), "");
}

// ---- Subscribing ----

// MQTT-3.8.1-1, MQTT-3.8.3-3, MQTT-3.8.4-4
TEST_F(MqttSessionTest, AsksForAllFiltersInOnePacket) {
  session_.emplace(MqttSession::Options{{.client_id = "c"}, {}});
  session_->subscribe("a", MqttQos::kAtMostOnce, 1);
  session_->subscribe("b/#", MqttQos::kExactlyOnce, 1);
  connect();
  EXPECT_EQ(sent(), "82 0c 00 01 00 01 61 00 00 03 62 2f 23 02");
}

// MQTT-3.9.3-2, MQTT-3.9.3-1, MQTT-3.8.3-2, MQTT-3.8.4-6
TEST_F(MqttSessionTest, SaysWhichFilterTheBrokerRefusesAndAsksNoMore) {
  connect();
  session_->subscribe("a", MqttQos::kExactlyOnce, 1);
  session_->subscribe("b", MqttQos::kExactlyOnce, 1);
  sent();
  EXPECT_EQ(step("90 04 00 01 01 80"), Step::kRefused);
  EXPECT_EQ(session_->refused(), std::vector<std::string>{"b"});
  EXPECT_EQ(sent(), "");
}

// MQTT-3.8.4-2, MQTT-2.3.1-7, MQTT-3.8.4-1, MQTT-3.10.4-4
TEST_F(MqttSessionTest, WaitsTwentySecondsForTheSubackOfEachRequest) {
  make(true, 0);
  connect();
  session_->subscribe("a", MqttQos::kAtMostOnce, 1);
  sent();
  EXPECT_EQ(step("90 03 00 02 00"), Step::kNothing) << "another one's";
  EXPECT_EQ(tick_after(1), "");
  EXPECT_EQ(tick_after(20), "");
  EXPECT_TRUE(tick_after(1).ends_with("[MQTT-3.8.4-1]"));
  EXPECT_EQ(step("90 03 00 01 00"), Step::kNothing);
  EXPECT_EQ(tick_after(1), "");
}

// MQTT-3.8.4-5
TEST_F(MqttSessionTest, ASubackNeedsOneCodeForEachFilter) {
  connect();
  session_->subscribe("a", MqttQos::kAtMostOnce, 1);
  sent();
  EXPECT_TRUE(fault("90 04 00 01 00 00").ends_with("[MQTT-3.8.4-5]"));
}

// 3.8.4
TEST_F(MqttSessionTest, TakesMessagesBeforeTheSuback) {
  connect();
  session_->subscribe("t", MqttQos::kAtMostOnce, 100);
  sent();
  EXPECT_EQ(step("30 04 00 01 74 31"), Step::kMessage);
}

// MQTT-3.2.2-2, MQTT-3.1.2-5
TEST_F(MqttSessionTest, DoesNotSubscribeAgainWhereTheBrokerHasTheSession) {
  make(false);
  session_->subscribe("t", MqttQos::kAtLeastOnce, 100);
  connect();
  sent();
  step("90 03 00 01 01");
  session_->end();
  connect(kResumed);
  EXPECT_EQ(step("32 06 00 01 74 00 01 31"), Step::kMessage);
  EXPECT_EQ(sent(), "40 02 00 01");
}

TEST_F(MqttSessionTest, AsksAgainForWhatTheBrokerHadNotAnswered) {
  make(false);
  session_->subscribe("t", MqttQos::kAtLeastOnce, 100);
  connect();
  sent();
  session_->end();
  connect(kResumed);
  EXPECT_EQ(sent(), "82 06 00 02 00 01 74 01");
}

// MQTT-3.10.1-1, MQTT-3.10.3-2, MQTT-3.10.4-1, MQTT-3.10.4-5
TEST_F(MqttSessionTest, UnsubscribesByTheSameText) {
  make(true, 0);
  connect();
  session_->subscribe("a/+", MqttQos::kAtMostOnce, 1);
  sent();
  session_->unsubscribe("a/+");
  EXPECT_EQ(sent(), "a2 07 00 02 00 03 61 2f 2b");
  step("90 03 00 01 00");
  tick_after(1);
  EXPECT_TRUE(tick_after(21).ends_with("[MQTT-3.10.4-4]"));
  step("b0 02 00 02");
  EXPECT_EQ(tick_after(21), "");
  EXPECT_EQ(step("30 05 00 03 61 2f 62"), Step::kNothing);
}

// MQTT-4.1.0-1
TEST_F(MqttSessionTest, UnsubscribesOnTheNextConnectionWhereTheBrokerHasTheSession) {
  make(false);
  session_->subscribe("a", MqttQos::kAtMostOnce, 1);
  connect();
  sent();
  step("90 03 00 01 00");
  session_->end();
  session_->unsubscribe("a");
  connect(kResumed);
  EXPECT_EQ(step("30 04 00 01 61 31"), Step::kNothing) << "unwanted";
  EXPECT_EQ(sent(), "a2 05 00 02 00 01 61");
  session_->end();
  connect(kResumed);
  EXPECT_EQ(sent(), "a2 05 00 03 00 01 61") << "the broker had not answered";
  step("b0 02 00 03");
  session_->end();
  connect(kResumed);
  EXPECT_EQ(sent(), "");
}

TEST_F(MqttSessionTest, HasNothingToUnsubscribeWhereTheBrokerHasNoSession) {
  make(false);
  session_->subscribe("a", MqttQos::kAtMostOnce, 1);
  connect();
  sent();
  session_->end();
  session_->unsubscribe("a");
  connect(kAccepted);
  EXPECT_EQ(sent(), "");
}

TEST_F(MqttSessionTest, AFilterThatIsWantedAgainOutlastsItsUnsuback) {
  connect();
  session_->subscribe("t", MqttQos::kAtMostOnce, 100);
  sent();
  session_->unsubscribe("t");
  sent();
  session_->subscribe("t", MqttQos::kAtMostOnce, 100);
  EXPECT_EQ(sent(), "82 06 00 03 00 01 74 00");
  step("90 03 00 01 00 b0 02 00 02 90 03 00 03 00");
  EXPECT_EQ(step("30 04 00 01 74 31"), Step::kMessage);
}

TEST_F(MqttSessionTest, SplitsALongListOfFilters) {
  make(true);
  for (int i = 0; i < 3; ++i) {
    session_->subscribe(std::to_string(i) + std::string(16'383, 'x'), MqttQos::kAtMostOnce, 1);
  }
  connect();
  int packets = 0;
  for (auto output = session_->output(); !output.empty(); output = session_->output()) {
    EXPECT_LT(output.head.size(), 40'000u);
    ++packets;
    session_->on_sent(now_us_);
  }
  EXPECT_EQ(packets, 2);
}

// ---- Keep-alive ----

// MQTT-3.1.2-23, 3.12, MQTT-3.12.4-1
TEST_F(MqttSessionTest, PingsWhenNothingElseIsSent) {
  connect();
  EXPECT_EQ(tick_after(44), "");
  EXPECT_EQ(sent(), "");
  EXPECT_EQ(tick_after(1), "");
  EXPECT_EQ(sent(), "c0 00");
  EXPECT_EQ(tick_after(29), "");
  EXPECT_EQ(step("d0 00 d0 00"), Step::kNothing) << "an unasked one is harmless";
  EXPECT_EQ(tick_after(16), "");
  EXPECT_EQ(sent(), "c0 00");
}

// 3.1.2.10
TEST_F(MqttSessionTest, GivesUpABrokerThatDoesNotAnswerAPingWhateverElseItSends) {
  connect();
  session_->subscribe("t", MqttQos::kAtMostOnce, 100);
  sent();
  step("90 03 00 01 00");
  tick_after(45);
  EXPECT_EQ(sent(), "c0 00");
  for (int i = 0; i < 30; ++i) {
    step("30 04 00 01 74 31");
    EXPECT_EQ(tick_after(1), "");
  }
  EXPECT_TRUE(tick_after(1).ends_with("[MQTT-3.1.2.10]"));
}

// 3.1.2.10
TEST_F(MqttSessionTest, WaitsForTheEndOfALongMessageWhileItComes) {
  connect();
  session_->subscribe("t", MqttQos::kAtMostOnce, 100);
  sent();
  step("90 03 00 01 00");
  step("30 43 00 01 74");
  tick_after(45);
  EXPECT_EQ(sent(), "c0 00");
  for (int i = 0; i < 5; ++i) {
    step("31");
    EXPECT_EQ(tick_after(30), "");
    sent();
  }
  EXPECT_TRUE(tick_after(31).ends_with("[MQTT-3.1.2.10]"));
}

// 3.1.2.10
TEST_F(MqttSessionTest, PingsWhilePublishingWhenNothingIsHeard) {
  connect();
  for (int i = 0; i < 44; ++i) {
    publish("1", MqttQos::kAtMostOnce);
    EXPECT_EQ(sent(), "30 04 00 01 74 31");
    EXPECT_EQ(tick_after(1), "");
  }
  tick_after(1);
  EXPECT_EQ(sent(), "c0 00");
}

TEST_F(MqttSessionTest, APingThatCannotGoOutFailsUnlessTheBrokerStillTakesBytes) {
  connect();
  BufferPool pool(1);
  session_->publish({.topic = "t", .body = pool.take(10)});
  session_->output();
  tick_after(45);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(tick_after(20, true), "");
  EXPECT_EQ(tick_after(30, false), "");
  EXPECT_NE(tick_after(1, false), "");
}

TEST_F(MqttSessionTest, DoesNotBlameTheBrokerWhileItIsNotListenedTo) {
  connect();
  session_->subscribe("t", MqttQos::kAtMostOnce, 100);
  sent();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(tick_after(30, false, false), "");
    sent();
  }
}

// MQTT-3.1.2-23
TEST_F(MqttSessionTest, PingsABrokerThatIsNotListenedToAgainAndAgain) {
  connect();
  for (int i = 0; i < 5; ++i) {
    for (int second = 0; second < 45; ++second) {
      EXPECT_EQ(sent(), "");
      EXPECT_EQ(tick_after(1, false, false), "");
    }
    EXPECT_EQ(sent(), "c0 00");
  }
}

// 3.1.2.10
TEST_F(MqttSessionTest, KeepAliveZeroIsNone) {
  make(true, 0);
  connect();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(tick_after(1000), "");
  EXPECT_EQ(sent(), "");
}

// MQTT-3.1.2-23
TEST_F(MqttSessionTest, LooksOftenEnoughForAShortKeepAlive) {
  make(true, 1);
  EXPECT_EQ(session_->tick_period_us(), 125 * kMillisecond_us);
  make(true, 60);
  EXPECT_EQ(session_->tick_period_us(), kSecond_us);
}

}  // namespace
}  // namespace camloop
