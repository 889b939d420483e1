#include "io/listener.h"

#include "base/check.h"
#include "base/log.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace camloop {
namespace {

// Connections the kernel holds while the loop is busy; more than a page full of streams opens at
// once.
constexpr int kBacklog = 128;
// Accepted in one turn of the loop: a flood of connections must not starve the running streams.
constexpr int kAcceptsATurn = 16;

int open_reserve() {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

Address any_v4(int port) {
  Address address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// "[::]:80" and "127.0.0.1:80" are one place to the kernel, unless both sockets share their port.
// They would share it with any other that does, too: it is for hosts of one port alone.
void share_port(int fd) {
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
}

// A listening socket, or -1 and errno. An IPv6 socket also serves IPv4.
int try_listen(const Address& address, bool shares_port) {
  int family = address.storage.ss_family;
  int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int on = 1;
  int off = 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shares_port) share_port(fd);
  if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(fd, address.raw(), address.raw_size()) == 0 && listen(fd, kBacklog) == 0) return fd;
  int code = errno;
  close(fd);
  errno = code;
  return -1;
}

Result<int> listen_on(const Address& address, bool shares_port) {
  int fd = try_listen(address, shares_port);
  // A kernel without IPv6 (the board's) still has every IPv4 interface.
  if (fd < 0 && address.any_host()) fd = try_listen(any_v4(address.port()), shares_port);
  if (fd < 0) return system_error("cannot listen on " + address.text(), errno);
  return fd;
}

Address bound_address(int fd) {
  Address bound;
  socklen_t size = sizeof bound.storage;
  getsockname(fd, bound.raw(), &size);
  return bound;
}

}  // namespace

Result<Owned<Listener>> Listener::open(Loop& loop, const Address& address, Admission::Limits limits,
                                       std::string_view refusal, OnAccept on_accept,
                                       Listener* before) {
  int fd = TRY(before ? before->listen_beside(address) : listen_on(address, false));
  return Owned<Listener>(new Listener(loop, fd, Admission(limits), refusal, std::move(on_accept)));
}

Result<Owned<Listener>> Listener::open_successor(const Address& address) {
  int fd = TRY(listen_beside(address));
  Owned<Listener> successor(new Listener(loop(), fd, admission_, refusal_, on_accept_));
  successor->starved_ = starved_;
  return successor;
}

Result<int> Listener::listen_beside(const Address& address) {
  bool same_port = address.port() == address_.port();
  if (same_port) share_port(socket_);
  return listen_on(address, same_port);
}

Listener::Listener(Loop& loop, int socket, const Admission& admission, std::string_view refusal,
                   OnAccept on_accept)
    : Handle(loop),
      socket_(socket),
      reserve_(open_reserve()),
      address_(bound_address(socket)),
      admission_(admission),
      refusal_(refusal),
      on_accept_(std::move(on_accept)) {
  CHECK(uv_poll_init(loop.uv(), &poll_, socket) == 0);
  poll_.data = static_cast<Handle*>(this);
  auto on_poll = [](uv_poll_t* poll, int, int) {
    auto* self = static_cast<Listener*>(static_cast<Handle*>(poll->data));
    Loop::Turn turn(self->loop());
    self->accept_some();
  };
  CHECK(uv_poll_start(&poll_, UV_READABLE, on_poll) == 0);
}

Listener::~Listener() {
  if (reserve_ >= 0) ::close(reserve_);
}

void Listener::on_closing() {
  ::close(socket_);
}

void Listener::accept_some() {
  if (reserve_ < 0) reserve_ = open_reserve();
  for (int i = 0; i < kAcceptsATurn && live(); ++i) {
    Address peer;
    socklen_t size = sizeof peer.storage;
    int fd = accept4(socket_, peer.raw(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      admit(fd, peer);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      if (!turn_one_away()) return;
    } else if (errno == EAGAIN) {
      return;
    }
    // Anything else (ECONNABORTED, EINTR, a network error) concerned that one connection alone.
  }
}

void Listener::admit(int fd, const Address& peer) {
  auto pass = admission_.admit(peer.host());
  if (pass.ok()) {
    on_accept_(Stream::adopt(loop(), fd, peer, std::move(pass).value()));
    return;
  }
  log_debug("%s refused: %s", peer.text().c_str(), pass.error().text.c_str());
  [[maybe_unused]] ssize_t sent =
      send(fd, refusal_.data(), refusal_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  // Without a FIN before the close, unread request bytes would turn it into a reset that eats the
  // reply.
  shutdown(fd, SHUT_WR);
  ::close(fd);
}

// A connection that is not accepted would wake the loop for ever: spend the reserve on closing it.
// False: there was none, for without a free descriptor accept4() cannot tell; or it has to wait.
bool Listener::turn_one_away() {
  int why = errno;
  if (reserve_ < 0) return false;
  ::close(reserve_);
  int fd = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) ::close(fd);
  reserve_ = open_reserve();
  if (fd < 0) return false;
  ++starved_;
  log_warning("connection refused: no descriptor left (%s)", std::strerror(why));
  return true;
}

}  // namespace camloop
