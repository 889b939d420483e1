// The loop: one thread, one libuv loop, and the clock everything on it reads.
#pragma once

#include "base/bytes.h"
#include "base/histogram.h"

#include <cstdint>
#include <memory>

struct uv_loop_s;

namespace camloop {

class TlsTurns;

class Loop {
 public:
  Loop();
  /// Every handle must have been dropped and run() have returned since: checked.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until no handle is left, or stop().
  void run();
  /// Makes run() return after the callback in progress.
  void stop();
  /// Runs until every dropped handle has been closed: the end of a clean shutdown.
  void drain();
  /// The same, but not for longer than `patience_us`. False: a call on another thread has not
  /// returned (a name being resolved). It cannot be called back, so the process must leave by
  /// _exit().
  bool drain_within(int64_t patience_us);

  /// How long callbacks held the loop, one value a callback.
  const Histogram& stalls() const { return stalls_; }
  /// One buffer for all reads: its contents last until the callback in progress returns.
  MutableBytes read_buffer() { return {read_buffer_.get(), kReadBufferSize}; }
  /// The libuv loop, for handles in this room.
  uv_loop_s* uv() { return uv_.get(); }
  /// Where TlsTurns::of() finds the one of this loop.
  std::weak_ptr<TlsTurns>& tls_turns() { return tls_turns_; }

  /// Measures one callback; every handle makes one around the code it calls.
  class Turn {
   public:
    explicit Turn(Loop& loop);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Loop& loop_;
    int64_t begin_us_;
  };

 private:
  // The largest read of a busy connection; smaller only costs more calls.
  static constexpr size_t kReadBufferSize = 64 * 1024;

  std::unique_ptr<uv_loop_s> uv_;
  std::unique_ptr<uint8_t[]> read_buffer_;
  std::weak_ptr<TlsTurns> tls_turns_;
  Histogram stalls_;
};

}  // namespace camloop
