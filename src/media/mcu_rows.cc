#include "media/mcu_rows.h"

#include "base/check.h"
#include "media/pixels.h"

#include <algorithm>
#include <cstring>

namespace camloop {
namespace {

constexpr size_t kBlock = 8;

size_t whole_blocks(size_t samples) {
  return (samples + kBlock - 1) / kBlock * kBlock;
}

// The edge repeated is what costs the fewest bits, and shows nothing foreign in the last block.
void repeat_edge(uint8_t* row, size_t width) {
  std::memset(row + width, row[width - 1], whole_blocks(width) - width);
}

}  // namespace

void McuRows::begin(const PictureView& picture) {
  CHECK(picture.width > 0 && picture.height > 0 && picture.format != PixelFormat::kRgb24);
  picture_ = picture;
  width_ = static_cast<size_t>(picture.width);
  height_ = static_cast<size_t>(picture.height);
  chroma_width_ = (width_ + 1) / 2;
  chroma_height_ = (height_ + 1) / 2;
  chroma_stride_ = whole_blocks(chroma_width_);
  luma_stride_ = 2 * chroma_stride_;
  memory_.resize(kLumaRows * luma_stride_ + 2 * kChromaRows * chroma_stride_);
}

void McuRows::gather(int top_line) {
  auto top = static_cast<size_t>(top_line);
  CHECK(top_line >= 0 && top < height_);
  switch (picture_.format) {
    case PixelFormat::kYuyv:
    case PixelFormat::kUyvy:
      return gather_packed(top);
    case PixelFormat::kNv12:
    case PixelFormat::kNv21:
      gather_paired_chroma(top / 2);
      return gather_luma(top);
    case PixelFormat::kYu12:
      gather_planar_chroma(top / 2);
      return gather_luma(top);
    case PixelFormat::kGrey:
    case PixelFormat::kRgb24:
      return gather_luma(top);
  }
}

uint8_t* McuRows::plane_row(const Plane& plane, size_t row, size_t width, uint8_t* spare) const {
  const uint8_t* source = plane.data + row * plane.stride;
  if (width % kBlock == 0) return const_cast<uint8_t*>(source);
  std::memcpy(spare, source, width);
  repeat_edge(spare, width);
  return spare;
}

void McuRows::gather_luma(size_t top) {
  for (size_t i = 0; i < kLumaRows; ++i) {
    luma_[i] = top + i < height_ ? plane_row(picture_.planes[0], top + i, width_, spare_luma(i))
                                 : luma_[i - 1];
  }
}

void McuRows::gather_planar_chroma(size_t top) {
  for (size_t i = 0; i < kChromaRows; ++i) {
    bool inside = top + i < chroma_height_;
    cb_[i] =
        inside ? plane_row(picture_.planes[1], top + i, chroma_width_, spare_cb(i)) : cb_[i - 1];
    cr_[i] =
        inside ? plane_row(picture_.planes[2], top + i, chroma_width_, spare_cr(i)) : cr_[i - 1];
  }
}

void McuRows::gather_paired_chroma(size_t top) {
  const Plane& pairs = picture_.planes[1];
  bool cb_first = picture_.format == PixelFormat::kNv12;
  for (size_t i = 0; i < kChromaRows; ++i) {
    if (top + i >= chroma_height_) {
      cb_[i] = cb_[i - 1];
      cr_[i] = cr_[i - 1];
      continue;
    }
    cb_[i] = spare_cb(i);
    cr_[i] = spare_cr(i);
    split_pairs(pairs.data + (top + i) * pairs.stride, chroma_width_, cb_first ? cb_[i] : cr_[i],
                cb_first ? cr_[i] : cb_[i]);
    repeat_edge(cb_[i], chroma_width_);
    repeat_edge(cr_[i], chroma_width_);
  }
}

void McuRows::gather_packed(size_t top) {
  const Plane& packed = picture_.planes[0];
  auto split = picture_.format == PixelFormat::kYuyv ? split_yuyv : split_uyvy;
  for (size_t i = 0; i < kChromaRows; ++i) {
    size_t row = top + 2 * i;
    if (row >= height_) {
      luma_[2 * i] = luma_[2 * i + 1] = luma_[2 * i - 1];
      cb_[i] = cb_[i - 1];
      cr_[i] = cr_[i - 1];
      continue;
    }
    const uint8_t* upper = packed.data + row * packed.stride;
    const uint8_t* lower = row + 1 < height_ ? upper + packed.stride : upper;
    PlanarRowPair out{spare_luma(2 * i), spare_luma(2 * i + 1), spare_cb(i), spare_cr(i)};
    split(upper, lower, chroma_width_, out);
    for (uint8_t* luma : {out.luma_top, out.luma_bottom}) repeat_edge(luma, width_);
    for (uint8_t* chroma : {out.cb, out.cr}) repeat_edge(chroma, chroma_width_);
    luma_[2 * i] = out.luma_top;
    luma_[2 * i + 1] = out.luma_bottom;
    cb_[i] = out.cb;
    cr_[i] = out.cr;
  }
}

}  // namespace camloop
