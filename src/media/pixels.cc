#include "media/pixels.h"

namespace camloop {
namespace {

// The loops are plain so that the compiler makes vectors of them; at -O2 it would not, so the
// Makefile compiles this file with -O3.

inline uint8_t mean(uint8_t a, uint8_t b) {
  return static_cast<uint8_t>((a + b + 1) / 2);
}

// `Luma` and `Chroma`: where the first sample of each lies in a group of four bytes.
template <size_t Luma, size_t Chroma>
inline void split_packed(const uint8_t* __restrict top, const uint8_t* __restrict bottom,
                         size_t count, uint8_t* __restrict luma_top,
                         uint8_t* __restrict luma_bottom, uint8_t* __restrict cb,
                         uint8_t* __restrict cr) {
  for (size_t i = 0; i < count; ++i) {
    luma_top[2 * i] = top[4 * i + Luma];
    luma_top[2 * i + 1] = top[4 * i + Luma + 2];
    luma_bottom[2 * i] = bottom[4 * i + Luma];
    luma_bottom[2 * i + 1] = bottom[4 * i + Luma + 2];
    cb[i] = mean(top[4 * i + Chroma], bottom[4 * i + Chroma]);
    cr[i] = mean(top[4 * i + Chroma + 2], bottom[4 * i + Chroma + 2]);
  }
}

}  // namespace

void split_pairs(const uint8_t* __restrict pairs, size_t count, uint8_t* __restrict first,
                 uint8_t* __restrict second) {
  for (size_t i = 0; i < count; ++i) {
    first[i] = pairs[2 * i];
    second[i] = pairs[2 * i + 1];
  }
}

void split_yuyv(const uint8_t* top, const uint8_t* bottom, size_t count, const PlanarRowPair& out) {
  split_packed<0, 1>(top, bottom, count, out.luma_top, out.luma_bottom, out.cb, out.cr);
}

void split_uyvy(const uint8_t* top, const uint8_t* bottom, size_t count, const PlanarRowPair& out) {
  split_packed<1, 0>(top, bottom, count, out.luma_top, out.luma_bottom, out.cb, out.cr);
}

}  // namespace camloop
