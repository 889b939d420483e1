#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace camloop {
namespace {

template <class Value>
std::string written(const Value& value) {
  return JsonWriter().value(value).text();
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  JsonWriter json;
  json.open_object().field("a", 1).key("b").open_array();
  json.value(1).value(2).open_object().close_object().open_array().close_array().value(3);
  json.close_array().field("c", "x").key("d").open_object().field("e", true).close_object();
  json.close_object();
  EXPECT_EQ(json.text(), R"({"a":1,"b":[1,2,{},[],3],"c":"x","d":{"e":true}})");
}

TEST(JsonWriter, WritesIntegersWhole) {
  EXPECT_EQ(written(0), "0");
  EXPECT_EQ(written(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(written(std::numeric_limits<uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(written(uint8_t{200}), "200");
}

TEST(JsonWriter, WritesFlagsAndNumbersApart) {
  EXPECT_EQ(written(true), "true");
  EXPECT_EQ(written(false), "false");
  EXPECT_EQ(written(1), "1");
  EXPECT_EQ(written("1"), "\"1\"");
}

TEST(JsonWriter, WritesThreeDecimals) {
  EXPECT_EQ(written(1.5), "1.500");
  EXPECT_EQ(written(-0.0004), "-0.000");
  EXPECT_EQ(written(2.0f), "2.000");
  EXPECT_EQ(written(1e300).size(), 301u + 4u);
  EXPECT_EQ(written(std::numeric_limits<double>::max()).size(), 309u + 4u);
}

TEST(JsonWriter, WritesNullForWhatIsNoNumber) {
  EXPECT_EQ(written(std::nan("")), "null");
  EXPECT_EQ(written(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(written(-std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonWriter, EscapesWhatAStringMayNotHold) {
  EXPECT_EQ(written(R"(a"b\c/d)"), R"("a\"b\\c/d")");
  EXPECT_EQ(written("\n\t\r\b\f\x1f"), R"("\u000a\u0009\u000d\u0008\u000c\u001f")");
  EXPECT_EQ(written(std::string_view("a\0b", 3)), R"("a\u0000b")");
  EXPECT_EQ(written("\x7f"), "\"\x7f\"");
  EXPECT_EQ(written(""), "\"\"");
}

TEST(JsonWriter, EscapesKeysToo) {
  EXPECT_EQ(JsonWriter().open_object().field("a\"\n", 1).close_object().text(),
            R"({"a\"\u000a":1})");
}

TEST(JsonWriter, LeavesUnicodeAsItIs) {
  // The first and last characters of each length in UTF-8, and those around the surrogates.
  for (const char* text : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "Käse 📷"}) {
    EXPECT_EQ(written(text), "\"" + std::string(text) + "\"");
  }
}

TEST(JsonWriter, ReplacesEveryByteThatIsNotUtf8) {
  struct {
    std::string_view text, json;
  } const kCases[] = {
      {"\x80", R"("\ufffd")"},                                // a continuation by itself
      {"\xbfx", R"("\ufffdx")"},                              //
      {"\xc3", R"("\ufffd")"},                                // cut short
      {"\xc3(", R"("\ufffd(")"},                              // broken off
      {"\xe2\x82", R"("\ufffd\ufffd")"},                      //
      {"\xe2\x82(", R"("\ufffd\ufffd(")"},                    //
      {"\xf0\x9f\x93", R"("\ufffd\ufffd\ufffd")"},            //
      {"\xf0\x9f\x93(", R"("\ufffd\ufffd\ufffd(")"},          //
      {"\xc0\x80", R"("\ufffd\ufffd")"},                      // longer than needed
      {"\xc1\xbf", R"("\ufffd\ufffd")"},                      //
      {"\xe0\x9f\xbf", R"("\ufffd\ufffd\ufffd")"},            //
      {"\xf0\x8f\xbf\xbf", R"("\ufffd\ufffd\ufffd\ufffd")"},  //
      {"\xed\xa0\x80", R"("\ufffd\ufffd\ufffd")"},            // surrogates
      {"\xed\xbf\xbf", R"("\ufffd\ufffd\ufffd")"},            //
      {"\xf4\x90\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")"},  // beyond Unicode
      {"\xf5\x80\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")"},  //
      {"\xff\xfe", R"("\ufffd\ufffd")"},                      //
      {"a\xc3\xa4\xff\"", "\"a\xc3\xa4\\ufffd\\\"\""},        // and goes on behind it
  };
  for (const auto& each : kCases) EXPECT_EQ(written(each.text), each.json);
}

}  // namespace
}  // namespace camloop
