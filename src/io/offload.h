// A blocking call made on one of libuv's threads, while the loop goes on.
#pragma once

#include "io/loop.h"

#include <memory>

namespace camloop {

/// A call and all that it needs: while it runs, nothing else touches that.
class BlockingCall {
 public:
  virtual ~BlockingCall() = default;
  /// On another thread, which must not log or touch the loop.
  virtual void run() = 0;
  /// On the loop, once run() has returned; then it is destroyed.
  virtual void on_returned() = 0;
};

/// There is no way to stop it: the loop is not drained before it has returned.
void offload(Loop& loop, std::unique_ptr<BlockingCall> call);

}  // namespace camloop
