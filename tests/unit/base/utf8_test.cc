#include "base/utf8.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

TEST(Utf8, IsLeftAsItIs) {
  // The first and last characters of each length, and those around the surrogates.
  std::string text =
      "\x01\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"
      "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";
  EXPECT_EQ(to_utf8(text), text);
  EXPECT_TRUE(is_utf8(text));
  EXPECT_EQ(to_utf8(""), "");
}

TEST(Utf8, HasAReplacementForEachByteThatIsNone) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(to_utf8("a\xff\xfe-b"), "a" + r + r + "-b");
  EXPECT_EQ(to_utf8("\xc3"), r) << "cut";
  EXPECT_EQ(to_utf8("\xe2\x82-"), r + r + "-") << "cut";
  EXPECT_EQ(to_utf8("\xc0\xaf"), r + r) << "longer than it need be";
  EXPECT_EQ(to_utf8("\xed\xa0\x80"), r + r + r) << "a surrogate";
  EXPECT_EQ(to_utf8("\xf4\x90\x80\x80"), r + r + r + r) << "beyond Unicode";
}

TEST(Utf8, IsAllOfAText) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_utf8("\xff"));
  EXPECT_FALSE(is_utf8("a\xff-"));
  EXPECT_FALSE(is_utf8("\xc3\xa4\xc3")) << "cut";
}

}  // namespace
}  // namespace camloop
