// Poll: a call when a descriptor can be read or written.
#pragma once

#include "io/handle.h"

#include <functional>

#include <uv.h>

namespace camloop {

/// Watches a non-blocking descriptor that somebody else owns and closes after dropping the Poll.
class Poll : public Handle {
 public:
  enum class Event { kReadable, kWritable };
  /// `fault`: the descriptor reported an error condition; watching has stopped until start().
  using OnReady = std::function<void(bool fault)>;
  static Owned<Poll> create(Loop& loop, int descriptor, OnReady on_ready,
                            Event event = Event::kReadable);

  void start();
  void stop();

 private:
  Poll(Loop& loop, int descriptor, OnReady on_ready, Event event);
  uv_handle_t* uv() override { return reinterpret_cast<uv_handle_t*>(&poll_); }

  uv_poll_t poll_{};
  OnReady on_ready_;
  Event event_;
};

}  // namespace camloop
