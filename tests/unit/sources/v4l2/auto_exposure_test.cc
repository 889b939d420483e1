#include "sources/v4l2/auto_exposure.h"

#include "base/clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <numbers>
#include <random>

namespace camloop {
namespace {

// As the V831's: sixteenths of lines, a frame of 1117 lines in 50 ms.
constexpr ExposureRange kRange{16 * 16, 1117 * 16, 16};
constexpr int64_t kFrame_us = 50 * kMillisecond_us;
constexpr int64_t kSettle_us = 250 * kMillisecond_us;

/// How a sensor, and what is behind it, makes luma of light.
struct Sensor {
  double gamma = 1;  // luma is as light to the power of 1 / gamma
  int delay = 3;     // frames until a new exposure shows
  double noise = 0;  // standard deviation, in luma
  double flicker_stops = 0;
  double flicker_hz = 100;
  double black = 0;
  double white = 255;
};

/// A sensor under the controller's hand, and what became of it frame by frame.
class Scene {
 public:
  explicit Scene(const Sensor& sensor, const ExposureRange& range = kRange)
      : sensor_(sensor), range_(range), controller_(range, kSettle_us) {
    controller_.on_set(now_us_);
    pending_.assign(sensor.delay, controller_.exposure());
  }

  /// Light in which an exposure of `exposure` is the right one.
  void set_right_exposure(double exposure) { right_exposure_ = exposure; }
  double right_exposure() const { return right_exposure_; }

  void run(int frames) {
    for (int i = 0; i < frames; ++i) frame();
  }
  /// Frames until the picture stays right for two seconds; fails where that takes over `max`.
  int frames_to_rest(int max) {
    int since_wrong = 0;
    for (int i = 1; i <= max + 40; ++i) {
      int before = controller_.exposure();
      frame();
      bool right = before == controller_.exposure() && std::abs(luma_error_stops()) < 0.35;
      since_wrong = right ? since_wrong + 1 : 0;
      if (since_wrong == 40) return i - 40;
    }
    ADD_FAILURE() << "no rest after " << max << " frames: off by " << error_stops() << " stops";
    return max;
  }
  double error_stops() const { return std::log2(controller_.exposure() / right_exposure_); }
  double luma_error_stops() const { return error_stops() / sensor_.gamma; }

  int exposure() const { return controller_.exposure(); }
  int changes() const { return changes_; }
  int looks() const { return looks_; }

 private:
  void frame() {
    now_us_ += kFrame_us;
    pending_.push_back(controller_.exposure());
    int shown = pending_.front();
    pending_.pop_front();
    if (!controller_.due(now_us_)) return;
    ++looks_;
    if (!controller_.look(luma(shown), now_us_)) return;
    ++changes_;
    EXPECT_GE(controller_.exposure(), range_.minimum);
    EXPECT_LE(controller_.exposure(), range_.maximum);
    EXPECT_EQ(controller_.exposure() % range_.step, 0);
    controller_.on_set(now_us_);
  }
  double luma(int exposure) {
    double phase = 2 * std::numbers::pi * sensor_.flicker_hz * static_cast<double>(now_us_) / 1e6;
    double lit = exposure / right_exposure_ * std::exp2(sensor_.flicker_stops * std::sin(phase));
    double value = AutoExposure::kTargetLuma * std::pow(lit, 1 / sensor_.gamma) +
                   sensor_.noise * normal_(random_);
    return std::clamp(value, sensor_.black, sensor_.white);
  }

