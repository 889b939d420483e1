// The mailbox of one client: the newest frame it has not been sent yet, nothing older.
#pragma once

#include "media/frame.h"

#include <utility>

namespace camloop {

class Mailbox {
 public:
  bool empty() const { return !frame_; }
  /// Keeps `frame` in place of what was there; an older frame that nobody took is counted.
  void put(const Frame& frame) {
    if (frame_) ++replaced_;
    frame_ = frame;
  }
  Frame take() { return std::exchange(frame_, Frame{}); }
  const Frame& front() const { return frame_; }
  uint64_t replaced() const { return replaced_; }

 private:
  Frame frame_;
  uint64_t replaced_ = 0;
};

}  // namespace camloop
