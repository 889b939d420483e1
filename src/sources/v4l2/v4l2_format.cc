#include "sources/v4l2/v4l2_format.h"

#include <strings.h>
#include <algorithm>
#include <utility>

#include <linux/videodev2.h>

namespace camloop {
namespace {

constexpr bool kJpeg = true;
constexpr bool kRaw = false;

// JPEG costs no encoding; 4:2:0 goes to the encoder as it is; the others are converted; grey comes
// last because colour is wanted.
constexpr V4l2Format kFormats[] = {
    {V4L2_PIX_FMT_MJPEG, 1, kJpeg, PixelFormat::kYu12, false},
    {V4L2_PIX_FMT_JPEG, 1, kJpeg, PixelFormat::kYu12, false},
    {V4L2_PIX_FMT_NV12, 1, kRaw, PixelFormat::kNv12, false},
    {V4L2_PIX_FMT_NV12M, 2, kRaw, PixelFormat::kNv12, false},
    {V4L2_PIX_FMT_YUV420, 1, kRaw, PixelFormat::kYu12, false},
    {V4L2_PIX_FMT_YUV420M, 3, kRaw, PixelFormat::kYu12, false},
    {V4L2_PIX_FMT_YVU420, 1, kRaw, PixelFormat::kYu12, true},
    {V4L2_PIX_FMT_YVU420M, 3, kRaw, PixelFormat::kYu12, true},
    {V4L2_PIX_FMT_NV21, 1, kRaw, PixelFormat::kNv21, false},
    {V4L2_PIX_FMT_NV21M, 2, kRaw, PixelFormat::kNv21, false},
    {V4L2_PIX_FMT_YUYV, 1, kRaw, PixelFormat::kYuyv, false},
    {V4L2_PIX_FMT_UYVY, 1, kRaw, PixelFormat::kUyvy, false},
    {V4L2_PIX_FMT_RGB24, 1, kRaw, PixelFormat::kRgb24, false},
    {V4L2_PIX_FMT_GREY, 1, kRaw, PixelFormat::kGrey, false},
};

// What people write that is not the fourcc itself.
constexpr std::pair<const char*, uint32_t> kAliases[] = {
    {"MJPEG", V4L2_PIX_FMT_MJPEG},     {"I420", V4L2_PIX_FMT_YUV420},
    {"YUV420", V4L2_PIX_FMT_YUV420},   {"YVU420", V4L2_PIX_FMT_YVU420},
    {"YUV420M", V4L2_PIX_FMT_YUV420M}, {"YVU420M", V4L2_PIX_FMT_YVU420M},
    {"NV12M", V4L2_PIX_FMT_NV12M},     {"NV21M", V4L2_PIX_FMT_NV21M},
    {"RGB24", V4L2_PIX_FMT_RGB24},
};

size_t align16(size_t value) {
  return (value + 15) / 16 * 16;
}

size_t bytes_per_pixel(PixelFormat pixels) {
  switch (pixels) {
    case PixelFormat::kRgb24:
      return 3;
    case PixelFormat::kYuyv:
    case PixelFormat::kUyvy:
      return 2;
    default:
      return 1;  // of the first plane
  }
}

bool chroma_in_pairs(PixelFormat pixels) {
  return pixels != PixelFormat::kRgb24 && pixels != PixelFormat::kGrey;
}

// Planes behind the luma: one of interleaved pairs, or two.
int chroma_planes(PixelFormat pixels) {
  switch (pixels) {
    case PixelFormat::kNv12:
    case PixelFormat::kNv21:
      return 1;
    case PixelFormat::kYu12:
      return 2;
    default:
      return 0;
  }
}

}  // namespace

std::span<const V4l2Format> v4l2_formats() {
  return kFormats;
}

const V4l2Format* find_v4l2_format(uint32_t fourcc) {
  auto is_it = [fourcc](const V4l2Format& format) { return format.fourcc == fourcc; };
  const auto* found = std::find_if(std::begin(kFormats), std::end(kFormats), is_it);
  return found == std::end(kFormats) ? nullptr : found;
}

uint32_t parse_fourcc(const std::string& name) {
  for (const auto& [alias, fourcc] : kAliases) {
    if (strcasecmp(name.c_str(), alias) == 0) return fourcc;
  }
  for (const V4l2Format& format : kFormats) {
    if (strcasecmp(name.c_str(), fourcc_text(format.fourcc).c_str()) == 0) return format.fourcc;
  }
  return 0;
}

std::string fourcc_text(uint32_t fourcc) {
  std::string text;
  for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>(fourcc >> shift & 0x7f);
  return text;
}

PictureLayout picture_layout(const V4l2Format& format, int width, int height,
                             const MemoryStrides& strides, bool sunxi) {
  size_t pixel_bytes = bytes_per_pixel(format.pixels);
  auto columns = static_cast<size_t>(width);
  auto rows = static_cast<size_t>(height);
  size_t even_columns = chroma_in_pairs(format.pixels) ? columns & ~size_t{1} : columns;
  size_t stride = columns * pixel_bytes;
  if (!sunxi) stride = std::max(stride, strides[0]);

  PictureLayout layout{
      static_cast<int>(even_columns), height, 1 + chroma_planes(format.pixels), {}};
  layout.planes[0] = {0, 0, stride, even_columns * pixel_bytes, rows};
  if (layout.plane_count == 1) return layout;

  size_t luma_bytes = (sunxi ? align16(columns) : stride) * rows;
  size_t share =
      layout.plane_count == 2 ? 1 : 2;  // two chroma planes have half the luma's width each
  PlaneLayout chroma{0, luma_bytes, stride / share, even_columns / share, (rows + 1) / 2};
  size_t chroma_bytes = sunxi ? luma_bytes / 4 : chroma.stride * chroma.rows;
  for (int i = 1; i < layout.plane_count; ++i) {
    PlaneLayout& plane = layout.planes[static_cast<size_t>(i)] = chroma;
    if (format.memories == 1) {
      plane.offset += chroma_bytes * static_cast<size_t>(i - 1);
    } else {
      plane.memory = i;
      plane.offset = 0;
      if (!sunxi) plane.stride = std::max(chroma.row_bytes, strides[static_cast<size_t>(i)]);
    }
  }
  if (format.v_first) std::swap(layout.planes[1], layout.planes[2]);
  return layout;
}

}  // namespace camloop
