#include "base/backoff.h"

#include "base/clock.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace camloop {
namespace {

constexpr Backoff::Limits kLimits{.first_us = kSecond_us, .most_us = 30 * kSecond_us};
constexpr int kBoards = 2000;

// The shortest, mean and longest wait before the try of that number, of many boards.
struct Waits {
  int64_t least_us = INT64_MAX, mean_us = 0, most_us = 0;
};
Waits waits_of_try(int number) {
  Waits waits;
  for (int board = 0; board < kBoards; ++board) {
    Backoff backoff(kLimits, static_cast<uint64_t>(board));
    for (int i = 0; i < number; ++i) backoff.next_us();
    int64_t wait_us = backoff.next_us();
    waits.least_us = std::min(waits.least_us, wait_us);
    waits.most_us = std::max(waits.most_us, wait_us);
    waits.mean_us += wait_us / kBoards;
  }
  return waits;
}

TEST(Backoff, SpreadsEachWaitFromNoneToACeilingThatDoubles) {
  int64_t ceiling_us = kLimits.first_us;
  for (int number = 0; number < 8; ++number) {
    Waits waits = waits_of_try(number);
    EXPECT_LE(waits.most_us, ceiling_us);
    EXPECT_GT(waits.most_us, ceiling_us * 95 / 100);
    EXPECT_LT(waits.least_us, ceiling_us * 5 / 100);
    EXPECT_NEAR(waits.mean_us, ceiling_us / 2, ceiling_us / 20);
    ceiling_us = std::min(2 * ceiling_us, kLimits.most_us);
  }
}

TEST(Backoff, BeginsAnewOnceItIsReset) {
  Backoff backoff(kLimits, 1);
  for (int i = 0; i < 10; ++i) backoff.next_us();
  backoff.reset();
  EXPECT_LE(backoff.next_us(), kLimits.first_us);
}

}  // namespace
}  // namespace camloop
