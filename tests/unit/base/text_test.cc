#include "base/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>

namespace camloop {
namespace {

using Pieces = std::vector<std::string_view>;

TEST(ParseNumber, TakesTheWholeText) {
  EXPECT_EQ(parse_number<int>("42"), 42);
  EXPECT_EQ(parse_number<int>("-42"), -42);
  EXPECT_EQ(parse_number<int>("007"), 7);
  EXPECT_EQ(parse_number<double>("12.5"), 12.5);
  EXPECT_EQ(parse_number<double>("1e2"), 100);
  EXPECT_EQ(parse_number<double>("-.5E-1"), -0.05);
  EXPECT_EQ(parse_number<double>(std::string_view("1.57", 3)), 1.5);
}

TEST(ParseNumber, TakesNothingElse) {
  for (const char* text : {"", " 1", "1 ", "+1", "1x", "x1", "0x10", "1.5", "--1", "-"}) {
    EXPECT_EQ(parse_number<int>(text), std::nullopt) << text;
  }
  for (const char* text : {"", " 1", "1 ", "+1", "1x", "0x10", "1,5", ".", "e1", "1e", "-", "nan",
                           "inf", "-inf", "1.5.2", "--1"}) {
    EXPECT_EQ(parse_number<double>(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_number<int>(std::string_view("1\0", 2)), std::nullopt);
  EXPECT_EQ(parse_number<int>({}), std::nullopt);
}

TEST(ParseNumber, TakesOnlyWhatTheTypeHolds) {
  EXPECT_EQ(parse_number<int>("2147483647"), 2147483647);
  EXPECT_EQ(parse_number<int>("2147483648"), std::nullopt);
  EXPECT_EQ(parse_number<uint16_t>("65535"), 65535);
  EXPECT_EQ(parse_number<uint16_t>("65536"), std::nullopt);
  EXPECT_EQ(parse_number<size_t>("-1"), std::nullopt);
  EXPECT_EQ(parse_number<int64_t>("99999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_number<double>("1e999"), std::nullopt);
}

TEST(Split, GivesThePiecesBetweenSeparators) {
  EXPECT_EQ(split("a=1,b=2", ','), (Pieces{"a=1", "b=2"}));
  EXPECT_EQ(split("alone", ','), Pieces{"alone"});
}

TEST(Split, KeepsEmptyPiecesButForTheLast) {
  EXPECT_EQ(split("", ','), Pieces{});
  EXPECT_EQ(split("a,,b", ','), (Pieces{"a", "", "b"}));
  EXPECT_EQ(split(",a", ','), (Pieces{"", "a"}));
  EXPECT_EQ(split("a,", ','), Pieces{"a"});
}

const Pieces kNames{"CAMLOOP_SOURCE", "CAMLOOP_SIZE", "CAMLOOP_FPS", "CAMLOOP_HTTP"};

TEST(NearestName, FindsWhatWasMeant) {
  EXPECT_EQ(nearest_name("CAMLOOP_SOURC", kNames), "CAMLOOP_SOURCE");    // one left out
  EXPECT_EQ(nearest_name("CAMLOOP_SOURCES", kNames), "CAMLOOP_SOURCE");  // one too many
  EXPECT_EQ(nearest_name("CAMLOOP_SOURSE", kNames), "CAMLOOP_SOURCE");   // one wrong
  EXPECT_EQ(nearest_name("CAMLOOP_SUORCE", kNames), "CAMLOOP_SOURCE");   // two swapped
  EXPECT_EQ(nearest_name("CAMLOOP_HTTP", kNames), "CAMLOOP_HTTP");
}

TEST(NearestName, TakesTheFirstOfEquals) {
  EXPECT_EQ(nearest_name("ac", {"ab", "ad"}), "ab");
}

TEST(NearestName, GuessesNothingFromAfar) {
  EXPECT_EQ(nearest_name("CAMLOOP_SOMETHING_ELSE", kNames), std::nullopt);
  EXPECT_EQ(nearest_name("xyz", {"abc"}), std::nullopt);
  EXPECT_EQ(nearest_name("anything", {}), std::nullopt);
}

TEST(NearestName, AllowsOneChangeInAShortName) {
  EXPECT_EQ(nearest_name("", {"a"}), "a");
  EXPECT_EQ(nearest_name("", {"ab"}), std::nullopt);
  EXPECT_EQ(nearest_name("x", {"y"}), "y");
}

}  // namespace
}  // namespace camloop
