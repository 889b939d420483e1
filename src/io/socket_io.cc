#include "io/socket_io.h"

#include <cerrno>

#include <sys/socket.h>

namespace camloop {
namespace {

bool would_block(int code) {
  return code == EAGAIN || code == EWOULDBLOCK || code == ENOBUFS;
}

}  // namespace

Result<size_t> send_pieces(int socket, std::span<iovec> pieces) {
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  ssize_t taken = 0;
  do taken = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (taken < 0 && errno == EINTR);
  if (taken >= 0) return static_cast<size_t>(taken);
  if (would_block(errno)) return size_t{0};
  return system_error("send", errno);
}

Result<Received> receive_some(int socket, MutableBytes buffer) {
  ssize_t count = 0;
  do count = recv(socket, buffer.data(), buffer.size(), 0);
  while (count < 0 && errno == EINTR);
  if (count >= 0) return Received{static_cast<size_t>(count), count == 0};
  if (would_block(errno)) return Received{};
  return system_error("receive", errno);
}

}  // namespace camloop
