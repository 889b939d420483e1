#include "sources/v4l2/v4l2_negotiate.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <optional>
#include <vector>

#include <linux/videodev2.h>

namespace camloop {
namespace {

// No format of ours may be larger in either direction: more than that is a driver's mistake.
constexpr int kSideMax = 16384;
// A driver whose list of formats does not end is not followed for ever.
constexpr uint32_t kListedFormatsMax = 64;
// sunxi-vin knows two capture modes; this is the one that repeats.
constexpr uint32_t kSunxiModeVideo = 0x0002;

std::vector<uint32_t> listed_formats(const V4l2Node& node) {
  std::vector<uint32_t> listed;
  for (uint32_t index = 0; index < kListedFormatsMax; ++index) {
    v4l2_fmtdesc description{};
    description.index = index;
    description.type = v4l2_queue_type(node);
    if (node.control(VIDIOC_ENUM_FMT, &description)) break;
    listed.push_back(description.pixelformat);
  }
  return listed;
}

// In the order to be tried: what was asked for, then all that the driver lists, or everything where
// it lists nothing.
std::vector<const V4l2Format*> candidates(const V4l2Node& node, const V4l2Format* asked) {
  std::vector<uint32_t> listed = listed_formats(node);
  std::vector<const V4l2Format*> result;
  if (asked) result.push_back(asked);
  for (const V4l2Format& format : v4l2_formats()) {
    bool offered = listed.empty() || std::count(listed.begin(), listed.end(), format.fourcc) != 0;
    bool possible = node.multi_planar() || format.memories == 1;
    if (offered && possible && &format != asked) result.push_back(&format);
  }
  return result;
}

Result<V4l2Grant> read_format(const V4l2Node& node) {
  v4l2_format answer{};
  answer.type = v4l2_queue_type(node);
  if (int code = node.control(VIDIOC_G_FMT, &answer)) return node.error("G_FMT", code);
  V4l2Grant grant;
  const v4l2_pix_format& single = answer.fmt.pix;
  const v4l2_pix_format_mplane& multi = answer.fmt.pix_mp;
  grant.format = find_v4l2_format(node.multi_planar() ? multi.pixelformat : single.pixelformat);
  if (!grant.format) return Error{node.path() + ": no format that can be read", EINVAL};
  uint32_t width = node.multi_planar() ? multi.width : single.width;
  uint32_t height = node.multi_planar() ? multi.height : single.height;
  if (width < 2 || height < 2 || width > kSideMax || height > kSideMax) {
    return Error{node.path() + ": a picture of impossible size", EINVAL};
  }
  grant.width = static_cast<int>(width);
  grant.height = static_cast<int>(height);
  grant.strides[0] = single.bytesperline;
  if (!node.multi_planar()) return grant;
  if (multi.num_planes != grant.format->memories) {
    return Error{node.path() + ": an impossible number of planes", EINVAL};
  }
  for (size_t i = 0; i < multi.num_planes; ++i) {
    grant.strides[i] = multi.plane_fmt[i].bytesperline;
  }
  return grant;
}

// The answer of S_FMT is not used: sunxi-vin leaves out the number of planes. Nor is TRY_FMT: there
// it changes the state.
Result<V4l2Grant> set_format(const V4l2Node& node, const V4l2Format& format,
                             const SourceOptions& options) {
  auto width = static_cast<uint32_t>(options.width);
  auto height = static_cast<uint32_t>(options.height);
  v4l2_format wish{};
  wish.type = v4l2_queue_type(node);
  if (node.multi_planar()) {
    wish.fmt.pix_mp.width = width;
    wish.fmt.pix_mp.height = height;
    wish.fmt.pix_mp.pixelformat = format.fourcc;
    wish.fmt.pix_mp.field = V4L2_FIELD_NONE;
    wish.fmt.pix_mp.num_planes = static_cast<uint8_t>(format.memories);
  } else {
    wish.fmt.pix.width = width;
    wish.fmt.pix.height = height;
    wish.fmt.pix.pixelformat = format.fourcc;
    wish.fmt.pix.field = V4L2_FIELD_NONE;
  }
  if (int code = node.control(VIDIOC_S_FMT, &wish)) return node.error("S_FMT", code);
  return read_format(node);
}

bool settles(const V4l2Grant& grant, const V4l2Format& wished, const V4l2Format* asked,
             const SourceOptions& options) {
  bool size_fits = grant.width == options.width && grant.height == options.height;
  return grant.format == &wished && (&wished == asked || size_fits);
}

Result<V4l2Grant> choose_format(const V4l2Node& node, const SourceOptions& options) {
  const V4l2Format* asked = find_v4l2_format(parse_fourcc(options.format));
  const V4l2Format* second_best = nullptr;
  std::optional<Error> refusal;
  for (const V4l2Format* format : candidates(node, asked)) {
    Result<V4l2Grant> grant = set_format(node, *format, options);
    if (grant && settles(grant.value(), *format, asked, options)) return grant;
    if (grant && !second_best) second_best = format;
    if (!grant && grant.error().code != EINVAL) return grant;
    if (!grant && !refusal) refusal = grant.error();
  }
  if (second_best) return set_format(node, *second_best, options);
  if (refusal) return *refusal;
  return Error{node.path() + " offers no format that can be read", EINVAL};
}

// The rate granted, 0 where the driver does not say. Many cannot be told at all.
double set_rate(const V4l2Node& node, double fps) {
  v4l2_streamparm wish{};
  wish.type = v4l2_queue_type(node);
  if (node.sunxi()) wish.parm.capture.capturemode = kSunxiModeVideo;
  uint32_t scale = fps == std::floor(fps) ? 1 : 1000;
  wish.parm.capture.timeperframe = {scale, static_cast<uint32_t>(std::lround(fps * scale))};
  if (node.control(VIDIOC_S_PARM, &wish)) return 0;
  const v4l2_fract& interval = wish.parm.capture.timeperframe;
  if (interval.numerator == 0) return 0;
  return static_cast<double>(interval.denominator) / interval.numerator;
}

}  // namespace

Result<V4l2Grant> negotiate_v4l2(const V4l2Node& node, const SourceOptions& options) {
  // sunxi-vin chooses the sensor's mode by both when the format is set; UVC goes back to its own
  // rate with every new format.
  double fps = node.sunxi() ? set_rate(node, options.fps) : 0;
  V4l2Grant grant = TRY(choose_format(node, options));
  grant.fps = node.sunxi() ? fps : set_rate(node, options.fps);
  return grant;
}

uint32_t v4l2_queue_type(const V4l2Node& node) {
  return node.multi_planar() ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
}

}  // namespace camloop
