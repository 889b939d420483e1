#include "io/signal.h"

#include "base/check.h"

#include <utility>

namespace camloop {

Owned<Signal> Signal::create(Loop& loop, int number, std::function<void()> on_received) {
  Owned<Signal> signal(new Signal(loop, std::move(on_received)));
  auto on_signal = [](uv_signal_t* uv, int) {
    auto* self = static_cast<Signal*>(static_cast<Handle*>(uv->data));
    Loop::Turn turn(self->loop());
    self->on_received_();
  };
  CHECK(uv_signal_start(&signal->signal_, on_signal, number) == 0);
  return signal;
}

Signal::Signal(Loop& loop, std::function<void()> on_received)
    : Handle(loop), on_received_(std::move(on_received)) {
  CHECK(uv_signal_init(loop.uv(), &signal_) == 0);
  signal_.data = static_cast<Handle*>(this);
}

}  // namespace camloop
