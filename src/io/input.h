// Input: what other programs feed this one, on standard input above all: a pipe, a terminal, a
// socket or a file.
#pragma once

#include "base/result.h"
#include "io/shared_poll.h"
#include "io/socket_io.h"

#include <functional>

namespace camloop {

/// Borrows the descriptor and leaves it as it was.
class Input {
 public:
  /// `on_ready` comes from the loop, between resume() and pause(), when there is something to read
  /// or the end; it may drop the Input.
  Input(Loop& loop, int descriptor, std::function<void()> on_ready);

  void resume() { readiness_.start(); }
  void pause() { readiness_.stop(); }
  /// From inside of `on_ready`, once a call: whatever is there, into `buffer`.
  Result<Received> read(MutableBytes buffer);

 private:
  int descriptor_;
  SharedPoll readiness_;
};

}  // namespace camloop
