#include "proto/stamped_wire.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace camloop {
namespace {

std::string padded(std::string text) {
  text.resize(kStampedFieldSize, ' ');
  return text;
}

std::string text_of(const StampedField& field) {
  return std::string(as_text(as_bytes(field)));
}

std::optional<size_t> parse(const std::string& text) {
  return parse_stamped_length(as_bytes(padded(text)));
}

TEST(StampedWire, LengthIsWrittenInDigitsAndSpaces) {
  EXPECT_EQ(text_of(format_stamped_length(57000)), padded("57000"));
  EXPECT_EQ(text_of(format_stamped_length(0)), padded("0"));
  EXPECT_EQ(text_of(format_stamped_length(std::numeric_limits<uint64_t>::max())),
            padded("18446744073709551615"));
}

TEST(StampedWire, LengthIsReadFromDigitsAndSpaces) {
  EXPECT_EQ(parse("57000"), 57000u);
  EXPECT_EQ(parse("0"), 0u);
  EXPECT_EQ(parse("007"), 7u);
  EXPECT_EQ(parse(std::string(kStampedFieldSize - 1, '0') + "9"), 9u);
}

TEST(StampedWire, LengthOfAnythingElseIsNone) {
  for (const char* text : {"", " 1", "1 2", "-1", "+1", "1.0", "1e3", "0x10", "one", "1\t", "1\n",
                           "1\r\n", "99999999999999999999", "12345678901234567890123456789012"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
  EXPECT_FALSE(parse(std::string("1\0", 2)));
  EXPECT_FALSE(parse("\xd9\xa1"));  // an Arabic digit, which Python's int() would take
}

TEST(StampedWire, StampLooksLikePythonsTime) {
  EXPECT_EQ(text_of(format_stamp(1'732'166'466'012'345)), padded("1732166466.012345"));
  EXPECT_EQ(text_of(format_stamp(12'500'000)), padded("12.500000"));
  EXPECT_EQ(text_of(format_stamp(-1)), padded("0.000000"));
}

TEST(StampedWire, StampFitsWhateverTheClockSays) {
  EXPECT_EQ(text_of(format_stamp(std::numeric_limits<int64_t>::max())),
            padded("9223372036854.775807"));
}

}  // namespace
}  // namespace camloop
