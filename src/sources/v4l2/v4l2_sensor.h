// The V831's image sensor: a V4L2 sub-device by itself, which holds the camera's exposure.
#pragma once

#include "base/result.h"
#include "sources/v4l2/auto_exposure.h"
#include "sources/v4l2/v4l2_calls.h"

#include <memory>
#include <optional>
#include <string>

namespace camloop {

/// Passive; closed when destroyed. Its driver writes all registers anew when the camera's stream
/// starts, so what is to stay is set behind that, every time.
class V4l2Sensor {
 public:
  /// The unit of its exposure: a line is 16.
  static constexpr int kLine = 16;

  /// nullptr where the machine has none. One that cannot be opened is logged, and then as good as
  /// none.
  static std::unique_ptr<V4l2Sensor> open(V4l2Calls& calls);
  ~V4l2Sensor() { calls_.close(descriptor_); }
  V4l2Sensor(const V4l2Sensor&) = delete;
  V4l2Sensor& operator=(const V4l2Sensor&) = delete;

  int descriptor() const { return descriptor_; }
  /// In whole lines, within a frame of the format that is set; none where it has no such control.
  std::optional<ExposureRange> exposure_range() const;
  /// Shows two or three frames later. Also sets the analogue gain to 1, as it is from the start.
  Result<> set_exposure(int exposure);

 private:
  V4l2Sensor(V4l2Calls& calls, std::string path, int descriptor);

  V4l2Calls& calls_;
  const std::string path_;
  const int descriptor_;
};

}  // namespace camloop
