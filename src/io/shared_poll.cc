#include "io/shared_poll.h"

#include "base/check.h"

#include <utility>

#include <sys/epoll.h>
#include <unistd.h>

namespace camloop {

SharedPoll::SharedPoll(Loop& loop, int descriptor, Poll::Event event,
                       std::function<void()> on_ready)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  CHECK(epoll_ >= 0);
  epoll_event wanted{};
  wanted.events = event == Poll::Event::kReadable ? EPOLLIN : EPOLLOUT;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &wanted) == 0) {
    poll_ = Poll::create(loop, epoll_, [on_ready = std::move(on_ready)](bool) { on_ready(); });
  } else {
    always_ = Idle::create(loop, std::move(on_ready));
  }
}

SharedPoll::~SharedPoll() {
  poll_.reset();
  close(epoll_);
}

void SharedPoll::start() {
  if (std::exchange(started_, true)) return;
  if (poll_) return poll_->start();
  always_->start();
}

void SharedPoll::stop() {
  if (!std::exchange(started_, false)) return;
  if (poll_) return poll_->stop();
  always_->stop();
}

}  // namespace camloop
