#include "io/timer.h"

#include "base/check.h"
#include "base/clock.h"

#include <algorithm>
#include <utility>

namespace camloop {

Owned<Timer> Timer::create(Loop& loop, std::function<void()> on_due) {
  return Owned<Timer>(new Timer(loop, std::move(on_due)));
}

Timer::Timer(Loop& loop, std::function<void()> on_due) : Handle(loop), on_due_(std::move(on_due)) {
  CHECK(uv_timer_init(loop.uv(), &timer_) == 0);
  timer_.data = static_cast<Handle*>(this);
}

void Timer::start(int64_t delay_us) {
  period_us_ = 0;
  arm(monotonic_us() + delay_us);
}

void Timer::start_periodic(int64_t period_us) {
  CHECK(period_us > 0);
  period_us_ = period_us;
  arm(monotonic_us() + period_us);
}

// A period of 33.3 ms cannot be told to libuv: every turn is armed anew from the grid in
// microseconds. libuv's clock is the same one, in whole milliseconds: the first of them that is not
// before the time due is the one to wait for.
void Timer::arm(int64_t due_us) {
  due_us_ = due_us;
  int64_t due_ms = (due_us + kMillisecond_us - 1) / kMillisecond_us;
  int64_t wait_ms = std::max<int64_t>(due_ms - static_cast<int64_t>(uv_now(loop().uv())), 0);
  auto on_timer = [](uv_timer_t* timer) {
    static_cast<Timer*>(static_cast<Handle*>(timer->data))->due();
  };
  CHECK(uv_timer_start(&timer_, on_timer, static_cast<uint64_t>(wait_ms), 0) == 0);
}

void Timer::due() {
  Loop::Turn turn(loop());
  if (period_us_ > 0) {
    int64_t late_us = monotonic_us() - due_us_;
    int64_t missed = std::max<int64_t>(late_us, 0) / period_us_;
    arm(due_us_ + (missed + 1) * period_us_);
  }
  on_due_();
}

void Timer::stop() {
  uv_timer_stop(&timer_);
}

bool Timer::running() const {
  return uv_is_active(reinterpret_cast<const uv_handle_t*>(&timer_)) != 0;
}

}  // namespace camloop
