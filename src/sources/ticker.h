// Ticker: the beat of a source that has no device to set it.
#pragma once

#include "io/timer.h"

#include <functional>

namespace camloop {

/// Beats at once when made, then once a second; while active at the frame rate.
class Ticker {
 public:
  Ticker(Loop& loop, double fps, std::function<void()> on_tick);

  /// The first tick after becoming active comes at once, from the loop.
  void set_active(bool active);

 private:
  void due();

  Owned<Timer> timer_;
  std::function<void()> on_tick_;
  int64_t frame_us_;
  bool active_ = false;
  bool at_once_ = true;  // the timer is set for one tick out of the beat
};

}  // namespace camloop
