#include "sources/v4l2/auto_exposure.h"

#include "base/check.h"
#include "base/clock.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace camloop {
namespace {

// What nobody minds; changes that small are not worth a visible jump.
constexpr double kTolerance_stops = 0.3;
// A smaller error is judged by the mean of some pictures, as lamps flicker and sensors are noisy.
constexpr double kObvious_stops = 1;
constexpr int kLooks = 4;
// A single picture, of a flash say, does not lead further astray than this.
constexpr double kStepMax_stops = 2;
// From here on a picture may be brighter than it can tell: near the white of studio range, 235.
constexpr double kWhiteLuma = 230;
// Between two judgements that find all well.
constexpr int64_t kRest_us = 500 * kMillisecond_us;

}  // namespace

AutoExposure::AutoExposure(const ExposureRange& range, int64_t settle_us)
    : range_(range), settle_us_(settle_us), exposure_(range.minimum) {
  CHECK(range.minimum > 0 && range.maximum >= range.minimum && range.step > 0);
  take_nearest(std::sqrt(static_cast<double>(range.minimum) * range.maximum));
}

void AutoExposure::on_set(int64_t now_us) {
  next_look_us_ = now_us + settle_us_;
  forget_looks();
}

bool AutoExposure::look(double luma, int64_t captured_us) {
  double error = luma < kWhiteLuma ? std::log2(kTargetLuma / std::max(luma, 1.0)) : -kStepMax_stops;
  error_sum_stops_ += error;
  ++looks_;
  if (std::abs(error) < kObvious_stops) {
    if (looks_ < kLooks) return false;
    error = error_sum_stops_ / looks_;
  }
  forget_looks();
  next_look_us_ = captured_us + kRest_us;
  if (std::abs(error) <= kTolerance_stops) return false;
  return take_nearest(exposure_ * std::exp2(std::clamp(error, -kStepMax_stops, kStepMax_stops)));
}

void AutoExposure::forget_looks() {
  looks_ = 0;
  error_sum_stops_ = 0;
}

bool AutoExposure::take_nearest(double wish) {
  int rounded = static_cast<int>(std::lround(wish / range_.step)) * range_.step;
  int before = std::exchange(exposure_, std::clamp(rounded, range_.minimum, range_.maximum));
  return exposure_ != before;
}

}  // namespace camloop
