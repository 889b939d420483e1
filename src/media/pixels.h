// Rows of camera pixels taken apart into the planes that JPEG wants.
#pragma once

#include <cstddef>
#include <cstdint>

namespace camloop {

/// A row of NV12 or NV21 chroma: `count` pairs of bytes become `count` bytes each of `first` and
/// `second`, which lie apart from each other and from `pairs`.
void split_pairs(const uint8_t* pairs, size_t count, uint8_t* first, uint8_t* second);

/// Two rows of 4:2:0, apart from each other and from what they are made of: `count` bytes each of
/// chroma, 2 * `count` each of luma.
struct PlanarRowPair {
  uint8_t* luma_top;
  uint8_t* luma_bottom;
  uint8_t* cb;
  uint8_t* cr;
};

/// Two rows of packed 4:2:2, `count` groups of four bytes (two pixels) each, to 4:2:0: chroma
/// becomes the mean of both rows, which is where JPEG places it. `top` and `bottom` may be the same
/// row.
void split_yuyv(const uint8_t* top, const uint8_t* bottom, size_t count, const PlanarRowPair& out);
void split_uyvy(const uint8_t* top, const uint8_t* bottom, size_t count, const PlanarRowPair& out);

}  // namespace camloop
