#include "io/input.h"

#include <cerrno>
#include <utility>

#include <unistd.h>

namespace camloop {

Input::Input(Loop& loop, int descriptor, std::function<void()> on_ready)
    : descriptor_(descriptor),
      readiness_(loop, descriptor, Poll::Event::kReadable, std::move(on_ready)) {}

// One that blocks does not wait where there is something to read.
Result<Received> Input::read(MutableBytes buffer) {
  ssize_t count = ::read(descriptor_, buffer.data(), buffer.size());
  if (count >= 0) return Received{static_cast<size_t>(count), count == 0};
  if (errno == EAGAIN || errno == EINTR) return Received{};
  return system_error("reading the input", errno);
}

}  // namespace camloop
