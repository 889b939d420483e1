#include "proto/mqtt_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace camloop {
namespace {

MqttPublication message(const std::string& topic, const std::string& text,
                        MqttQos qos = MqttQos::kAtMostOnce) {
  return {.topic = topic, .text = text, .qos = qos};
}

MqttPublication newest(const std::string& topic, const std::string& text) {
  return {.topic = topic, .text = text, .newest_only = true};
}

/// The texts of all that waits, oldest first.
std::string drain(MqttQueue& queue) {
  std::string texts;
  while (!queue.empty()) texts += queue.take().text + " ";
  return texts;
}

TEST(MqttQueueTest, HandsOutWhatWaitsOldestFirst) {
  MqttQueue queue({.messages = 3});
  for (const char* text : {"1", "2", "3"}) queue.put(message("t", text));
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(queue.front().text, "1");
  EXPECT_EQ(drain(queue), "1 2 3 ");
}

TEST(MqttQueueTest, LetsTheOldestOfQos0GoWhenThereIsNoRoom) {
  MqttQueue queue({.messages = 3});
  queue.put(message("t", "1", MqttQos::kAtLeastOnce));
  queue.put(message("t", "2"));
  queue.put(message("t", "3"));
  queue.put(message("t", "4"));
  EXPECT_EQ(queue.drops().full, 1u);
  EXPECT_EQ(drain(queue), "1 3 4 ");
}

TEST(MqttQueueTest, LetsTheOldestOfAllGoWhereNoneIsOfQos0) {
  MqttQueue queue({.messages = 2});
  queue.put(message("t", "1", MqttQos::kAtLeastOnce));
  queue.put(message("t", "2", MqttQos::kExactlyOnce));
  queue.put(message("t", "3"));
  EXPECT_EQ(drain(queue), "2 3 ");
}

TEST(MqttQueueTest, CountsTheBytesOfTopicsTextsAndBodies) {
  MqttQueue queue({.messages = 10, .bytes = 100});
  BufferPool pool(1);
  MqttPublication picture{.topic = "image", .body = pool.take(60)};
  picture.body.set_size(60);
  queue.put(picture);
  EXPECT_TRUE(queue.has_room(35));
  EXPECT_FALSE(queue.has_room(36));
  queue.put(message("t", std::string(35, 'x')));
  EXPECT_EQ(queue.drops().full, 1u) << "65 and 36 are more than 100";
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_TRUE(queue.has_room(64));
}

TEST(MqttQueueTest, LeavesOutAMessageThatIsLongerThanTheWholeQueue) {
  MqttQueue queue({.messages = 10, .bytes = 100});
  queue.put(message("t", "1"));
  queue.put(message("t", std::string(100, 'x')));
  EXPECT_EQ(queue.drops().oversize, 1u);
  EXPECT_EQ(drain(queue), "1 ") << "nothing else had to go for it";
}

TEST(MqttQueueTest, ANewerMessageTakesThePlaceOfOneOfWhichOnlyTheNewestCounts) {
  MqttQueue queue({.messages = 10});
  queue.put(newest("state", "old"));
  queue.put(newest("image", "picture"));
  queue.put(message("state", "every one counts"));
  queue.put(newest("state", "new"));
  EXPECT_EQ(queue.drops().replaced, 1u);
  EXPECT_EQ(drain(queue), "picture every one counts new ");
}

TEST(MqttQueueTest, WhatOnlyTheNewestCountsOfTakesNoOtherOnesRoom) {
  MqttQueue queue({.messages = 1});
  queue.put(message("t", "1"));
  for (const char* topic : {"status", "state"}) queue.put(newest(topic, topic));
  EXPECT_EQ(queue.drops().full, 0u);
  queue.put(message("t", "2"));
  EXPECT_EQ(queue.drops().full, 1u);
  EXPECT_EQ(drain(queue), "status state 2 ");
  EXPECT_TRUE(queue.has_room(1));
}

TEST(MqttQueueTest, WhatOnlyTheNewestCountsOfKeepsToTheBytes) {
  MqttQueue queue({.messages = 1, .bytes = 100});
  queue.put(newest("image", std::string(60, 'x')));
  queue.put(message("t", std::string(40, 'y'), MqttQos::kAtLeastOnce));
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.front().topic, "t");
}

TEST(MqttQueueTest, CountsWhatIsGivenUp) {
  MqttQueue queue({.messages = 10});
  queue.put(message("t", "1"));
  queue.put(message("t", "2"));
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.drops().abandoned, 2u);
  EXPECT_TRUE(queue.has_room(4u << 20));
}

}  // namespace
}  // namespace camloop
