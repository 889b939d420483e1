// Auto-exposure by program, for a sensor that leaves it to others. Passive: how bright pictures are
// and when they were taken goes in, how long to expose comes out.
//
// Exposure multiplies light, so all is reckoned in stops, which are factors of two. A picture that
// is off by more than a tolerance is corrected by as much as it is off: what is left is within the
// tolerance, and nothing more is done until the light changes. That holds for sensors whose luma is
// as the exposure, and for those with a gamma, which go part of the way at a time; any whose luma
// changes by less than two stops for one of exposure come to rest.
#pragma once

#include <cstdint>

namespace camloop {

/// What the sensor can do, in its own unit of time: multiples of `step`, of which `minimum` and
/// `maximum` are two. None is below 1.
struct ExposureRange {
  int minimum = 1;
  int maximum = 1;
  int step = 1;
};

class AutoExposure {
 public:
  /// What the luma of pictures is brought to: 18 % of white, middle grey, with the gamma of sRGB.
  static constexpr double kTargetLuma = 118;

  /// Pictures taken within `settle_us` after a change are not judged: a sensor takes its exposure
  /// up two or three frames later.
  AutoExposure(const ExposureRange& range, int64_t settle_us);

  /// What the sensor should be set to. At first the middle of what it can, in stops.
  int exposure() const { return exposure_; }
  /// The sensor was set to exposure().
  void on_set(int64_t now_us);

  /// Whether the luma of a picture is asked for. It is for some pictures only: a few in a row, then
  /// none for a while.
  bool due(int64_t captured_us) const { return captured_us >= next_look_us_; }
  /// The luma, 0 to 255, of a picture that was due; true when exposure() is another one since.
  bool look(double luma, int64_t captured_us);

 private:
  void forget_looks();
  bool take_nearest(double wish);

  ExposureRange range_;
  int64_t settle_us_;
  int exposure_;
  int64_t next_look_us_ = 0;
  int looks_ = 0;  // that error_sum_ is of
  double error_sum_stops_ = 0;
};

}  // namespace camloop
