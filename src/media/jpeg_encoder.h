// Raw pictures to JPEG (baseline, 4:2:0, or greyscale), a row of MCUs at a time, so that the caller
// can give the loop back between rows.
#pragma once

#include "base/buffer.h"
#include "base/result.h"
#include "media/picture.h"

#include <memory>

namespace camloop {

/// One encoding at a time; memory is kept from one to the next. Passive: it never calls out.
class JpegEncoder {
 public:
  JpegEncoder();
  ~JpegEncoder();
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;

  /// Starts on `picture`, whose pixels must stay valid until the last step. `quality` is libjpeg's,
  /// 1 to 100. An encoding in progress is abandoned. Fails on a size libjpeg cannot take.
  Result<> begin(const PictureView& picture, int quality, BufferPool& pool);
  /// Encodes the next 16 lines (8 of a greyscale picture). True once the JPEG is complete.
  Result<bool> step();
  /// The same for a kRgb24 picture without pixels: its lines are given one after the other, in
  /// place of step(). `rgb` may change once it is taken.
  Result<bool> put_line(const uint8_t* rgb);
  /// The JPEG, once step() or put_line() returned true.
  BufferRef take();

 private:
  struct State;
  Result<bool> advance(bool written);

  std::unique_ptr<State> state_;
};

}  // namespace camloop
