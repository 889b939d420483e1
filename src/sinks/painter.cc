#include "sinks/painter.h"

namespace camloop {

Result<> Painter::begin(const Frame& frame, Framebuffer& framebuffer) {
  frame_ = frame;
  place(framebuffer);
  TRY(decoder_.begin(frame.jpeg.bytes(), fitted_));
  scaler_.begin(decoder_.size(), fitted_);
  return {};
}

void Painter::place(Framebuffer& framebuffer) {
  framebuffer_ = &framebuffer;
  Size screen = framebuffer.size();
  Size fitted = fit({frame_.width, frame_.height}, screen);
  if (fitted != fitted_) framebuffer.clear();
  fitted_ = fitted;
  left_ = (screen.width - fitted.width) / 2;
  top_ = (screen.height - fitted.height) / 2;
  line_ = 0;
}

Result<bool> Painter::step() {
  if (const uint8_t* line = scaler_.next()) {
    framebuffer_->put_line(left_, top_ + line_, line, fitted_.width);
    if (++line_ < fitted_.height) return false;
    end();
    return true;
  }
  if (const uint8_t* line = TRY(decoder_.step())) scaler_.put(line);
  return false;
}

void Painter::end() {
  decoder_.end();
  frame_ = {};
}

}  // namespace camloop
