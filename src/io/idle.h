// Idle: a call once a turn of the loop, for long work cut into slices. The loop serves everything
// else between two slices.
#pragma once

#include "io/handle.h"

#include <functional>

#include <uv.h>

namespace camloop {

class Idle : public Handle {
 public:
  static Owned<Idle> create(Loop& loop, std::function<void()> on_turn);

  /// While it runs the loop never sleeps: stop() as soon as the work is done.
  void start();
  void stop();

 private:
  Idle(Loop& loop, std::function<void()> on_turn);
  uv_handle_t* uv() override { return reinterpret_cast<uv_handle_t*>(&idle_); }

  uv_idle_t idle_{};
  std::function<void()> on_turn_;
};

}  // namespace camloop
