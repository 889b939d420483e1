#include "io/loop.h"

#include "base/check.h"
#include "base/clock.h"

#include <uv.h>

namespace camloop {

Loop::Loop()
    : uv_(std::make_unique<uv_loop_t>()),
      // Not value-initialised: pages that no read fills are never resident.
      read_buffer_(new uint8_t[kReadBufferSize]) {
  CHECK(uv_loop_init(uv_.get()) == 0);
}

Loop::~Loop() {
  CHECK(uv_loop_close(uv_.get()) == 0);
}

void Loop::run() {
  uv_run(uv_.get(), UV_RUN_DEFAULT);
}

void Loop::stop() {
  uv_stop(uv_.get());
}

void Loop::drain() {
  CHECK(uv_run(uv_.get(), UV_RUN_DEFAULT) == 0);
}

bool Loop::drain_within(int64_t patience_us) {
  uv_timer_t limit;
  CHECK(uv_timer_init(uv_.get(), &limit) == 0);
  auto stop = [](uv_timer_t* timer) { uv_stop(timer->loop); };
  CHECK(uv_timer_start(&limit, stop, static_cast<uint64_t>(patience_us / kMillisecond_us), 0) == 0);
  uv_unref(reinterpret_cast<uv_handle_t*>(&limit));  // it alone keeps nothing waiting
  bool drained = uv_run(uv_.get(), UV_RUN_DEFAULT) == 0;
  uv_close(reinterpret_cast<uv_handle_t*>(&limit), nullptr);
  uv_run(uv_.get(), UV_RUN_NOWAIT);
  return drained;
}

Loop::Turn::Turn(Loop& loop) : loop_(loop), begin_us_(monotonic_us()) {}

Loop::Turn::~Turn() {
  loop_.stalls_.add(monotonic_us() - begin_us_);
}

}  // namespace camloop
