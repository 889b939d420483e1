#include "proto/link_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace camloop {
namespace {

using Texts = std::vector<std::string>;

// The messages that `stream` holds when it comes in pieces of that size.
Texts messages(std::string_view stream, size_t piece_size) {
  LinkText text;
  Texts found;
  for (size_t at = 0; at < stream.size(); at += piece_size) {
    Bytes bytes = as_bytes(stream.substr(at, piece_size));
    while (!bytes.empty()) {
      std::string message = text.feed(bytes);
      if (!message.empty()) found.push_back(message);
    }
  }
  return found;
}

Texts whole(std::string_view stream) {
  return messages(stream, stream.size());
}

std::string joined(const Texts& texts) {
  std::string all;
  for (const std::string& each : texts) all += each;
  return all;
}

TEST(LinkText, IsAMessageALineOrWhatArrivesTogether) {
  EXPECT_EQ(whole("hello"), (Texts{"hello"}));
  EXPECT_EQ(whole("hello\nyou\r\n\r\nthere"), (Texts{"hello", "you", "there"}));
  EXPECT_EQ(messages("abcd", 2), (Texts{"ab", "cd"}));
}

TEST(LinkText, WaitsForTheRestOfACharacter) {
  EXPECT_EQ(messages("a€b", 2), (Texts{"a", "€", "b"}));
  for (const char* character : {"ä", "€", "😀"}) {
    EXPECT_EQ(messages(character, 1), (Texts{character}));
  }
}

TEST(LinkText, ReplacesWhatIsNoUtf8) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(whole("a\xff"
                  "b"),
            (Texts{"a" + bad + "b"}));
  EXPECT_EQ(whole("\xe2\x82"
                  "c"),
            (Texts{bad + bad + "c"}))
      << "cut short in the middle";
  EXPECT_EQ(whole("\xe2\x82\n"), (Texts{bad + bad})) << "at the end of a line";
  EXPECT_EQ(whole("\x80\x80\x80\x80"), (Texts{bad + bad + bad + bad}));
}

TEST(LinkText, SaysTheSameByteByByte) {
  for (std::string_view stream : {"hello\nyou", "ä€😀\r\nß",
                                  "\xe2\x82"
                                  "A\xf0\x9f\x98"
                                  "B\xc3\n\xc3\xa4",
                                  "\xe0\x80\x80x"}) {
    for (size_t piece_size = 1; piece_size < 4; ++piece_size) {
      EXPECT_EQ(joined(messages(stream, piece_size)), joined(whole(stream))) << stream;
    }
  }
}

TEST(LinkText, EndsAMessageAt4KibBetweenTwoCharacters) {
  std::string stream(LinkText::kMessageMax - 1, 'x');
  EXPECT_EQ(whole(stream + "\u20acy"), (Texts{stream, "\u20acy"}));
  EXPECT_EQ(whole(stream + "xy"), (Texts{stream + "x", "y"}));
}

TEST(LinkText, ForgetsACharacterThatAConnectionCutShort) {
  LinkText text;
  Bytes bytes = as_bytes("\xe2\x82");
  EXPECT_EQ(text.feed(bytes), "");
  text.reset();
  bytes = as_bytes("\xacx");
  EXPECT_EQ(text.feed(bytes), "\xef\xbf\xbdx");
}

}  // namespace
}  // namespace camloop
