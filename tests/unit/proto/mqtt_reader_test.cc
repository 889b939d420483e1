#include "proto/mqtt_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

extern "C" size_t __sanitizer_get_current_allocated_bytes();

namespace camloop {
namespace {

using namespace std::string_literals;
using Step = MqttReader::Step;

class MqttReaderTest : public testing::Test {
 protected:
  // What it made of bytes that come in pieces of that size: a line for each step, "!" and the
  // number of the requirement for the Error at the end.
  std::string read(const std::string& text, size_t piece_size) {
    std::string story;
    reader_.reset();
    for (size_t at = 0; at < text.size(); at += piece_size) {
      come(text.substr(at, piece_size));
      while (!left_.empty()) {
        Result<Step> step = reader_.feed(left_);
        if (!step) return story + "!" + number_in(step.error().text);
        story += told(step.value());
      }
    }
    return story;
  }

  // The same however it is cut.
  std::string read(const std::string& text) {
    std::string whole = read(text, text.size() + 1);
    for (size_t size = 1; size <= text.size(); ++size) EXPECT_EQ(read(text, size), whole) << size;
    return whole;
  }

  static std::string number_in(const std::string& text) {
    return text.ends_with(']') ? text.substr(text.rfind('[')) : "no number: " + text;
  }

  std::string told(Step step) const {
    switch (step) {
      case Step::kNeedMore:
      case Step::kPublishBegun:
        break;
      case Step::kPacket:
        return "packet " + std::to_string(static_cast<int>(reader_.packet().type)) + " " +
               std::string(as_text(reader_.packet().body)) + "\n";
      case Step::kPublish:
        EXPECT_EQ(reader_.publish().payload_size, reader_.publish().payload.size());
        return "publish " + head_told() + " " + std::string(as_text(reader_.publish().payload)) +
               "\n";
      case Step::kSkipped:
        return "skipped " + head_told() + "\n";
    }
    return "";
  }

  std::string head_told() const {
    const MqttPublishHead& head = reader_.publish().head;
    return std::string(head.topic) + " qos" + std::to_string(static_cast<int>(head.qos)) + " id" +
           std::to_string(head.id) + (head.retain ? " retain" : "") + (head.dup ? " dup" : "");
  }

  // In memory of their own, so that reading past their end is seen.
  void come(const std::string& text) {
    came_ = std::vector<uint8_t>(text.begin(), text.end());
    left_ = came_;
  }

  Step go_on() { return reader_.feed(left_).value(); }

  Step feed(const std::string& text) {
    come(text);
    return go_on();
  }

