// A TCP connection over loopback for tests: one end to be made a Stream, the other for the test to
// play the peer with.
#pragma once

#include "base/check.h"
#include "io/address.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace camloop {

/// The far end. It reads only when told to, so it can be as slow as a test wants.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { leave(); }

  void send(std::string_view text) {
    CHECK(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(text.size()));
  }
  /// As much as the connection takes now; nothing where it is over.
  void try_send(std::string_view text) {
    ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  /// Reads up to `most` bytes of what has arrived; returns all that was read since the beginning.
  const std::string& read(size_t most = SIZE_MAX) {
    char piece[16 * 1024];
    while (most > 0) {
      ssize_t count = recv(socket_, piece, std::min(most, sizeof piece), MSG_DONTWAIT);
      if (count <= 0) {
        reset_seen_ |= count < 0 && errno != EAGAIN;
        end_seen_ |= count == 0 || reset_seen_;
        break;
      }
      received_.append(piece, static_cast<size_t>(count));
      most -= static_cast<size_t>(count);
    }
    return received_;
  }
  /// Whether read() has come to the end of the connection.
  bool end_seen() const { return end_seen_; }
  bool reset_seen() const { return reset_seen_; }
  /// Bytes that have arrived, read or not.
  size_t arrived() const {
    int waiting = 0;
    CHECK(ioctl(socket_, FIONREAD, &waiting) == 0);
    return received_.size() + static_cast<size_t>(waiting);
  }
  /// No more will be sent, but what comes can still be read.
  void finish() { shutdown(socket_, SHUT_WR); }
  void leave() {
    if (socket_ >= 0) close(std::exchange(socket_, -1));
  }
  /// Leaves with a reset in place of a FIN.
  void reset() {
    linger at_once{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    leave();
  }

 private:
  int socket_;
  std::string received_;
  bool end_seen_ = false;
  bool reset_seen_ = false;
};

/// A blocking socket for a Peer. `receive_bytes`: its receive buffer, 0 for what the kernel thinks
/// best. `from`: the address it comes from, for a client of its own on this machine.
inline int connect_to(const Address& server, int receive_bytes = 0, const char* from = nullptr) {
  int fd = socket(server.raw()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_bytes > 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  }
  if (from) {
    Address source = parse_listen_address(std::string(from) + ":0").value();
    CHECK(bind(fd, source.raw(), source.raw_size()) == 0);
  }
  // The kernel completes it for the listener, which need not have run.
  CHECK(connect(fd, server.raw(), server.raw_size()) == 0);
  return fd;
}

struct TcpPair {
  int ours;    // non-blocking
  int theirs;  // for a Peer
  Address peer;
};

inline TcpPair make_tcp_pair(int receive_bytes = 0) {
  Address address = parse_listen_address("127.0.0.1:0").value();
  socklen_t size = address.raw_size();
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(bind(listener, address.raw(), size) == 0 && listen(listener, 1) == 0);
  CHECK(getsockname(listener, address.raw(), &size) == 0);
  TcpPair pair{};
  pair.theirs = connect_to(address, receive_bytes);
  pair.ours = accept4(listener, pair.peer.raw(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  CHECK(pair.ours >= 0);
  close(listener);
  return pair;
}

}  // namespace camloop
