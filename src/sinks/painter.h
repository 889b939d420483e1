// Draws a frame onto a framebuffer: decoded, scaled to fit, in the middle, on black.
#pragma once

#include "media/frame.h"
#include "media/jpeg_decoder.h"
#include "media/scale.h"
#include "sinks/framebuffer.h"

namespace camloop {

/// One frame at a time, in small steps. Passive. No second copy of the screen is kept: lines are
/// drawn as they are decoded.
class Painter {
 public:
  /// `framebuffer` is drawn to until the last step or end().
  Result<> begin(const Frame& frame, Framebuffer& framebuffer);
  /// True once all is drawn. After an Error the frame cannot be finished: end() it.
  Result<bool> step();
  void end();
  bool busy() const { return static_cast<bool>(frame_); }

 private:
  void place(Framebuffer& framebuffer);

  Frame frame_;  // being drawn
  Framebuffer* framebuffer_ = nullptr;
  JpegDecoder decoder_;
  LineScaler scaler_;
  Size fitted_;  // around which the screen is black
  int left_ = 0;
  int top_ = 0;
  int line_ = 0;  // of fitted_, the next one
};

}  // namespace camloop
