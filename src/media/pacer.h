// A frame rate limit that picks frames from a faster stream without drifting or stuttering.
#pragma once

#include <cstdint>

namespace camloop {

/// Passive; times are the frames' capture times.
class Pacer {
 public:
  /// `fps_max` 0: every frame.
  explicit Pacer(double fps_max = 0)
      : interval_us_(fps_max > 0 ? static_cast<int64_t>(1e6 / fps_max) : 0) {}

  /// Whether a frame captured at `captured_us` is due.
  bool due(int64_t captured_us) const { return captured_us + slack_us() >= next_us_; }
  /// That frame was taken: the next one is due an interval later, on the grid while frames keep up.
  void take(int64_t captured_us) {
    bool behind = captured_us - next_us_ > interval_us_;
    next_us_ = (behind ? captured_us : next_us_) + interval_us_;
  }

 private:
  // A camera's frames come early as often as late: without slack every second one of a 15 fps
  // camera would miss a 15 fps grid.
  int64_t slack_us() const { return interval_us_ / 4; }

  int64_t interval_us_;
  int64_t next_us_ = 0;
};

}  // namespace camloop
