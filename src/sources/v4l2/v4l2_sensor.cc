#include "sources/v4l2/v4l2_sensor.h"

#include "base/log.h"
#include "sources/v4l2/v4l2_find.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <linux/videodev2.h>

namespace camloop {
namespace {

// From the BSP's <media/sunxi_camera_v2.h>; exposures are in 1/16 lines, gains in 1/16.
struct SensorConfig {
  int width, height;
  unsigned offsets[2], timings[5];
  int exposure_min, exposure_max;
  unsigned gains[2], bus_code, wide_range;
};
struct SensorExposure {
  int exposure, gain, red_gain, blue_gain;
};
constexpr unsigned long kGetSensorConfig = _IOWR('V', BASE_VIDIOC_PRIVATE + 60, SensorConfig);
constexpr unsigned long kSetSensorExposure = _IOWR('V', BASE_VIDIOC_PRIVATE + 61, SensorExposure);
static_assert(sizeof(SensorConfig) == 60 && sizeof(SensorExposure) == 16);

constexpr int kGainOfOne = 16;
// A frame of 1920x1080 has more lines than this, and no exposure may be longer than a frame.
constexpr int kLinesMax = 1080;

}  // namespace

std::unique_ptr<V4l2Sensor> V4l2Sensor::open(V4l2Calls& calls) {
  std::string path = find_v4l2_sensor(calls);
  if (path.empty()) return nullptr;
  int descriptor = calls.open(path.c_str());
  if (descriptor < 0) {
    log_warning("no auto-exposure: %s", system_error(path, errno).text.c_str());
    return nullptr;
  }
  return std::unique_ptr<V4l2Sensor>(new V4l2Sensor(calls, std::move(path), descriptor));
}

V4l2Sensor::V4l2Sensor(V4l2Calls& calls, std::string path, int descriptor)
    : calls_(calls), path_(std::move(path)), descriptor_(descriptor) {}

// The control's own range reaches far beyond a frame: what lies there is for the driver to say.
std::optional<ExposureRange> V4l2Sensor::exposure_range() const {
  v4l2_queryctrl control{};
  control.id = V4L2_CID_EXPOSURE;
  if (calls_.control(descriptor_, VIDIOC_QUERYCTRL, &control)) return std::nullopt;
  SensorConfig config{};
  calls_.control(descriptor_, kGetSensorConfig, &config);
  if (config.exposure_max <= 0) config.exposure_max = kLinesMax * kLine;
  int shortest = std::max({control.minimum, config.exposure_min, kLine});
  int longest = std::min(control.maximum, config.exposure_max);
  int lines_min = (shortest + kLine - 1) / kLine;
  int lines_max = longest / kLine;
  if (lines_min > lines_max) return std::nullopt;
  return ExposureRange{lines_min * kLine, lines_max * kLine, kLine};
}

// The driver calls its control volatile, and Linux ignores what is written to such a one unless it
// is marked as executed on write, which it is not. The vendor's library goes this way, too.
Result<> V4l2Sensor::set_exposure(int exposure) {
  SensorExposure both{exposure, kGainOfOne, 0, 0};
  if (calls_.control(descriptor_, kSetSensorExposure, &both) == 0) return {};
  v4l2_control control{V4L2_CID_EXPOSURE, exposure};
  int code = calls_.control(descriptor_, VIDIOC_S_CTRL, &control);
  if (code) return system_error(path_ + ": exposure", code);
  return {};
}

}  // namespace camloop