  std::vector<uint8_t> came_;
  Bytes left_;  // of these, not taken yet
  MqttReader reader_;
};

// ---- What a server sends ----

// 4.2
TEST_F(MqttReaderTest, CutsPackets) {
  EXPECT_EQ(read("\x20\x02\x01\x00"s), "packet 2 \x01\0\n"s);
  EXPECT_EQ(read("\x40\x02\x12\x34"), "packet 4 \x12\x34\n");
  EXPECT_EQ(read("\x50\x02\x12\x34"), "packet 5 \x12\x34\n");
  EXPECT_EQ(read("\x62\x02\x12\x34"), "packet 6 \x12\x34\n");
  EXPECT_EQ(read("\x70\x02\x12\x34"), "packet 7 \x12\x34\n");
  EXPECT_EQ(read("\x90\x04\x12\x34\x01\x02"), "packet 9 \x12\x34\x01\x02\n");
  EXPECT_EQ(read("\xb0\x02\x12\x34"), "packet 11 \x12\x34\n");
  EXPECT_EQ(read("\xd0\x00"s), "packet 13 \n");
}

// With the variable header of the standard's example (3.3.2.3).
// MQTT-2.3.1-5, MQTT-3.3.1-8, MQTT-3.3.1-9, MQTT-3.3.2-1
TEST_F(MqttReaderTest, ReadsAPublish) {
  EXPECT_EQ(read("\x30\x08\0\x03"
                 "a/b"
                 "hey"s),
            "publish a/b qos0 id0 hey\n");
  EXPECT_EQ(read("\x31\x08\0\x03"
                 "a/b"
                 "hey"s),
            "publish a/b qos0 id0 retain hey\n");
  EXPECT_EQ(read("\x32\x0a\0\x03"
                 "a/b"
                 "\0\x0a"
                 "hey"s),
            "publish a/b qos1 id10 hey\n");
  EXPECT_EQ(read("\x3d\x0a\0\x03"
                 "a/b"
                 "\x12\x34"
                 "hey"s),
            "publish a/b qos2 id4660 retain dup hey\n");
}

// 3.3.3
TEST_F(MqttReaderTest, ReadsAPublishWithoutPayload) {
  EXPECT_EQ(read("\x30\x05\0\x03"
                 "a/b"s),
            "publish a/b qos0 id0 \n");
  EXPECT_EQ(read("\x34\x07\0\x03"
                 "a/b"
                 "\0\x01"s),
            "publish a/b qos2 id1 \n");
}

// 4.2
TEST_F(MqttReaderTest, TakesOnePacketAtATime) {
  std::string text =
      "\x20\x02\0\0\xd0\0"
      "\x30\x04\0\x01"
      "a1\xd0\0\xd0\0\x32\x06\0\x01"
      "b\0\x01"
      "2\x40\x02\0\x01\x30"s;
  EXPECT_EQ(read(text),
            "packet 2 \0\0\npacket 13 \npublish a qos0 id0 1\npacket 13 \npacket 13 \n"
            "publish b qos1 id1 2\npacket 4 \0\x01\n"s);
  reader_.reset();
  EXPECT_EQ(feed(text), Step::kPacket);
  EXPECT_EQ(left_.size(), text.size() - 4);
}

// MQTT-1.5.3-3, 1.5.3
TEST_F(MqttReaderTest, LeavesTopicsAsTheyCome) {
  EXPECT_EQ(read("\x30\x06\0\x04\xef\xbb\xbf\x01"s), "publish \xef\xbb\xbf\x01 qos0 id0 \n");
}

// 2.2.3
TEST_F(MqttReaderTest, TakesALengthThatIsLongerThanItNeedBe) {
  EXPECT_EQ(read("\x40\x82\x80\x80\0\x12\x34"s), "packet 4 \x12\x34\n");
  EXPECT_EQ(read("\xd0\x80\x80\x80\0"s), "packet 13 \n");
}

// 2.2.3
TEST_F(MqttReaderTest, ReadsLengthsOfEachSize) {
  for (auto [length, field] : {std::pair{127, "\x7f"s},
                               {128, "\x80\x01"s},
                               {321, "\xc1\x02"s},
                               {16'383, "\xff\x7f"s},
                               {16'384, "\x80\x80\x01"s},
                               {2'097'151, "\xff\xff\x7f"s},
                               {2'097'152, "\x80\x80\x80\x01"s}}) {
    std::string payload(length - 3, 'p');
    EXPECT_EQ(read("\x30" + field + "\0\x01t"s + payload, 1000),
              "publish t qos0 id0 " + payload + "\n");
  }
}

TEST_F(MqttReaderTest, IsUsedAnewAfterAReset) {
  EXPECT_EQ(feed("\x30\x85"), Step::kNeedMore);
  reader_.reset();
  EXPECT_EQ(feed("\x30\x0a\0\x01"
                 "abc"s),
            Step::kPublishBegun);
  reader_.reset();
  EXPECT_EQ(feed("\x30\x05\0\x01"
                 "xyz"s),
            Step::kPublish);
  EXPECT_EQ(head_told(), "x qos0 id0");
  EXPECT_EQ(read("\x00"s), "![MQTT-2.2.1]");
  EXPECT_EQ(read("\xd0\0"s), "packet 13 \n");
}

// ---- What a server may not send ----

// 2.2.1
TEST_F(MqttReaderTest, RefusesTypesThatOnlyClientsSend) {
  for (int type : {0, 1, 8, 10, 12, 14, 15}) {
    for (int flags : {0, 2, 15}) {
      std::string first(1, static_cast<char>(type << 4 | flags));
      EXPECT_EQ(read(first), "![MQTT-2.2.1]") << type;
      EXPECT_EQ(read(first + "\x02\0\x01"s), "![MQTT-2.2.1]") << type;
    }
  }
}

// MQTT-2.2.2-1, MQTT-2.2.2-2
TEST_F(MqttReaderTest, RefusesReservedFlags) {
  for (int type : {2, 4, 5, 6, 7, 9, 11, 13}) {
    for (int flags = 0; flags < 16; ++flags) {
      std::string first(1, static_cast<char>(type << 4 | flags));
      bool right = flags == (type == 6 ? 2 : 0);
      EXPECT_EQ(read(first), right ? "" : "![MQTT-2.2.2-2]") << type << " " << flags;
    }
  }
}

// MQTT-3.3.1-4
TEST_F(MqttReaderTest, RefusesQos3) {
  for (char first : {'\x36', '\x37', '\x3e', '\x3f'}) {
    EXPECT_EQ(read(first + "\x06\0\x01"
                           "a\0\x01"
                           "x"s),
              "![MQTT-3.3.1-4]");
  }
}

// MQTT-3.3.1-2
TEST_F(MqttReaderTest, RefusesADupOfQos0) {
  EXPECT_EQ(read("\x38\x04\0\x01"
                 "ax"s),
            "![MQTT-3.3.1-2]");
  EXPECT_EQ(read("\x39\x04\0\x01"
                 "ax"s),
            "![MQTT-3.3.1-2]");
}

// 2.2.3
TEST_F(MqttReaderTest, RefusesALengthOfFiveBytes) {
  EXPECT_EQ(read("\x30\x80\x80\x80\x80"), "![MQTT-2.2.3]");
  EXPECT_EQ(read("\x30\xff\xff\xff\xff\x7f"), "![MQTT-2.2.3]");
  EXPECT_EQ(read("\x30\xff\xff\xff"), "");
}

// 2.2/3.x
TEST_F(MqttReaderTest, RefusesOtherLengthsOfWhatHasALengthOfItsOwn) {
  for (char first : {'\x20', '\x40', '\x50', '\x62', '\x70', '\xb0'}) {
    for (char length : {'\0', '\x01', '\x03', '\x7f'}) {
      EXPECT_EQ(read(std::string{first, length}), "![MQTT-2.2.3]") << +first << " " << +length;
    }
  }
  EXPECT_EQ(read("\x90\x02"), "![MQTT-2.2.3]") << "a SUBACK without a code";
  EXPECT_EQ(read("\xd0\x01"), "![MQTT-2.2.3]");
}

// 2.2.3
TEST_F(MqttReaderTest, RefusesALongAnswerAtItsLength) {
  std::string most = "\x90\x80\x80\x04";  // 64 KiB
  EXPECT_EQ(read(most), "");
  EXPECT_EQ(read("\x90\x81\x80\x04"), "![MQTT-2.2.3]");
  std::string codes(MqttReader::kAnswerMax, '\x01');
  EXPECT_EQ(read(most + codes, 1000), "packet 9 " + codes + "\n");
}

// 2.2/3.x
TEST_F(MqttReaderTest, RefusesAPublishThatEndsWithinItsHead) {
  EXPECT_EQ(read("\x30\0"s), "![MQTT-2.2.3]");
  EXPECT_EQ(read("\x30\x01\0"s), "![MQTT-2.2.3]");
  EXPECT_EQ(read("\x30\x04\0\x03"
                 "ab"s),
            "![MQTT-2.2.3]");
  EXPECT_EQ(read("\x30\x04\xff\xff"
                 "ab"s),
            "![MQTT-2.2.3]");
  EXPECT_EQ(read("\x32\x03\0\x01"
                 "a"s),
            "![MQTT-2.2.3]");
  EXPECT_EQ(read("\x32\x04\0\x01"
                 "a\x01"s),
            "![MQTT-2.2.3]");
}

// MQTT-2.3.1-1
TEST_F(MqttReaderTest, RefusesAPublishWithIdentifier0) {
  EXPECT_EQ(read("\x32\x06\0\x01"
                 "a\0\0x"s),
            "![MQTT-2.3.1-1]");
  EXPECT_EQ(read("\x34\x05\0\x01"
                 "a\0\0"s),
            "![MQTT-2.3.1-1]");
  EXPECT_EQ(read("\x30\x06\0\x01"
                 "a\0\0x"s),
            "publish a qos0 id0 \0\0x\n"s);
}

// MQTT-4.7.3-1, MQTT-1.5.3-1, MQTT-1.5.3-2, MQTT-3.3.2-2
TEST_F(MqttReaderTest, RefusesATopicThatIsNone) {
  EXPECT_EQ(read("\x30\x03\0\0x"s), "![MQTT-4.7.3-1]");
  EXPECT_EQ(read("\x30\x05\0\x03"
                 "a\0b"s),
            "![MQTT-1.5.3-2]");
  EXPECT_EQ(read("\x30\x05\0\x03\xed\xa0\x80"s), "![MQTT-1.5.3-1]");
  EXPECT_EQ(read("\x30\x06\0\x02\xc3"
                 "abc"s),
            "![MQTT-1.5.3-1]");
  EXPECT_EQ(read("\x30\x05\0\x03"
                 "a/+"s),
            "![MQTT-3.3.2-2]");
  EXPECT_EQ(read("\x30\x05\0\x01"
                 "#yz"s),
            "![MQTT-3.3.2-2]");
}

TEST_F(MqttReaderTest, RefusesATopicBeforeItsPayloadComes) {
  std::string begun = "\x30\xff\xff\xff\x7f\0\x01+"s;
  EXPECT_EQ(read(begun), "![MQTT-3.3.2-2]");
}

// ---- In parts ----

TEST_F(MqttReaderTest, LooksAtWholePacketsWhereTheyLie) {
  EXPECT_EQ(feed("\x30\x08\0\x03"
                 "a/b"
                 "hey"
                 "\x40\x02\0\x01"s),
            Step::kPublish);
  EXPECT_EQ(as_bytes(reader_.publish().head.topic).data(), came_.data() + 4);
  EXPECT_EQ(reader_.publish().payload.data(), came_.data() + 7);
  EXPECT_EQ(go_on(), Step::kPacket);
  EXPECT_EQ(reader_.packet().body.data(), came_.data() + 12);
}

TEST_F(MqttReaderTest, TellsOfAPublishOnceItsHeadIsThere) {
  EXPECT_EQ(feed("\x32\x0a\0\x03"
                 "a/b\0"s),
            Step::kNeedMore);
  EXPECT_EQ(feed("\x07he"), Step::kPublishBegun);
  EXPECT_EQ(head_told(), "a/b qos1 id7");
  EXPECT_EQ(reader_.publish().payload_size, 3u);
  EXPECT_TRUE(reader_.publish().payload.empty());
  EXPECT_EQ(left_.size(), 2u) << "the payload is not touched before it is decided on";
  EXPECT_EQ(go_on(), Step::kNeedMore);
  EXPECT_EQ(feed("y"), Step::kPublish);
  EXPECT_EQ(told(Step::kPublish), "publish a/b qos1 id7 hey\n");
}

TEST_F(MqttReaderTest, SkipsAPayload) {
  std::string head =
                  "\x33\x6f\0\x03"
                  "a/b\0\x07"s,
              rest = std::string(104, 'p') + "\xd0\0"s;
  for (size_t piece_size = 1; piece_size < 110; ++piece_size) {
    reader_.reset();
    ASSERT_EQ(feed(head), Step::kPublishBegun);
    reader_.skip();
    std::string story;
    for (size_t at = 0; at < rest.size(); at += piece_size) {
      come(rest.substr(at, piece_size));
      while (!left_.empty()) story += told(go_on());
    }
    EXPECT_EQ(story, "skipped a/b qos1 id7 retain\npacket 13 \n") << piece_size;
  }
}

// 2.2.3
TEST_F(MqttReaderTest, KeepsNothingOfTheLongestPayloadThatIsSkipped) {
  size_t left = kMqttRemainingLengthMax - 3;
  EXPECT_EQ(feed("\x30\xff\xff\xff\x7f\0\x01t"s), Step::kPublishBegun);
  EXPECT_EQ(reader_.publish().payload_size, left);
  reader_.skip();
  come(std::string(1u << 20, 'p'));
  size_t before = __sanitizer_get_current_allocated_bytes();
  while (left > 0) {
    left_ = Bytes(came_).first(std::min(left, came_.size()));
    left -= left_.size();
    ASSERT_EQ(go_on(), left > 0 ? Step::kNeedMore : Step::kSkipped);
  }
  EXPECT_EQ(__sanitizer_get_current_allocated_bytes(), before);
  EXPECT_EQ(head_told(), "t qos0 id0");
  EXPECT_EQ(feed("\xd0\0"s), Step::kPacket);
}

TEST_F(MqttReaderTest, LetsTheMemoryOfALargePacketGo) {
  std::string payload((1u << 20) - 3, 'p');
  size_t before = __sanitizer_get_current_allocated_bytes();
  EXPECT_EQ(feed("\x30\x80\x80\x40\0\x01t"s), Step::kPublishBegun);
  left_ = as_bytes(payload).first(100'000);
  EXPECT_EQ(go_on(), Step::kNeedMore);
  left_ = as_bytes(payload).subspan(100'000);
  EXPECT_EQ(go_on(), Step::kPublish);
  EXPECT_EQ(as_text(reader_.publish().payload), payload);
  EXPECT_GE(__sanitizer_get_current_allocated_bytes() - before, payload.size());
  EXPECT_EQ(go_on(), Step::kNeedMore);
  EXPECT_LE(__sanitizer_get_current_allocated_bytes() - before, 4096u);
}

TEST_F(MqttReaderTest, LetsTheMemoryOfALargePacketGoWithItsConnection) {
  std::string begin = "\x30\xff\xff\xff\x7f\0\x01t"s + std::string(100'000, 'p');
  size_t before = __sanitizer_get_current_allocated_bytes();
  left_ = as_bytes(begin);
  EXPECT_EQ(go_on(), Step::kPublishBegun);
  EXPECT_EQ(go_on(), Step::kNeedMore);
  EXPECT_GE(__sanitizer_get_current_allocated_bytes() - before, 100'000u);
  reader_.reset();
  EXPECT_EQ(__sanitizer_get_current_allocated_bytes(), before);
}

// 2.2.3
TEST_F(MqttReaderTest, TakesNoMemoryForWhatIsOnlyAnnounced) {
  size_t before = __sanitizer_get_current_allocated_bytes();
  EXPECT_EQ(feed("\x30\xff\xff\xff\x7f\0\x01t"s + std::string(1000, 'p')), Step::kPublishBegun);
  EXPECT_EQ(go_on(), Step::kNeedMore);
  EXPECT_LE(__sanitizer_get_current_allocated_bytes() - before, 5000u);
}

}  // namespace
}  // namespace camloop
