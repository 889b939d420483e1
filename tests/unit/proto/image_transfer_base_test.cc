#include "proto/image_transfer_base.h"

#include <gtest/gtest.h>

#include <string>

namespace camloop {
namespace {

using namespace std::string_literals;

constexpr int64_t kSecond_us = 1'000'000;

// Messages as the field's server packs them, and answers as it unpacks them.
std::string packed(char function, int number, const std::string& data) {
  auto low = [](size_t value) { return static_cast<char>(value & 0xff); };
  auto high = [](size_t value) { return static_cast<char>(value >> 8); };
  return "\xee\xee\xff\xff"s + function + low(number) + high(number) + low(data.size()) +
         high(data.size()) + data;
}
std::string begin(const std::string& text) {
  return packed(1, 0, text);
}
std::string data(int number, const std::string& bytes) {
  return packed(2, number, bytes);
}
const std::string kFinished = packed(3, 0, "");

class ImageTransferBaseTest : public testing::Test {
 protected:
  /// The answer as one line: "whole 2 of function 1", "bad ...", or "none".
  std::string feed(const std::string& message) { return feed(base_, message); }
  std::string feed(ImageTransferBase& base, const std::string& message) {
    auto answer = base.feed(as_bytes(message), now_us_);
    if (!answer) return "none";
    std::string bytes = format_transfer_answer(*answer);
    EXPECT_EQ(bytes.substr(0, 4), "\xff\xff\xee\xee");
    int number = static_cast<uint8_t>(bytes[5]) | bytes[6] << 8;
    return (bytes[7] ? "whole " : "bad ") + std::to_string(number) + " of function " +
           std::to_string(bytes[4]);
  }
  static std::string text_of(const std::optional<ImageTransferBase::Image>& image) {
    return image ? std::string(as_text(image->bytes)) : "none";
  }
  std::string image() { return text_of(base_.take_image()); }

