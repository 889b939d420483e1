#include "tools/pub.h"

#include <gtest/gtest.h>

#include <vector>

namespace camloop {
namespace {

Result<PubRequest> parsed(const std::vector<std::string_view>& words) {
  return parse_pub(words);
}

TEST(PubRequest, IsAMessageToATopic) {
  PubRequest request = parsed({"a/b", "-5"}).value();
  EXPECT_EQ(request.topic, "a/b");
  EXPECT_EQ(request.message, "-5");
  EXPECT_EQ(request.qos, MqttQos::kAtMostOnce);
  EXPECT_FALSE(request.retain);
  EXPECT_FALSE(request.lines);
  request = parsed({"-rq2", "a", ""}).value();
  EXPECT_EQ(request.message, "");
  EXPECT_EQ(request.qos, MqttQos::kExactlyOnce);
  EXPECT_TRUE(request.retain);
}

TEST(PubRequest, IsStandardInputWholeOrByTheLine) {
  PubRequest whole = parsed({"a", "-"}).value();
  EXPECT_EQ(whole.message, std::nullopt);
  EXPECT_FALSE(whole.lines);
  PubRequest lines = parsed({"-l", "a"}).value();
  EXPECT_EQ(lines.message, std::nullopt);
  EXPECT_TRUE(lines.lines);
}

TEST(PubRequest, IsRefusedWithWhatWouldBeRight) {
  auto fault = [](const std::vector<std::string_view>& words) {
    return parsed(words).error().text;
  };
  EXPECT_EQ(fault({"a"}), "a topic and a message are needed");
  EXPECT_EQ(fault({"-l", "a", "b"}), "-l takes one topic and nothing else");
  EXPECT_EQ(fault({"-q", "3", "a", "b"}), "-q takes 0, 1 or 2");
  for (std::string_view topic : {"", "a/+", "#", "\xff"}) {
    EXPECT_NE(fault({topic, "b"}).find("is no topic"), std::string::npos) << topic;
  }
}

}  // namespace
}  // namespace camloop
