// A frame: one complete JPEG that every sink can show as it is, and what is known about it.
#pragma once

#include "base/buffer.h"

#include <cstdint>

namespace camloop {

/// Copying a Frame shares the JPEG. Every frame has a DHT, ends in EOI, and holds no thumbnail.
struct Frame {
  BufferRef jpeg;
  int width = 0;
  int height = 0;
  int64_t captured_us = 0;  // monotonic, when the picture was taken
  uint64_t sequence = 0;    // of the source: a gap is a picture that the camera or we left out

  explicit operator bool() const { return static_cast<bool>(jpeg); }
};

/// The largest frame that is taken from anywhere: a 4K camera's worst JPEG is under half of it.
constexpr size_t kFrameSizeMax = 8u << 20;

}  // namespace camloop
