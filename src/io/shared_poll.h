// SharedPoll: a call when a descriptor that other programs share, such as a standard stream, can be
// read or written. It stays blocking: O_NONBLOCK would be set for all who share it.
#pragma once

#include "io/idle.h"
#include "io/poll.h"

#include <functional>

namespace camloop {

/// A file, and what has no descriptor, are ready all the time: reading and writing them says more.
class SharedPoll {
 public:
  SharedPoll(Loop& loop, int descriptor, Poll::Event event, std::function<void()> on_ready);
  ~SharedPoll();
  SharedPoll(const SharedPoll&) = delete;
  SharedPoll& operator=(const SharedPoll&) = delete;

  /// `on_ready` comes once a turn while it is ready, until stop().
  void start();
  void stop();

 private:
  // This watches the descriptor and is watched by the loop, which makes non-blocking what it
  // watches.
  int epoll_;
  Owned<Poll> poll_;
  Owned<Idle> always_;    // instead of `poll_`, for what epoll does not take
  bool started_ = false;  // the loop need not be told twice
};

}  // namespace camloop
