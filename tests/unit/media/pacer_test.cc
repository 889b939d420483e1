#include "media/pacer.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace camloop {
namespace {

constexpr int64_t kStart_us = 1'000'000'000;

// Which frames of a camera at `camera_fps` pass within a time; `jitter` in parts of its interval.
std::vector<int64_t> passed(Pacer& pacer, double camera_fps, double seconds, double jitter = 0) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> early_or_late(-jitter, jitter);
  std::vector<int64_t> times;
  for (int i = 0; i < static_cast<int>(seconds * camera_fps); ++i) {
    int64_t captured_us =
        kStart_us + static_cast<int64_t>(1e6 / camera_fps * (i + early_or_late(random)));
    if (!pacer.due(captured_us)) continue;
    pacer.take(captured_us);
    times.push_back(captured_us);
  }
  return times;
}

size_t count_passed(double fps_max, double camera_fps, double seconds, double jitter = 0) {
  Pacer pacer(fps_max);
  return passed(pacer, camera_fps, seconds, jitter).size();
}

TEST(Pacer, PassesEveryFrameWithoutALimit) {
  EXPECT_EQ(count_passed(0, 30, 10), 300u);
  EXPECT_EQ(count_passed(0, 30, 10, 0.4), 300u);
}

TEST(Pacer, PassesEveryFrameOfACameraThatIsSlowEnough) {
  EXPECT_EQ(count_passed(15, 15, 20), 300u);
  EXPECT_EQ(count_passed(15, 10, 20), 200u);
  EXPECT_EQ(count_passed(1000, 30, 10), 300u);
}

TEST(Pacer, PassesEveryFrameOfACameraThatJitters) {
  EXPECT_EQ(count_passed(15, 15, 20, 0.2), 300u);
}

TEST(Pacer, PassesEverySecondFrameOfTwiceTheRate) {
  Pacer pacer(15);
  std::vector<int64_t> times = passed(pacer, 30, 10, 0.1);
  EXPECT_EQ(times.size(), 150u);
  for (size_t i = 1; i < times.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(times[i] - times[i - 1]), 1e6 / 15, 1e6 / 30 * 0.2 + 1);
  }
}

TEST(Pacer, KeepsTheMeanOfARateThatDoesNotDivide) {
  EXPECT_NEAR(static_cast<double>(count_passed(10, 25, 100)), 1000, 2);
  EXPECT_NEAR(static_cast<double>(count_passed(7, 30, 100, 0.1)), 700, 2);
  EXPECT_NEAR(static_cast<double>(count_passed(29.97, 30, 100)), 2997, 2);
  EXPECT_NEAR(static_cast<double>(count_passed(15, 15.1, 100)), 1500, 2);
}

TEST(Pacer, PassesTheFirstFrameAtOnceHoweverLowTheLimit) {
  Pacer pacer(0.01);
  EXPECT_TRUE(pacer.due(kStart_us));
  pacer.take(kStart_us);
  EXPECT_FALSE(pacer.due(kStart_us + 60'000'000));
  EXPECT_TRUE(pacer.due(kStart_us + 100'000'000));
}

TEST(Pacer, MakesUpForNothingAfterAPause) {
  Pacer pacer(10);
  pacer.take(kStart_us);
  int64_t later_us = kStart_us + 10'000'000;
  EXPECT_TRUE(pacer.due(later_us));
  pacer.take(later_us);
  EXPECT_FALSE(pacer.due(later_us + 33'333)) << "no burst in place of what was missed";
  EXPECT_TRUE(pacer.due(later_us + 100'000));
}

}  // namespace
}  // namespace camloop
