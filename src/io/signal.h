// Signal: a call on the loop when the process receives a signal.
#pragma once

#include "io/handle.h"

#include <functional>

#include <uv.h>

namespace camloop {

class Signal : public Handle {
 public:
  static Owned<Signal> create(Loop& loop, int number, std::function<void()> on_received);

 private:
  Signal(Loop& loop, std::function<void()> on_received);
  uv_handle_t* uv() override { return reinterpret_cast<uv_handle_t*>(&signal_); }

  uv_signal_t signal_{};
  std::function<void()> on_received_;
};

}  // namespace camloop
