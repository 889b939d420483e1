#include "sources/ticker.h"

#include "base/check.h"
#include "base/clock.h"

#include <utility>

namespace camloop {

Ticker::Ticker(Loop& loop, double fps, std::function<void()> on_tick)
    : timer_(Timer::create(loop, [this] { due(); })), on_tick_(std::move(on_tick)) {
  CHECK(fps > 0);
  frame_us_ = static_cast<int64_t>(kSecond_us / fps);
  timer_->start(0);
}

void Ticker::set_active(bool active) {
  if (active == active_) return;
  active_ = active;
  at_once_ = active;
  if (active) {
    timer_->start(0);
  } else {
    timer_->start_periodic(kSecond_us);
  }
}

void Ticker::due() {
  if (std::exchange(at_once_, false)) timer_->start_periodic(active_ ? frame_us_ : kSecond_us);
  on_tick_();
}

}  // namespace camloop
