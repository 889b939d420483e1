// The rows of a picture as a 4:2:0 or greyscale JPEG encoder takes them: 16 lines at a time,
// planar, in whole blocks of 8 samples.
#pragma once

#include "media/picture.h"

#include <array>
#include <vector>

namespace camloop {

/// Rows of one row of MCUs. Rows that lie in the picture as they should are pointed at; others are
/// made in memory that is kept from picture to picture. Below and right of the picture its edge
/// repeats. Never reads outside the picture.
class McuRows {
 public:
  static constexpr int kLumaRows = 16;
  static constexpr int kChromaRows = 8;

  /// Any format but kRgb24. `picture` is read until the next begin().
  void begin(const PictureView& picture);
  /// Makes the rows from line `top` on, a multiple of 8, below `height`.
  void gather(int top);

  /// Valid until the next gather(). libjpeg wants them writable and does not write; greyscale
  /// pictures have no chroma.
  uint8_t** luma() { return luma_.data(); }
  uint8_t** cb() { return cb_.data(); }
  uint8_t** cr() { return cr_.data(); }

 private:
  uint8_t* plane_row(const Plane& plane, size_t row, size_t width, uint8_t* spare) const;
  void gather_luma(size_t top);
  void gather_planar_chroma(size_t top);
  void gather_paired_chroma(size_t top);
  void gather_packed(size_t top);
  uint8_t* spare_luma(size_t row) { return memory_.data() + row * luma_stride_; }
  uint8_t* spare_cb(size_t row) { return spare_luma(kLumaRows) + row * chroma_stride_; }
  uint8_t* spare_cr(size_t row) { return spare_cb(kChromaRows) + row * chroma_stride_; }

  PictureView picture_;
  size_t width_ = 0;
  size_t height_ = 0;
  size_t chroma_width_ = 0;
  size_t chroma_height_ = 0;
  size_t luma_stride_ = 0;
  size_t chroma_stride_ = 0;
  std::vector<uint8_t> memory_;
  std::array<uint8_t*, kLumaRows> luma_{};
  std::array<uint8_t*, kChromaRows> cb_{};
  std::array<uint8_t*, kChromaRows> cr_{};
};

}  // namespace camloop
