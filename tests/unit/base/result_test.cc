#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace camloop {
namespace {

Result<int> half_of(int number) {
  if (number % 2 != 0) return Error{std::to_string(number) + " is odd", EDOM};
  return number / 2;
}

Result<std::string> quarter_in_words(int number) {
  int half = TRY(half_of(number));
  return "a quarter is " + std::to_string(TRY(half_of(half)));
}

TEST(Result, HoldsAValue) {
  Result<int> result = half_of(8);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result);
  EXPECT_EQ(result.value(), 4);
  result.value() = 5;
  EXPECT_EQ(std::as_const(result).value(), 5);
}

TEST(Result, HoldsAnError) {
  Result<int> result = half_of(7);
  EXPECT_FALSE(result.ok());
  EXPECT_FALSE(result);
  EXPECT_EQ(result.error().text, "7 is odd");
  EXPECT_EQ(result.error().code, EDOM);
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 3);
}

TEST(Result, OfAnErrorIsStillAnError) {
  Result<> fine = Result<>();
  Result<> failed = Error{"no"};
  EXPECT_TRUE(fine.ok());
  fine.value();
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().text, "no");
}

TEST(Result, HandsTheErrorOnWithTry) {
  EXPECT_EQ(quarter_in_words(8).value(), "a quarter is 2");
  EXPECT_EQ(quarter_in_words(7).error().text, "7 is odd");
  EXPECT_EQ(quarter_in_words(6).error().text, "3 is odd");
  EXPECT_EQ(quarter_in_words(6).error().code, EDOM);
}

TEST(Result, HandsTheErrorOnBetweenDifferentTypes) {
  auto check = [](int number) -> Result<> {
    TRY(half_of(number));
    return {};
  };
  auto count = [&check](int& reached) -> Result<int> {
    TRY(check(2));
    ++reached;
    TRY(check(1));
    ++reached;
    return 0;
  };
  int reached = 0;
  EXPECT_EQ(count(reached).error().text, "1 is odd");
  EXPECT_EQ(reached, 1);
}

TEST(Result, TryMovesTheValueOut) {
  auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(9); };
  auto use = [&make]() -> Result<int> {
    std::unique_ptr<int> number = TRY(make());
    return *number;
  };
  EXPECT_EQ(use().value(), 9);
}

TEST(ResultDeathTest, SaysWhichCheckFailedWhenTheWrongSideIsRead) {
  EXPECT_DEATH((void)half_of(7).value(), "camloop: .*result.h:[0-9]+: check failed: ");
  EXPECT_DEATH((void)half_of(8).error(), "check failed");
  EXPECT_DEATH((void)Result<>(Error{"no"}).value(), "check failed");
  EXPECT_DEATH((void)Result<>().error(), "check failed");
}

TEST(Error, OfTheSystemSaysWhatFailedAndWhy) {
  Error error = system_error("open /dev/video0", EBUSY);
  EXPECT_EQ(error.text, "open /dev/video0: Device or resource busy");
  EXPECT_EQ(error.code, EBUSY);
}

}  // namespace
}  // namespace camloop
