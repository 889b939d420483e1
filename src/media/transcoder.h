// A frame once more in a lower quality, a little at a time: for links that are slower than the
// rest of the house.
#pragma once

#include "media/frame.h"
#include "media/jpeg_decoder.h"
#include "media/jpeg_encoder.h"

namespace camloop {

/// One frame at a time. Passive: it never calls out. No copy of the picture is kept: lines are
/// encoded as they are decoded.
class Transcoder {
 public:
  /// Starts on `frame`. False: it is of that quality or a lower one already, and nothing was
  /// started. Fails as JpegDecoder::begin() does.
  Result<bool> begin(const Frame& frame, int quality, BufferPool& pool);
  bool busy() const { return static_cast<bool>(frame_); }
  /// As much as one row of blocks takes. True once the JPEG is complete; an Error is the end.
  Result<bool> step();
  /// The frame with its new JPEG, once step() returned true.
  Frame take();
  void end();

 private:
  Result<bool> try_step();

  Frame frame_;  // in progress
  JpegDecoder decoder_;
  JpegEncoder encoder_;
};

}  // namespace camloop
