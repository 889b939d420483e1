#include "media/luma.h"

#include <cmath>

namespace camloop {
namespace {

// Fine enough that what is left out, say a lamp, is under a five-hundredth of the picture.
constexpr int kColumns = 28;
constexpr int kRows = 18;

int luma_at(const PictureView& picture, int x, int y) {
  const Plane& plane = picture.planes[0];
  const uint8_t* row = plane.data + static_cast<size_t>(y) * plane.stride;
  switch (picture.format) {
    case PixelFormat::kYuyv:
      return row[2 * x];
    case PixelFormat::kUyvy:
      return row[2 * x + 1];
    case PixelFormat::kRgb24:
      // JFIF 1.02, in 1/256.
      return (77 * row[3 * x] + 150 * row[3 * x + 1] + 29 * row[3 * x + 2]) / 256;
    case PixelFormat::kNv12:
    case PixelFormat::kNv21:
    case PixelFormat::kYu12:
    case PixelFormat::kGrey:
      break;
  }
  return row[x];
}

// The middle of one of `count` parts of `length` pixels.
int middle(int index, int count, int length) {
  return (2 * index + 1) * length / (2 * count);
}

}  // namespace

double measure_luma(const PictureView& picture) {
  int squares = 0;  // at most 28 * 18 * 255 * 255 = 32,772,600
  for (int row = 0; row < kRows; ++row) {
    int y = middle(row, kRows, picture.height);
    for (int column = 0; column < kColumns; ++column) {
      int luma = luma_at(picture, middle(column, kColumns, picture.width), y);
      squares += luma * luma;
    }
  }
  return std::sqrt(static_cast<double>(squares) / (kColumns * kRows));
}

}  // namespace camloop
