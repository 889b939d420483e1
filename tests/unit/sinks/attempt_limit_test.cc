#include "sinks/attempt_limit.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

constexpr int64_t kNow_us = 1'000 * kSecond_us;

// How many failures it takes until the host has to wait.
int failures_until_wait(AttemptLimit& limit, const std::string& host, int64_t now_us) {
  int count = 1;
  while (!limit.fail(host, "guess " + std::to_string(count), now_us)) {
    EXPECT_EQ(limit.wait_us(host, now_us), 0);
    if (++count > 1000) break;
  }
  return count;
}

TEST(AttemptLimit, MakesAHostWaitThatFailedTenTimes) {
  AttemptLimit limit;
  EXPECT_EQ(failures_until_wait(limit, "a", kNow_us), 10);
  EXPECT_EQ(limit.wait_us("a", kNow_us), 60 * kSecond_us);
  EXPECT_EQ(limit.wait_us("a", kNow_us + 59 * kSecond_us), kSecond_us);
}

TEST(AttemptLimit, BeginsAnewAfterAMinute) {
  AttemptLimit limit;
  failures_until_wait(limit, "a", kNow_us);
  EXPECT_EQ(limit.wait_us("a", kNow_us + 60 * kSecond_us), 0);
  EXPECT_EQ(failures_until_wait(limit, "a", kNow_us + 60 * kSecond_us), 10);
}

TEST(AttemptLimit, ForgivesTheFailuresOfAMinuteAgo) {
  AttemptLimit limit;
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(limit.fail("a", std::to_string(i), kNow_us + i * 7 * kSecond_us)) << i;
  }
}

TEST(AttemptLimit, CountsTheSameAttemptOnce) {
  AttemptLimit limit;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(limit.fail("a", "old password", kNow_us));
  for (int i = 0; i < 8; ++i) EXPECT_FALSE(limit.fail("a", std::to_string(i), kNow_us));
  EXPECT_TRUE(limit.fail("a", "old password", kNow_us));
}

TEST(AttemptLimit, TakesAttemptsThatAreTooLongToKeepForDifferentOnes) {
  AttemptLimit limit;
  std::string endless(2000, 'x');
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(limit.fail("a", endless, kNow_us));
  EXPECT_TRUE(limit.fail("a", endless, kNow_us));
}

TEST(AttemptLimit, LetsNoHostWaitForAnother) {
  AttemptLimit limit;
  failures_until_wait(limit, "a", kNow_us);
  EXPECT_EQ(limit.wait_us("b", kNow_us), 0);
  EXPECT_EQ(failures_until_wait(limit, "b", kNow_us), 10);
}

TEST(AttemptLimit, ForgetsTheOldestOfTooManyHosts) {
  AttemptLimit limit;
  failures_until_wait(limit, "oldest", kNow_us);
  failures_until_wait(limit, "old", kNow_us + 1);
  for (size_t i = 2; i < AttemptLimit::kHostsMax; ++i)
    limit.fail(std::to_string(i), "guess", kNow_us + 2);
  EXPECT_GT(limit.wait_us("oldest", kNow_us + 2), 0);
  limit.fail("one more", "guess", kNow_us + 3);
  EXPECT_EQ(limit.wait_us("oldest", kNow_us + 3), 0);
  EXPECT_GT(limit.wait_us("old", kNow_us + 3), 0);
}

}  // namespace
}  // namespace camloop
