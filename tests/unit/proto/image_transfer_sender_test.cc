#include "proto/image_transfer_sender.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace camloop {
namespace {

using namespace std::string_literals;

constexpr int64_t kWait_us = ImageTransferSender::kAnswerWait_us;

// An answer as the field's base packs it.
std::string answer(char function, int number, bool whole = true) {
  return "\xff\xff\xee\xee"s + function + static_cast<char>(number & 0xff) +
         static_cast<char>(number >> 8) + (whole ? '\1' : '\0');
}

class ImageTransferSenderTest : public testing::Test {
 protected:
  void begin(size_t size) {
    BufferRef image = pool_.take(size);
    for (size_t i = 0; i < size; ++i) image.storage()[i] = static_cast<uint8_t>(i);
    image.set_size(size);
    sender_.begin("image.jpg", image);
  }
  /// The message that goes out now: "begin", "data 3" (of as many bytes as it should have),
  /// "finished"; or "none".
  std::string sent() {
    auto message = sender_.take_message(now_us_);
    if (!message) return "none";
    last_ = *message;
    EXPECT_EQ(last_.substr(0, 4), "\xee\xee\xff\xff");
    EXPECT_EQ(last_.size(), 9 + as_number(7));
    EXPECT_EQ(sender_.take_message(now_us_), std::nullopt) << "it is on its way";
    if (last_[4] == 2) return "data " + std::to_string(as_number(5));
    EXPECT_EQ(as_number(5), 0u);
    return last_[4] == 1 ? "begin" : "finished";
  }
  /// What follows the answer.
  std::string sent_after(const std::string& answer) {
    sender_.feed(as_bytes(answer));
    return sent();
  }
  std::string sent_after_wait() {
    now_us_ = sender_.deadline_us().value();
    sender_.on_time(now_us_);
    return sent();
  }
  size_t as_number(size_t at) const {
    return static_cast<uint8_t>(last_[at]) | static_cast<uint8_t>(last_[at + 1]) << 8;
  }
  /// "done", the fault, or "none" while it goes on.
  std::string outcome() {
    auto outcome = sender_.take_outcome();
    if (!outcome) return "none";
    EXPECT_FALSE(sender_.busy());
    return outcome->ok() ? "done" : outcome->error().text;
  }