  int64_t now_us_ = 5 * kSecond_us;
  ImageTransferBase base_{{.size_max = 10'000}};
};

TEST_F(ImageTransferBaseTest, AnswersEachMessageAndGivesTheImage) {
  EXPECT_EQ(feed(begin("image.jpg;1410")), "whole 0 of function 1");
  now_us_ += kSecond_us;
  EXPECT_EQ(feed(data(0, std::string(1400, 'a'))), "whole 0 of function 2");
  EXPECT_EQ(feed(data(1, std::string(10, 'b'))), "whole 1 of function 2");
  EXPECT_EQ(image(), "none");
  EXPECT_EQ(feed(kFinished), "whole 0 of function 3");
  auto image = base_.take_image();
  EXPECT_EQ(text_of(image), std::string(1400, 'a') + std::string(10, 'b'));
  EXPECT_EQ(image->name, "image.jpg");
  EXPECT_EQ(image->missing, 0u);
  EXPECT_EQ(image->begun_us, 5 * kSecond_us);
  EXPECT_EQ(base_.facts().begun, 1u);
  EXPECT_EQ(base_.facts().done, 1u);
  EXPECT_EQ(base_.facts().packages, 2u);
  EXPECT_FALSE(base_.take_image());
}

TEST_F(ImageTransferBaseTest, TakesSmallerPackages) {
  feed(begin("a;5"));
  for (int i = 0; i < 5; ++i) feed(data(i, std::string(1, static_cast<char>('a' + i))));
  feed(kFinished);
  EXPECT_EQ(image(), "abcde");
}

TEST_F(ImageTransferBaseTest, AnswersWhatComesAgainAndKeepsItOnce) {
  for (int time = 0; time < 2; ++time) EXPECT_EQ(feed(begin("a;2")), "whole 0 of function 1");
  for (int time = 0; time < 3; ++time) EXPECT_EQ(feed(data(0, "x")), "whole 0 of function 2");
  feed(data(1, "y"));
  EXPECT_EQ(feed(data(0, "x")), "whole 0 of function 2");
  EXPECT_EQ(feed(kFinished), "whole 0 of function 3");
  EXPECT_EQ(image(), "xy");
  EXPECT_EQ(feed(kFinished), "whole 0 of function 3");
  EXPECT_EQ(feed(data(1, "y")), "whole 1 of function 2");
  EXPECT_EQ(image(), "none") << "it was given already";
  EXPECT_EQ(base_.facts().begun, 1u);
  EXPECT_EQ(base_.facts().done, 1u);
  EXPECT_EQ(base_.facts().repeated, 5u);
}

TEST_F(ImageTransferBaseTest, NamesTheMissingPackageInPlaceOfOneTooEarly) {
  feed(begin("a;3"));
  feed(data(0, "x"));
  EXPECT_EQ(feed(data(2, "z")), "bad 2 of function 2");
  EXPECT_EQ(feed(data(1, "y")), "whole 1 of function 2");
  EXPECT_EQ(feed(data(2, "z")), "whole 2 of function 2");
  feed(kFinished);
  EXPECT_EQ(image(), "xyz");
  EXPECT_EQ(base_.facts().bad, 1u);
}

TEST_F(ImageTransferBaseTest, AnswersBadWhatIsNotAsLongAsItSays) {
  EXPECT_EQ(feed(begin("a;3") + "0"), "bad 1 of function 1");
  feed(begin("a;3"));
  feed(data(0, "x"));
  EXPECT_EQ(feed(data(1, "y") + "y"), "bad 2 of function 2");
  EXPECT_EQ(feed(data(1, "yz").substr(0, 10)), "bad 2 of function 2");
  EXPECT_EQ(feed(data(1, "")), "bad 2 of function 2");
  EXPECT_EQ(feed(data(1, std::string(1401, 'y'))), "bad 2 of function 2");
  feed(data(1, "yz"));
  feed(kFinished);
  EXPECT_EQ(image(), "xyz");
}

TEST_F(ImageTransferBaseTest, TakesNoMoreThanItWasPromised) {
  feed(begin("a;3"));
  feed(data(0, "xy"));
  EXPECT_EQ(feed(data(1, "zz")), "bad 2 of function 2");
  EXPECT_EQ(feed(data(1, "z")), "whole 1 of function 2");
  EXPECT_EQ(feed(data(2, "z")), "bad 3 of function 2");
  feed(kFinished);
  EXPECT_EQ(image(), "xyz");
}

TEST_F(ImageTransferBaseTest, RefusesAnImageThatIsTooLargeAtItsBegin) {
  EXPECT_EQ(feed(begin("a;10001")), "bad 1 of function 1");
  EXPECT_EQ(feed(begin("a;18446744073709551615")), "bad 1 of function 1");
  EXPECT_EQ(feed(begin("a")), "bad 1 of function 1");
  EXPECT_EQ(feed(data(0, "x")), "bad 1 of function 2") << "there is no transfer";
  EXPECT_EQ(base_.facts().failed_refused, 3u);
  EXPECT_EQ(base_.facts().begun, 0u);
  EXPECT_EQ(feed(begin("a;10000")), "whole 0 of function 1");
}

TEST_F(ImageTransferBaseTest, IsNotDoneWhilePackagesAreMissing) {
  EXPECT_EQ(feed(kFinished), "bad 1 of function 3");
  feed(begin("a;2"));
  EXPECT_EQ(feed(kFinished), "bad 1 of function 3");
  feed(data(0, "x"));
  EXPECT_EQ(feed(kFinished), "bad 2 of function 3");
  EXPECT_EQ(image(), "none");
  feed(data(1, "y"));
  EXPECT_EQ(feed(kFinished), "whole 0 of function 3");
  EXPECT_EQ(image(), "xy");
}

TEST_F(ImageTransferBaseTest, NamesNoPackageThatTheFormatDoesNotHave) {
  ImageTransferBase base({.size_max = 40'000});
  feed(base, begin("a;40000"));
  for (int i = 0; i < 32'767; ++i) ASSERT_NE(feed(base, data(i, "x")), "none");
  EXPECT_EQ(feed(base, kFinished), "bad 32767 of function 3");
}

TEST_F(ImageTransferBaseTest, GivesAnEmptyImage) {
  feed(begin("a;0"));
  EXPECT_EQ(feed(kFinished), "whole 0 of function 3");
  EXPECT_EQ(image(), "");
}

TEST_F(ImageTransferBaseTest, ANewBeginReplacesATransfer) {
  feed(begin("a;2"));
  feed(data(0, "x"));
  EXPECT_EQ(feed(begin("b;1")), "whole 0 of function 1");
  EXPECT_EQ(feed(data(0, "z")), "whole 0 of function 2");
  feed(kFinished);
  auto image = base_.take_image();
  EXPECT_EQ(text_of(image), "z");
  EXPECT_EQ(image->name, "b");
  feed(begin("a;2"));
  feed(begin("b;1"));
  EXPECT_EQ(base_.facts().begun, 4u);
  EXPECT_EQ(base_.facts().failed_replaced, 2u);
}

TEST_F(ImageTransferBaseTest, GivesNoMixtureOfTwoServersImages) {
  feed(begin("a;2"));
  feed(begin("b;2"));
  EXPECT_EQ(feed(data(0, "x")), "whole 0 of function 2");
  EXPECT_EQ(feed(data(0, "z")), "bad 1 of function 2");
  EXPECT_EQ(feed(data(1, "y")), "bad 2 of function 2");
  EXPECT_EQ(feed(kFinished), "bad 1 of function 3");
  EXPECT_EQ(image(), "none");
  EXPECT_EQ(base_.facts().failed_mixed, 1u);
}

TEST_F(ImageTransferBaseTest, AsksAgainForARepeatedPackageThatIsCut) {
  feed(begin("image.jpg;2"));
  feed(data(0, "xy"));
  std::string cut = data(0, "xy");
  cut.pop_back();
  EXPECT_EQ(feed(cut), "bad 1 of function 2");
  EXPECT_EQ(feed(data(0, "xy")), "whole 0 of function 2");
  EXPECT_EQ(feed(kFinished), "whole 0 of function 3");
  EXPECT_EQ(image(), "xy");
}

TEST_F(ImageTransferBaseTest, TakesNothingForPartOfAnImageThatIsDone) {
  feed(begin("a;1"));
  feed(data(0, "x"));
  feed(kFinished);
  EXPECT_EQ(feed(data(0, "z")), "bad 1 of function 2");
  EXPECT_EQ(feed(data(0, "x")), "whole 0 of function 2");
  EXPECT_EQ(feed(kFinished), "whole 0 of function 3");
  EXPECT_EQ(image(), "x");
  EXPECT_EQ(base_.facts().failed_mixed, 0u);
}

TEST_F(ImageTransferBaseTest, DropsATransferThatStalls) {
  feed(begin("a;2"));
  feed(data(0, "x"));
  now_us_ += ImageTransferBase::kStallMax_us;
  base_.tick(now_us_);
  feed(data(0, "x"));
  now_us_ += ImageTransferBase::kStallMax_us;
  base_.tick(now_us_);
  EXPECT_EQ(base_.facts().failed_stalled, 0u);
  base_.tick(now_us_ + 1);
  base_.tick(now_us_ + 2);
  EXPECT_EQ(base_.facts().failed_stalled, 1u);
  EXPECT_EQ(feed(data(1, "y")), "bad 2 of function 2");
  EXPECT_EQ(feed(kFinished), "bad 1 of function 3");
}

TEST_F(ImageTransferBaseTest, CountsNoSilenceOfALineThatWasDown) {
  feed(begin("a;1"));
  now_us_ += 10 * ImageTransferBase::kStallMax_us;
  base_.resume(now_us_);
  base_.tick(now_us_ + ImageTransferBase::kStallMax_us);
  feed(data(0, "x"));
  feed(kFinished);
  EXPECT_EQ(image(), "x");
}

TEST_F(ImageTransferBaseTest, IgnoresMessagesOfOtherKinds) {
  feed(begin("a;1"));
  for (const std::string& other : {""s, "hello"s, packed(4, 0, ""), packed(0, 0, "x"),
                                   packed(2, -1, "x"), "\xff\xff\xee\xee\x02\x00\x00\x01"s}) {
    EXPECT_EQ(feed(other), "none");
  }
  EXPECT_EQ(base_.facts().ignored, 6u);
  feed(data(0, "x"));
  feed(kFinished);
  EXPECT_EQ(image(), "x");
}

// ---- Servers that never send the last package ----

TEST_F(ImageTransferBaseTest, TakesAnImageWithoutItsLastPackageWhereThatIsAllowed) {
  ImageTransferBase base({.size_max = 10'000, .without_last = true});
  feed(base, begin("a;2500"));
  EXPECT_EQ(feed(base, kFinished), "bad 1 of function 3") << "two are missing";
  feed(base, data(0, std::string(1400, 'x')));
  EXPECT_EQ(feed(base, kFinished), "whole 0 of function 3");
  auto image = base.take_image();
  EXPECT_EQ(text_of(image), std::string(1400, 'x'));
  EXPECT_EQ(image->missing, 1100u);
  feed(base, begin("a;700"));
  EXPECT_EQ(feed(base, kFinished), "whole 0 of function 3");
  EXPECT_EQ(text_of(base.take_image()), "");
}

TEST_F(ImageTransferBaseTest, KnowsTheLastPackageByTheSizeOfTheFirst) {
  ImageTransferBase base({.size_max = 10'000, .without_last = true});
  feed(base, begin("a;300"));
  feed(base, data(0, std::string(100, 'x')));
  EXPECT_EQ(feed(base, kFinished), "bad 2 of function 3");
  feed(base, data(1, std::string(100, 'x')));
  EXPECT_EQ(feed(base, kFinished), "whole 0 of function 3");
}

}  // namespace
}  // namespace camloop
