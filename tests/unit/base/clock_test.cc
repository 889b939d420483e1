#include "base/clock.h"

#include <gtest/gtest.h>

#include <ctime>

namespace camloop {
namespace {

int64_t now_us(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}

TEST(Clock, MonotonicIsTheOneThatStampsFrames) {
  int64_t before_us = now_us(CLOCK_MONOTONIC);
  int64_t told_us = monotonic_us();
  EXPECT_LE(before_us, told_us);
  EXPECT_LE(told_us, now_us(CLOCK_MONOTONIC));
}

TEST(Clock, WallCountsFrom1970) {
  int64_t before_us = now_us(CLOCK_REALTIME);
  int64_t told_us = wall_us();
  EXPECT_LE(before_us, told_us);
  EXPECT_LE(told_us, now_us(CLOCK_REALTIME));
}

}  // namespace
}  // namespace camloop
