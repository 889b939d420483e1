#include "tools/sub.h"

#include <gtest/gtest.h>

#include <vector>

namespace camloop {
namespace {

using Filters = std::vector<std::string>;
using Format = SubRequest::Format;

Result<SubRequest> parsed(const std::vector<std::string_view>& words) {
  return parse_sub(words);
}

TEST(SubRequest, IsForSomeTopicsEachOnce) {
  SubRequest request = parsed({"a/#", "b", "a/#", "+/c"}).value();
  EXPECT_EQ(request.filters, (Filters{"a/#", "b", "+/c"}));
  EXPECT_EQ(request.qos, MqttQos::kAtMostOnce);
  EXPECT_EQ(request.count, 0u);
  EXPECT_EQ(request.format, Format::kPayload);
}

TEST(SubRequest, SaysHowManyAndHow) {
  SubRequest request = parsed({"-n", "12", "-vq1", "a"}).value();
  EXPECT_EQ(request.count, 12u);
  EXPECT_EQ(request.qos, MqttQos::kAtLeastOnce);
  EXPECT_EQ(request.format, Format::kTopicAndPayload);
  EXPECT_EQ(parsed({"--json", "a"}).value().format, Format::kJson);
}

TEST(SubRequest, IsRefusedWithWhatWouldBeRight) {
  auto fault = [](const std::vector<std::string_view>& words) {
    return parsed(words).error().text;
  };
  EXPECT_EQ(fault({}), "a topic is needed");
  for (std::string_view count : {"0", "-1", "x", "1.5", ""}) {
    EXPECT_EQ(fault({"-n", count, "a"}), "-n takes a number from 1 on") << count;
  }
  for (std::string_view topic : {"", "a+", "#/a", "\xff"}) {
    EXPECT_NE(fault({"a", topic}).find("is no topic"), std::string::npos) << topic;
  }
}

}  // namespace
}  // namespace camloop
