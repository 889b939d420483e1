#include "io/poll.h"

#include "base/check.h"

#include <utility>

namespace camloop {

Owned<Poll> Poll::create(Loop& loop, int descriptor, OnReady on_ready, Event event) {
  return Owned<Poll>(new Poll(loop, descriptor, std::move(on_ready), event));
}

Poll::Poll(Loop& loop, int descriptor, OnReady on_ready, Event event)
    : Handle(loop), on_ready_(std::move(on_ready)), event_(event) {
  CHECK(uv_poll_init(loop.uv(), &poll_, descriptor) == 0);
  poll_.data = static_cast<Handle*>(this);
}

void Poll::start() {
  auto on_poll = [](uv_poll_t* poll, int status, int) {
    auto* self = static_cast<Poll*>(static_cast<Handle*>(poll->data));
    Loop::Turn turn(self->loop());
    self->on_ready_(status < 0);
  };
  int events = event_ == Event::kReadable ? UV_READABLE : UV_WRITABLE;
  CHECK(uv_poll_start(&poll_, events, on_poll) == 0);
}

void Poll::stop() {
  uv_poll_stop(&poll_);
}

}  // namespace camloop
