// Timer: a call after a time, or again and again.
#pragma once

#include "io/handle.h"

#include <cstdint>
#include <functional>

#include <uv.h>

namespace camloop {

class Timer : public Handle {
 public:
  static Owned<Timer> create(Loop& loop, std::function<void()> on_due);

  /// Due once, `delay_us` from now, never before (libuv counts whole milliseconds: rounded up).
  /// Replaces what was set.
  void start(int64_t delay_us);
  /// Due every `period_us`, without drift, the first time after one period. A turn that comes late
  /// is not made up for: the next ones keep the original grid.
  void start_periodic(int64_t period_us);
  void stop();
  bool running() const;

 private:
  Timer(Loop& loop, std::function<void()> on_due);
  uv_handle_t* uv() override { return reinterpret_cast<uv_handle_t*>(&timer_); }
  void arm(int64_t due_us);
  void due();

  uv_timer_t timer_{};
  std::function<void()> on_due_;
  int64_t period_us_ = 0;  // 0: once
  int64_t due_us_ = 0;     // on the periodic grid
};

}  // namespace camloop
