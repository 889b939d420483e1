// Pairs of descriptors such as programs have for their standard input and output: what is written
// to `far` can be read from `near`, and the other way about but for a pipe.
#pragma once

#include "base/check.h"

#include <utility>

#include <fcntl.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

namespace camloop {

struct Ends {
  int near = -1;  // ours
  int far = -1;
};

inline void leave(int& descriptor) {
  if (descriptor >= 0) close(std::exchange(descriptor, -1));
}

inline Ends pipe_to_read() {
  int ends[2];
  CHECK(pipe2(ends, O_CLOEXEC) == 0);
  return {ends[0], ends[1]};
}

inline Ends pipe_to_write() {
  Ends ends = pipe_to_read();
  return {ends.far, ends.near};
}

inline Ends socket_ends() {
  int ends[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {ends[0], ends[1]};
}

inline Ends terminal_ends() {
  Ends ends;
  termios raw{};
  cfmakeraw(&raw);
  CHECK(openpty(&ends.far, &ends.near, nullptr, &raw, nullptr) == 0);
  return ends;
}

inline bool is_blocking(int descriptor) {
  return (fcntl(descriptor, F_GETFL) & O_NONBLOCK) == 0;
}

}  // namespace camloop
