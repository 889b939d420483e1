#include "tools/arguments.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace camloop {
namespace {

constexpr std::string_view kKnown[] = {"-a", "-b", "-n:", "--json"};

/// The options, a ';' each, then the operands; or the fault.
std::string taken(const std::vector<std::string_view>& words) {
  auto arguments = take_apart(words, kKnown);
  if (!arguments.ok()) return arguments.error().text;
  std::string text;
  for (const auto& option : arguments.value().options) {
    text.append(option.name).append("=").append(option.value).append(";");
  }
  for (std::string_view operand : arguments.value().operands) text.append(" ").append(operand);
  return text;
}

TEST(Arguments, AreOptionsThenOperands) {
  EXPECT_EQ(taken({}), "");
  EXPECT_EQ(taken({"-a", "--json", "-n", "3", "x", "y"}), "-a=;--json=;-n=3; x y");
  EXPECT_EQ(taken({"x", "-a"}), " x -a") << "an operand may look like an option";
  EXPECT_EQ(taken({"-a", "-", "-b"}), "-a=; - -b") << "standard input is an operand";
  EXPECT_EQ(taken({"-a", "--", "-b"}), "-a=; -b");
}

TEST(Arguments, MayShareAWord) {
  EXPECT_EQ(taken({"-ab"}), "-a=;-b=;");
  EXPECT_EQ(taken({"-an3", "x"}), "-a=;-n=3; x");
  EXPECT_EQ(taken({"-an", "-3", "x"}), "-a=;-n=-3; x");
}

TEST(Arguments, SayWhatIsWrong) {
  EXPECT_EQ(taken({"-x"}), "there is no option -x");
  EXPECT_EQ(taken({"-ax"}), "there is no option -x");
  EXPECT_EQ(taken({"-a:"}), "there is no option -:");
  EXPECT_EQ(taken({"--jso"}), "there is no option --jso");
  EXPECT_EQ(taken({"-n"}), "-n needs a value");
}

TEST(Arguments, KnowThreeQualitiesOfService) {
  EXPECT_EQ(parse_qos("0").value(), MqttQos::kAtMostOnce);
  EXPECT_EQ(parse_qos("1").value(), MqttQos::kAtLeastOnce);
  EXPECT_EQ(parse_qos("2").value(), MqttQos::kExactlyOnce);
  for (const char* value : {"", "3", "-1", "1 ", "01", "one"}) {
    EXPECT_EQ(parse_qos(value).error().text, "-q takes 0, 1 or 2") << value;
  }
}

}  // namespace
}  // namespace camloop
