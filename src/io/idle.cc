#include "io/idle.h"

#include "base/check.h"

#include <utility>

namespace camloop {

Owned<Idle> Idle::create(Loop& loop, std::function<void()> on_turn) {
  return Owned<Idle>(new Idle(loop, std::move(on_turn)));
}

Idle::Idle(Loop& loop, std::function<void()> on_turn) : Handle(loop), on_turn_(std::move(on_turn)) {
  CHECK(uv_idle_init(loop.uv(), &idle_) == 0);
  idle_.data = static_cast<Handle*>(this);
}

void Idle::start() {
  auto on_idle = [](uv_idle_t* idle) {
    auto* self = static_cast<Idle*>(static_cast<Handle*>(idle->data));
    Loop::Turn turn(self->loop());
    self->on_turn_();
  };
  CHECK(uv_idle_start(&idle_, on_idle) == 0);
}

void Idle::stop() {
  uv_idle_stop(&idle_);
}

}  // namespace camloop
