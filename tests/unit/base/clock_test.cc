#include "base/clock.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>

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

TEST(Clock, WallTimeIsToldAsPythonsDatetimeTellsIt) {
  std::string zone = getenv("TZ") ? getenv("TZ") : "";
  setenv("TZ", "UTC-1", 1);  // an hour east of Greenwich
  tzset();
  EXPECT_EQ(local_time_text(1'763'642'096'789'012), "2025-11-20 13:34:56.789012");
  EXPECT_EQ(local_time_text(5), "1970-01-01 01:00:00.000005");
  zone.empty() ? unsetenv("TZ") : setenv("TZ", zone.c_str(), 1);
  tzset();
}

}  // namespace
}  // namespace camloop
