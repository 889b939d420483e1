#include "media/transcoder.h"

#include <utility>

namespace camloop {

Result<bool> Transcoder::begin(const Frame& frame, int quality, BufferPool& pool) {
  TRY(decoder_.begin(frame.jpeg.bytes(), {frame.width, frame.height}));
  if (decoder_.quality() <= quality) {
    decoder_.end();
    return false;
  }
  PictureView view{.format = PixelFormat::kRgb24};
  view.width = decoder_.size().width;
  view.height = decoder_.size().height;
  TRY(encoder_.begin(view, quality, pool));
  frame_ = frame;
  return true;
}

Result<bool> Transcoder::step() {
  Result<bool> done = try_step();
  if (!done.ok()) end();
  return done;
}

Result<bool> Transcoder::try_step() {
  const uint8_t* line = TRY(decoder_.step());
  return line ? encoder_.put_line(line) : false;
}

Frame Transcoder::take() {
  frame_.jpeg = encoder_.take();
  decoder_.end();
  return std::exchange(frame_, {});
}

void Transcoder::end() {
  decoder_.end();
  frame_ = {};
}

}  // namespace camloop