  int64_t now_us_ = 5'000'000;
  BufferPool pool_{1};
  ImageTransferSender sender_;
  std::string last_;
};

TEST_F(ImageTransferSenderTest, SendsAMessageAfterEachAnswer) {
  begin(3000);
  EXPECT_EQ(sent(), "begin");
  EXPECT_EQ(last_, "\xee\xee\xff\xff\x01\x00\x00\x0e\x00image.jpg;3000"s);
  EXPECT_EQ(sent_after(answer(1, 0)), "data 0");
  std::string image = last_.substr(9);
  EXPECT_EQ(last_.substr(0, 9), "\xee\xee\xff\xff\x02\x00\x00\x78\x05"s);
  EXPECT_EQ(sent_after(answer(2, 0)), "data 1");
  image += last_.substr(9);
  EXPECT_EQ(sent_after(answer(2, 1)), "data 2");
  EXPECT_EQ(last_.substr(0, 9), "\xee\xee\xff\xff\x02\x02\x00\xc8\x00"s);
  image += last_.substr(9);
  EXPECT_EQ(sent_after(answer(2, 2)), "finished");
  EXPECT_EQ(last_, "\xee\xee\xff\xff\x03\x00\x00\x00\x00"s);
  EXPECT_EQ(outcome(), "none");
  EXPECT_EQ(sent_after(answer(3, 0)), "none");
  EXPECT_EQ(outcome(), "done");
  ASSERT_EQ(image.size(), 3000u);
  for (size_t i = 0; i < 3000; ++i) ASSERT_EQ(static_cast<uint8_t>(image[i]), i % 256);
  EXPECT_EQ(sender_.facts().messages, 5u);
  EXPECT_EQ(sender_.facts().repeated, 0u);
}

TEST_F(ImageTransferSenderTest, CutsAtExactlyTheLargestPackage) {
  begin(2800);
  sent();
  sent_after(answer(1, 0));
  EXPECT_EQ(sent_after(answer(2, 0)), "data 1");
  EXPECT_EQ(last_.size(), 9u + 1400);
  EXPECT_EQ(sent_after(answer(2, 1)), "finished");
}

TEST_F(ImageTransferSenderTest, SendsAnEmptyImageWithoutPackages) {
  begin(0);
  sent();
  EXPECT_EQ(sent_after(answer(1, 0)), "finished");
  sent_after(answer(3, 0));
  EXPECT_EQ(outcome(), "done");
}

TEST_F(ImageTransferSenderTest, SendsAgainWhatGetsNoAnswer) {
  begin(100);
  sent();
  EXPECT_EQ(sender_.deadline_us(), now_us_ + kWait_us);
  sender_.on_time(now_us_ + kWait_us - 1);
  EXPECT_EQ(sent(), "none");
  EXPECT_EQ(sent_after_wait(), "begin");
  sent_after(answer(1, 0));
  EXPECT_EQ(sent_after_wait(), "data 0");
  sent_after(answer(2, 0));
  EXPECT_EQ(sent_after_wait(), "finished");
  EXPECT_EQ(sender_.facts().repeated, 3u);
}

TEST_F(ImageTransferSenderTest, SendsThePackageAgainThatTheBaseNames) {
  begin(5000);
  EXPECT_EQ(sent(), "begin");
  EXPECT_EQ(sent_after(answer(1, 1, false)), "begin");
  sent_after(answer(1, 0));
  sent_after(answer(2, 0));
  EXPECT_EQ(sent_after(answer(2, 1)), "data 2");
  EXPECT_EQ(sent_after(answer(2, 3, false)), "data 2");
  EXPECT_EQ(sent_after(answer(2, 2, false)), "data 1") << "and goes on from there";
  EXPECT_EQ(sent_after(answer(2, 1)), "data 2");
  EXPECT_EQ(sent_after(answer(2, 2)), "data 3");
  EXPECT_EQ(sent_after(answer(2, 3)), "finished");
  EXPECT_EQ(sent_after(answer(3, 4, false)), "data 3");
  EXPECT_EQ(sent_after(answer(2, 3)), "finished");
  sent_after(answer(3, 0));
  EXPECT_EQ(outcome(), "done");
  EXPECT_EQ(sender_.facts().bad, 4u);
}

TEST_F(ImageTransferSenderTest, SendsTheSameAgainWhereTheNameIsNone) {
  begin(5000);
  sent();
  sent_after(answer(1, 0));
  sent_after(answer(2, 0));
  EXPECT_EQ(sent_after(answer(2, 3, false)), "data 1") << "one that it has not got yet";
  EXPECT_EQ(sent_after(answer(2, 0, false)), "data 1");
  sent_after(answer(2, 1));
  sent_after(answer(2, 2));
  EXPECT_EQ(sent_after(answer(2, 3)), "finished");
  EXPECT_EQ(sent_after(answer(3, 5, false)), "finished");
}

TEST_F(ImageTransferSenderTest, IgnoresAnswersToOtherMessages) {
  begin(5000);
  sent();
  sent_after(answer(1, 0));
  EXPECT_EQ(sent_after(answer(2, 0)), "data 1");
  for (const std::string& other : {answer(2, 0), answer(2, 2), answer(1, 0), answer(3, 0),
                                   answer(1, 1, false), answer(3, 1, false), answer(4, 1), ""s,
                                   "\xee\xee\xff\xff\x02\x01\x00\x01"s, answer(2, 1) + "x"}) {
    EXPECT_EQ(sent_after(other), "none");
  }
  EXPECT_EQ(sender_.facts().ignored, 10u);
  EXPECT_EQ(sent_after(answer(2, 1)), "data 2");
}

TEST_F(ImageTransferSenderTest, IgnoresAnswersBeforeAndAfterATransfer) {
  sender_.feed(as_bytes(answer(1, 0)));
  begin(10);
  sender_.feed(as_bytes(answer(1, 0)));
  EXPECT_EQ(sent(), "begin");
  sender_.abandon(Error{"enough"});
  sender_.feed(as_bytes(answer(1, 0)));
  EXPECT_EQ(outcome(), "enough");
  EXPECT_EQ(sender_.facts().ignored, 3u);
}

TEST_F(ImageTransferSenderTest, GivesUpAfterTheLastTryWithoutAnAnswer) {
  begin(100);
  sent();
  sent_after(answer(1, 0));
  for (int tries = 1; tries < 10; ++tries) ASSERT_EQ(sent_after_wait(), "data 0");
  EXPECT_EQ(outcome(), "none");
  EXPECT_EQ(sent_after_wait(), "none");
  EXPECT_EQ(outcome(), "package 1 of 1 got no answer in the last of 10 tries");
  EXPECT_EQ(sender_.facts().failed_unanswered, 1u);
  EXPECT_EQ(sender_.deadline_us(), std::nullopt);
}

TEST_F(ImageTransferSenderTest, GivesUpAfterTheLastTryThatIsAnsweredBad) {
  begin(100);
  sent();
  for (int tries = 1; tries < 10; ++tries) {
    ASSERT_EQ(sent_after(answer(1, 1, false)), "begin");
  }
  EXPECT_EQ(sent_after(answer(1, 1, false)), "none");
  EXPECT_EQ(outcome(), "begin was answered bad in the last of 10 tries");
  EXPECT_EQ(sender_.facts().failed_bad, 1u);
}

TEST_F(ImageTransferSenderTest, GivesUpOnABaseThatAsksForTheSameForEver) {
  begin(3000);
  std::string sends = sent();
  int messages = 1;
  for (; sends != "none"; ++messages) {
    int number = sends.back() - '0';
    sends = sends == "begin"      ? sent_after(answer(1, 0))
            : sends == "finished" ? sent_after(answer(3, 1, false))
                                  : sent_after(answer(2, number));
  }
  EXPECT_LE(messages, 10 * 5);
  EXPECT_EQ(outcome(), "package 1 of 3 was answered bad in the last of 10 tries");
}

TEST_F(ImageTransferSenderTest, GivesUpOnABaseThatTurnsRoundAndRound) {
  begin(3000);
  sent();
  std::string sends = sent_after(answer(1, 0));
  for (int round = 1; round < 10; ++round) {
    ASSERT_EQ(sends, "data 0");
    ASSERT_EQ(sent_after(answer(2, 0)), "data 1");
    sends = sent_after(answer(2, 1, false));
  }
  EXPECT_EQ(sent_after(answer(2, 0)), "data 1");
  EXPECT_EQ(sent_after(answer(2, 1, false)), "none");
  EXPECT_EQ(outcome(), "package 1 of 3 was answered bad in the last of 10 tries");
}

TEST_F(ImageTransferSenderTest, SendsNothingAnEleventhTimeThatAnEarlierPackageLeadsTo) {
  begin(3000);
  sent();
  sent_after(answer(1, 0));
  EXPECT_EQ(sent_after(answer(2, 0)), "data 1");
  for (int tries = 1; tries < 10; ++tries) ASSERT_EQ(sent_after_wait(), "data 1");
  EXPECT_EQ(sent_after(answer(2, 1, false)), "data 0");
  EXPECT_EQ(sent_after(answer(2, 0)), "none");
  EXPECT_EQ(outcome(), "package 2 of 3 was answered bad in the last of 10 tries");
}

TEST_F(ImageTransferSenderTest, SendsAgainOverANewConnectionWhatWasNotAnswered) {
  begin(3000);
  sender_.resume();
  EXPECT_EQ(sent(), "begin");
  sender_.resume();
  EXPECT_EQ(sent(), "begin");
  sent_after(answer(1, 0));
  sent_after(answer(2, 0));
  sender_.resume();
  EXPECT_EQ(sent(), "data 1");
  EXPECT_EQ(sent_after(answer(2, 1)), "data 2");
}

TEST_F(ImageTransferSenderTest, RefusesAnImageOfMorePackagesThanTheFormatHas) {
  EXPECT_TRUE(ImageTransferSender::check(32'767u * 1400).ok());
  EXPECT_EQ(ImageTransferSender::check(32'767u * 1400 + 1).error().text,
            "too large for the image transfer: 45873801 bytes, 45873800 at most");
}

TEST_F(ImageTransferSenderTest, SendsTheLargestImageThereIs) {
  begin(kTransferSizeMax);
  sent();
  sent_after(answer(1, 0));
  for (int i = 0; i < 32'766; ++i) sent_after(answer(2, i));
  EXPECT_EQ(last_.substr(0, 9), "\xee\xee\xff\xff\x02\xfe\x7f\x78\x05"s);
  EXPECT_EQ(sent_after(answer(2, 32'767, false)), "data 32766");
  EXPECT_EQ(sent_after(answer(2, 32'766)), "finished");
}

TEST_F(ImageTransferSenderTest, SendsOneImageAfterTheOther) {
  for (int time = 0; time < 3; ++time) {
    begin(10);
    EXPECT_EQ(sent(), "begin");
    sent_after(answer(1, 0));
    sent_after(answer(2, 0));
    sent_after(answer(3, 0));
    EXPECT_EQ(outcome(), "done");
  }
  EXPECT_EQ(sender_.facts().done, 3u);
}

}  // namespace
}  // namespace camloop
