// Which pixel formats are taken from V4L2, and where their planes lie in memory.
// Source: the kernel's "Image Formats" chapter; for sunxi-vin its driver, which is told apart.
#pragma once

#include "media/picture.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace camloop {

/// A format of V4L2 in our terms.
struct V4l2Format {
  uint32_t fourcc;
  int memories;  // separately mapped pieces: over 1 only for the formats with an M
  bool jpeg;     // then there are no planes and `pixels` means nothing
  PixelFormat pixels;
  bool v_first;  // the V plane comes before the U plane
};

/// All that can be read, what costs least first.
std::span<const V4l2Format> v4l2_formats();
/// nullptr where it cannot be read.
const V4l2Format* find_v4l2_format(uint32_t fourcc);
/// A format's name as people write it, in any case ("MJPG", "mjpeg", "I420"); 0 where it is none.
uint32_t parse_fourcc(const std::string& name);
std::string fourcc_text(uint32_t fourcc);

/// Bytes from one row to the next in each memory, as the driver says.
using MemoryStrides = std::array<size_t, 3>;

struct PlaneLayout {
  int memory = 0;
  size_t offset = 0;  // of the top row within its memory
  size_t stride = 0;
  size_t row_bytes = 0;
  size_t rows = 0;

  /// Offset behind the last pixel; the last row's padding may be missing.
  size_t end() const { return offset + (rows - 1) * stride + row_bytes; }
};

struct PictureLayout {
  int width = 0;  // pixels; the driver's, made even where chroma is shared by pairs
  int height = 0;
  int plane_count = 0;
  std::array<PlaneLayout, 3> planes;  // in the order of PictureView
};

/// `sunxi`: the strides are not to be trusted, and luma rows count as multiples of 16 pixels where
/// the chroma begins.
PictureLayout picture_layout(const V4l2Format& format, int width, int height,
                             const MemoryStrides& strides, bool sunxi);

}  // namespace camloop