  Sensor sensor_;
  ExposureRange range_;
  AutoExposure controller_;
  std::deque<int> pending_;
  double right_exposure_ = 2000;
  int64_t now_us_ = 10 * kSecond_us;
  int changes_ = 0;
  int looks_ = 0;
  std::mt19937 random_{1};
  std::normal_distribution<double> normal_;
};

constexpr Sensor kSensors[] = {
    {},
    {.gamma = 2.2},
    {.gamma = 0.7},  // more contrast than there is
    {.gamma = 2.2, .delay = 1},
    {.gamma = 2.2, .delay = 4, .noise = 4},
    {.noise = 8},
    {.gamma = 2.2, .black = 16, .white = 235},
    {.gamma = 2.2, .noise = 2, .flicker_stops = 0.2, .flicker_hz = 7},
};

TEST(AutoExposureTest, ItBeginsInTheMiddleOfWhatTheSensorCan) {
  EXPECT_NEAR(AutoExposure(kRange, 0).exposure(), std::sqrt(256.0 * 17872), 16);
  EXPECT_EQ(AutoExposure({1, 1, 1}, 0).exposure(), 1);
  EXPECT_EQ(AutoExposure({16, 64, 16}, 0).exposure(), 32);
}

TEST(AutoExposureTest, AStepOfSixStopsIsFollowedWithinThreeSeconds) {
  for (const Sensor& sensor : kSensors) {
    for (auto [before, after] : {std::pair{260.0, 16640.0}, {16640.0, 260.0}}) {
      SCOPED_TRACE(testing::Message() << "sensor " << &sensor - kSensors << " to " << after);
      Scene scene(sensor);
      scene.set_right_exposure(before);
      scene.frames_to_rest(60);
      scene.set_right_exposure(after);
      scene.frames_to_rest(60);
    }
  }
}

TEST(AutoExposureTest, ALinearSensorIsRightAfterOneCorrection) {
  Scene scene({});
  scene.set_right_exposure(scene.exposure() * 1.5);
  scene.run(30);
  EXPECT_EQ(scene.changes(), 1);
  EXPECT_NEAR(scene.error_stops(), 0, 0.02);
}

TEST(AutoExposureTest, TheRightExposureIsApproachedFromOneSideOnly) {
  for (double gamma : {1.0, 2.2}) {
    Scene scene({.gamma = gamma});
    scene.set_right_exposure(kRange.maximum * 0.9);
    int before = scene.exposure();
    for (int i = 0; i < 100; ++i) {
      scene.run(1);
      EXPECT_GE(scene.exposure(), before);
      EXPECT_LT(scene.error_stops(), 0.1);
      before = scene.exposure();
    }
  }
}

TEST(AutoExposureTest, ARestingPictureIsLeftAlone) {
  for (const Sensor& sensor : kSensors) {
    SCOPED_TRACE(&sensor - kSensors);
    Scene scene(sensor);
    scene.frames_to_rest(60);
    int changes = scene.changes();
    scene.run(20 * 600);  // ten minutes
    EXPECT_LE(scene.changes() - changes, 1);
  }
}

TEST(AutoExposureTest, WhatIsWithinTheToleranceIsLeftAlone) {
  for (double stops : {-0.25, 0.25}) {
    Scene scene({});
    scene.set_right_exposure(scene.exposure() * std::exp2(stops));
    scene.run(200);
    EXPECT_EQ(scene.changes(), 0);
  }
}

TEST(AutoExposureTest, WhatIsBeyondTheToleranceIsCorrected) {
  for (double stops : {-0.35, 0.35}) {
    Scene scene({});
    scene.set_right_exposure(scene.exposure() * std::exp2(stops));
    scene.run(20);
    EXPECT_EQ(scene.changes(), 1);
    EXPECT_NEAR(scene.error_stops(), 0, 0.02);
  }
}

TEST(AutoExposureTest, LightThatGrowsSlowlyIsFollowed) {
  Scene scene({.gamma = 2.2, .noise = 2});
  scene.set_right_exposure(kRange.maximum);
  scene.frames_to_rest(60);
  for (int i = 0; i < 20 * 60; ++i) {  // five stops in a minute
    scene.set_right_exposure(scene.right_exposure() * std::exp2(-5.0 / (20 * 60)));
    scene.run(1);
    EXPECT_LT(std::abs(scene.luma_error_stops()), 0.5);
  }
}

TEST(AutoExposureTest, OneChangeIsAtMostTwoStops) {
  for (double luma : {0.0, 255.0}) {
    AutoExposure controller(kRange, 0);
    double before = controller.exposure();
    ASSERT_TRUE(controller.look(luma, 0));
    EXPECT_NEAR(std::abs(std::log2(controller.exposure() / before)), 2, 0.05);
  }
}

TEST(AutoExposureTest, TheLimitsAreKeptAndLeftAgain) {
  for (auto [dim, limit] : {std::pair{1e6, kRange.maximum}, {1.0, kRange.minimum}}) {
    Scene scene({.gamma = 2.2, .noise = 2});
    scene.set_right_exposure(dim);
    scene.run(200);
    EXPECT_EQ(scene.exposure(), limit);
    int changes = scene.changes();
    scene.run(200);
    EXPECT_EQ(scene.changes(), changes) << "the sensor is told nothing that it has";
    scene.set_right_exposure(2000);
    scene.frames_to_rest(60);
  }
}

TEST(AutoExposureTest, BetweenTwoCoarseStepsItTakesOneAndStays) {
  for (double right : {17.0, 22.0, 24.0, 30.0, 40.0}) {
    for (double gamma : {1.0, 2.2}) {
      Scene scene({.gamma = gamma}, {16, 64, 16});
      scene.set_right_exposure(right);
      scene.run(100);
      int changes = scene.changes();
      scene.run(1000);
      EXPECT_EQ(scene.changes(), changes) << right;
      EXPECT_LT(std::abs(scene.error_stops()), 1);
    }
  }
}

TEST(AutoExposureTest, PicturesFromBeforeAChangeShowsAreNotAskedFor) {
  AutoExposure controller(kRange, kSettle_us);
  controller.on_set(kSecond_us);
  EXPECT_FALSE(controller.due(kSecond_us + kSettle_us - 1));
  EXPECT_TRUE(controller.due(kSecond_us + kSettle_us));
}

TEST(AutoExposureTest, FewPicturesAreLookedAtWhileAllIsWell) {
  Scene scene({});
  scene.set_right_exposure(scene.exposure());
  scene.run(1000);
  EXPECT_LT(scene.looks(), 350);
}

TEST(AutoExposureTest, OnePictureASecondIsEnough) {
  // The look of a source that nobody watches: by the next one a change has long shown.
  AutoExposure controller(kRange, kSettle_us);
  controller.on_set(0);
  int64_t now_us = 0;
  for (int i = 0; i < 6; ++i) {
    now_us += kSecond_us;
    ASSERT_TRUE(controller.due(now_us));
    double luma = AutoExposure::kTargetLuma * controller.exposure() / 16000;
    if (controller.look(luma, now_us)) controller.on_set(now_us);
  }
  EXPECT_NEAR(std::log2(controller.exposure() / 16000.0), 0, 0.3);
}

}  // namespace
}  // namespace camloop
