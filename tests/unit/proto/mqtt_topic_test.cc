#include "proto/mqtt_topic.h"

#include <gtest/gtest.h>

#include <string>

namespace camloop {
namespace {

using namespace std::string_view_literals;

// MQTT-1.5.3-1, MQTT-3.1.3-4, MQTT-3.1.3-11
TEST(MqttString, IsWellFormedUtf8) {
  // The first and last characters of each length, those around the surrogates, and 1.5.3's example.
  for (std::string_view text :
       {"", "\x01", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "A\xf0\xaa\x9b\x94"}) {
    EXPECT_TRUE(is_mqtt_string(text)) << text;
  }
}

// MQTT-1.5.3-1
TEST(MqttString, IsNothingElse) {
  for (std::string_view text :
       {"\x80", "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc0\x80", "\xc0\xaf", "\xc1\xbf",
        "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "camera/\xe4", "\xc3\xa4\xa4/camera"}) {
    EXPECT_FALSE(is_mqtt_string(text)) << text;
  }
}

// MQTT-1.5.3-2, MQTT-4.7.3-2
TEST(MqttString, HoldsNoNul) {
  EXPECT_FALSE(is_mqtt_string("\0"sv));
  EXPECT_FALSE(is_mqtt_string("abcdefgh\0"sv));
  EXPECT_FALSE(is_mqtt_string("\xc3\xa4\0"sv));
  EXPECT_FALSE(is_topic_name("a\0b"sv));
  EXPECT_FALSE(is_topic_filter("a/\0"sv));
}

// MQTT-1.5.3-3
TEST(MqttString, KeepsAByteOrderMark) {
  EXPECT_TRUE(is_mqtt_string("\xef\xbb\xbf"));
  EXPECT_TRUE(
      is_topic_name("\xef\xbb\xbf"
                    "a"));
  EXPECT_FALSE(topic_matches("a",
                             "\xef\xbb\xbf"
                             "a"));
}

// 1.5.3
TEST(MqttString, MayHoldControlCharacters) {
  EXPECT_TRUE(is_mqtt_string("\x01\x1f\x7f\xc2\x9f\xef\xbf\xbe"));
}

// 1.5.3, MQTT-4.7.3-3
TEST(MqttString, IsOf65535BytesAtMost) {
  std::string longest(65'535, 'a');
  EXPECT_TRUE(is_mqtt_string(longest));
  EXPECT_TRUE(is_topic_name(longest));
  EXPECT_TRUE(is_topic_filter(longest));
  std::string longer = longest + 'a';
  EXPECT_FALSE(is_mqtt_string(longer));
  EXPECT_FALSE(is_topic_name(longer));
  EXPECT_FALSE(is_topic_filter(longer));
}

// MQTT-4.7.3-1
TEST(MqttTopic, HasACharacter) {
  EXPECT_FALSE(is_topic_name(""));
  EXPECT_FALSE(is_topic_filter(""));
  EXPECT_TRUE(is_topic_name("/"));
  EXPECT_TRUE(is_topic_name(" "));
  EXPECT_TRUE(is_topic_filter("/"));
}

// MQTT-3.3.2-2, MQTT-3.1.3-10, MQTT-4.7.1-1
TEST(MqttTopic, HasWildcardsInFiltersOnly) {
  for (std::string_view text : {"+", "#", "a/+", "a/#", "a+", "+/a", "\xc3\xa4/#"}) {
    EXPECT_FALSE(is_topic_name(text)) << text;
  }
  EXPECT_TRUE(is_topic_name("camloop/\xc3\xa4/state"));
}

// MQTT-4.7.1-2
TEST(MqttTopic, HasHashAloneAndLast) {
  EXPECT_TRUE(is_topic_filter("#"));
  EXPECT_TRUE(is_topic_filter("/#"));
  EXPECT_TRUE(is_topic_filter("sport/tennis/#"));
  EXPECT_FALSE(is_topic_filter("sport/tennis#"));
  EXPECT_FALSE(is_topic_filter("sport/tennis/#/ranking"));
  EXPECT_FALSE(is_topic_filter("#/"));
  EXPECT_FALSE(is_topic_filter("##"));
  EXPECT_FALSE(is_topic_filter("+#"));
}

// MQTT-4.7.1-3
TEST(MqttTopic, HasPlusAsAWholeLevel) {
  EXPECT_TRUE(is_topic_filter("+"));
  EXPECT_TRUE(is_topic_filter("+/tennis/#"));
  EXPECT_TRUE(is_topic_filter("sport/+/player1"));
  EXPECT_TRUE(is_topic_filter("/+"));
  EXPECT_TRUE(is_topic_filter("+/+"));
  EXPECT_TRUE(is_topic_filter("+/"));
  EXPECT_FALSE(is_topic_filter("sport+"));
  EXPECT_FALSE(is_topic_filter("+sport"));
  EXPECT_FALSE(is_topic_filter("++"));
  EXPECT_FALSE(is_topic_filter("a/+b/c"));
}

// MQTT-3.8.3-1, MQTT-3.10.3-1
TEST(MqttTopic, IsUtf8InFiltersToo) {
  EXPECT_TRUE(is_topic_filter("\xc3\xa4/+"));
  EXPECT_FALSE(is_topic_filter("\xe4/+"));
}

// The examples of 4.7.1.2 and 4.7.1.3.
TEST(MqttTopic, MatchesAsInTheStandard) {
  EXPECT_TRUE(topic_matches("sport/tennis/player1/#", "sport/tennis/player1"));
  EXPECT_TRUE(topic_matches("sport/tennis/player1/#", "sport/tennis/player1/ranking"));
  EXPECT_TRUE(topic_matches("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"));
  EXPECT_TRUE(topic_matches("sport/#", "sport"));
  EXPECT_TRUE(topic_matches("#", "sport"));
  EXPECT_TRUE(topic_matches("sport/tennis/+", "sport/tennis/player1"));
  EXPECT_TRUE(topic_matches("sport/tennis/+", "sport/tennis/player2"));
  EXPECT_FALSE(topic_matches("sport/tennis/+", "sport/tennis/player1/ranking"));
  EXPECT_FALSE(topic_matches("sport/+", "sport"));
  EXPECT_TRUE(topic_matches("sport/+", "sport/"));
  EXPECT_TRUE(topic_matches("+/+", "/finance"));
  EXPECT_TRUE(topic_matches("/+", "/finance"));
  EXPECT_FALSE(topic_matches("+", "/finance"));
}

TEST(MqttTopic, MatchesLevelByLevel) {
  EXPECT_TRUE(topic_matches("a/b", "a/b"));
  EXPECT_FALSE(topic_matches("a/b", "a/bc"));
  EXPECT_FALSE(topic_matches("a/bc", "a/b"));
  EXPECT_FALSE(topic_matches("a", "a/"));
  EXPECT_FALSE(topic_matches("a/", "a"));
  EXPECT_FALSE(topic_matches("/a", "a"));
  EXPECT_FALSE(topic_matches("sport/#", "sports"));
  EXPECT_TRUE(topic_matches("+/b/#", "a/b/c/d"));
  EXPECT_TRUE(topic_matches("a/+/#", "a//"));
  EXPECT_TRUE(topic_matches("/#", "/"));
}

// MQTT-4.7.2-1
TEST(MqttTopic, MatchesNoDollarByAWildcardInFront) {
  EXPECT_FALSE(topic_matches("#", "$SYS"));
  EXPECT_FALSE(topic_matches("+/monitor/Clients", "$SYS/monitor/Clients"));
  EXPECT_TRUE(topic_matches("$SYS/#", "$SYS/"));
  EXPECT_TRUE(topic_matches("$SYS/monitor/+", "$SYS/monitor/Clients"));
  EXPECT_TRUE(topic_matches("a/+", "a/$b"));
}

// MQTT-4.7.3-4
TEST(MqttTopic, MatchesByteByByte) {
  EXPECT_FALSE(topic_matches("ACCOUNTS", "Accounts"));
  EXPECT_FALSE(topic_matches("a\xcc\x88", "\xc3\xa4")) << "the same to a person";
  EXPECT_TRUE(topic_matches("\xc3\xa4/+", "\xc3\xa4/ "));
}

}  // namespace
}  // namespace camloop
