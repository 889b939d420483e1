// A TCP client for tests that drive server and client from one thread, and waiting on that thread's
// loop.
#pragma once

#include "base/check.h"
#include "base/clock.h"
#include "io/address.h"
#include "io/timer.h"

#include <functional>
#include <string>
#include <string_view>

#include <sys/socket.h>
#include <unistd.h>

namespace camloop {

/// Turns the loop until `condition` holds. False: it did not within 20 s.
inline bool turn_until(Loop& loop, const std::function<bool()>& condition) {
  int64_t deadline_us = monotonic_us() + 20 * kSecond_us;
  bool holds = condition();
  auto poll = Timer::create(loop, [&] {
    holds = condition();
    if (holds || monotonic_us() > deadline_us) loop.stop();
  });
  if (holds) return true;
  poll->start_periodic(kMillisecond_us);
  loop.run();
  return holds;
}

/// Connected to a server on loopback. It reads only when told to, so it can be as slow as a test
/// wants.
class LoopClient {
 public:
  explicit LoopClient(const Address& server, int receive_buffer_bytes = 0)
      : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer_bytes > 0) {
      setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                 sizeof receive_buffer_bytes);
    }
    // The kernel completes it for the listener, which need not have run.
    CHECK(connect(socket_, server.raw(), server.raw_size()) == 0);
  }
  LoopClient(const LoopClient&) = delete;
  LoopClient& operator=(const LoopClient&) = delete;
  ~LoopClient() { leave(); }

  /// False: the connection is gone, or takes no more now.
  bool send(std::string_view text) {
    ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent == static_cast<ssize_t>(text.size());
  }
  /// Reads what has arrived; returns all since the beginning.
  const std::string& read() {
    static char piece[64 * 1024];
    ssize_t count = 0;
    while ((count = recv(socket_, piece, sizeof piece, MSG_DONTWAIT)) > 0) {
      received_.append(piece, static_cast<size_t>(count));
    }
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) closed_ = true;
    return received_;
  }
  /// Whether read() has seen the end of the connection.
  bool closed() const { return closed_; }
  /// No more will be sent, but what comes is still read.
  void finish() { shutdown(socket_, SHUT_WR); }
  void leave() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }

 private:
  int socket_;
  std::string received_;
  bool closed_ = false;
};

}  // namespace camloop
