// The yardstick of the benchmark: the least that can serve MJPEG over HTTP. An epoll loop, a timer,
// one writev a client and frame. It knows no limits, no options and no faults; what a server adds
// shows against it.
//
//   bare_loop PORT FRAMES.mjpeg FPS [NOTSENT_LOWAT]
#include "capture_stamp.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace {

using Jpeg = std::span<const unsigned char>;

constexpr std::string_view kReplyHead =
    "HTTP/1.0 200 OK\r\n"
    "Connection: close\r\n"
    "Cache-Control: no-store, no-cache, must-revalidate, max-age=0\r\n"
    "X-Accel-Buffering: no\r\n"
    "Access-Control-Allow-Origin: *\r\n"
    "Content-Type: multipart/x-mixed-replace;boundary=frame\r\n"
    "\r\n"
    "--frame\r\n";
constexpr std::string_view kDelimiter = "\r\n--frame\r\n";

struct Part {
  std::array<char, 128> head;
  size_t head_bytes = 0;
  Jpeg jpeg;

  size_t bytes() const { return head_bytes + jpeg.size() + kDelimiter.size(); }
};

struct Client {
  int fd = -1;
  bool streaming = false;
  size_t sent = 0;  // Bytes of `pending` that are gone; 0: nothing is pending.
  Part pending;
};

struct Loop {
  int epoll = -1;
  int listener = -1;
  int ticker = -1;
  int notsent_lowat = 0;
  std::vector<Jpeg> frames;
  size_t next_frame = 0;
  std::vector<std::unique_ptr<Client>> clients;
};

[[noreturn]] void die(const char* what) {
  perror(what);
  exit(1);
}

std::vector<Jpeg> load_frames(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat facts;
  if (file < 0 || fstat(file, &facts) != 0) die(path);
  const auto size = static_cast<size_t>(facts.st_size);
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (data == MAP_FAILED) die(path);
  close(file);
  std::vector<Jpeg> frames;
  for (Jpeg rest(static_cast<const unsigned char*>(data), size); !rest.empty();) {
    const size_t bytes = jpeg_bytes(rest.data(), rest.size());
    if (bytes == 0) break;
    frames.push_back(rest.first(bytes));
    rest = rest.subspan(bytes);
  }
  if (frames.empty()) die("no frame");
  return frames;
}

void watch(const Loop& loop, int operation, int fd, uint32_t events, void* context) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = context;
  if (epoll_ctl(loop.epoll, operation, fd, &event) != 0) die("epoll_ctl");
}

// Writes what is left of `part` behind its first `sent` bytes; returns what the socket took.
ssize_t write_part(int fd, const Part& part, size_t sent) {
  iovec pieces[] = {
      {const_cast<char*>(part.head.data()), part.head_bytes},
      {const_cast<unsigned char*>(part.jpeg.data()), part.jpeg.size()},
      {const_cast<char*>(kDelimiter.data()), kDelimiter.size()},
  };
  iovec* first = pieces;
  while (sent >= first->iov_len) sent -= (first++)->iov_len;
  first->iov_base = static_cast<char*>(first->iov_base) + sent;
  first->iov_len -= sent;
  return writev(fd, first, static_cast<int>(std::end(pieces) - first));
}

void send_frame(const Loop& loop, Client& client, const Part& part) {
  if (!client.streaming || client.sent > 0) return;
  const ssize_t taken = write_part(client.fd, part, 0);
  if (taken <= 0 || static_cast<size_t>(taken) == part.bytes()) return;
  client.pending = part;
  client.sent = static_cast<size_t>(taken);
  watch(loop, EPOLL_CTL_MOD, client.fd, EPOLLIN | EPOLLOUT, &client);
}

void send_rest(const Loop& loop, Client& client) {
  const ssize_t taken = write_part(client.fd, client.pending, client.sent);
  if (taken <= 0) return;
  client.sent += static_cast<size_t>(taken);
  if (client.sent < client.pending.bytes()) return;
  client.sent = 0;
  watch(loop, EPOLL_CTL_MOD, client.fd, EPOLLIN, &client);
}

void on_tick(Loop& loop) {
  uint64_t ticks;
  if (read(loop.ticker, &ticks, sizeof ticks) < 0) return;
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  Part part;
  part.jpeg = loop.frames[loop.next_frame++ % loop.frames.size()];
  const int head_bytes =
      snprintf(part.head.data(), part.head.size(),
               "Content-Type: image/jpeg\r\nContent-Length: %zu\r\nX-Timestamp: %lld.%06ld\r\n\r\n",
               part.jpeg.size(), static_cast<long long>(now.tv_sec), now.tv_nsec / 1000);
  part.head_bytes = static_cast<size_t>(head_bytes);
  for (const auto& client : loop.clients) send_frame(loop, *client, part);
}

void on_connection(Loop& loop) {
  const int fd = accept4(loop.listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (loop.notsent_lowat > 0)
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &loop.notsent_lowat, sizeof loop.notsent_lowat);
  loop.clients.push_back(std::make_unique<Client>());
  loop.clients.back()->fd = fd;
  watch(loop, EPOLL_CTL_ADD, fd, EPOLLIN, loop.clients.back().get());
}

// Any request is taken for a whole one that asks for the stream. False: the client has left.
bool on_request(Client& client) {
  std::array<char, 4096> request;
  if (read(client.fd, request.data(), request.size()) <= 0) return false;
  if (client.streaming) return true;
  client.streaming = true;
  return write(client.fd, kReplyHead.data(), kReplyHead.size()) > 0;
}

void on_client(Loop& loop, Client& client, uint32_t events) {
  if (events & EPOLLOUT) send_rest(loop, client);
  if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || on_request(client)) return;
  close(client.fd);
  std::erase_if(loop.clients, [&](const auto& each) { return each.get() == &client; });
}

void on_event(Loop& loop, const epoll_event& event) {
  if (event.data.ptr == &loop.ticker) {
    on_tick(loop);
  } else if (event.data.ptr == &loop.listener) {
    on_connection(loop);
  } else {
    on_client(loop, *static_cast<Client*>(event.data.ptr), event.events);
  }
}

void open_listener(Loop& loop, uint16_t port) {
  loop.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(loop.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(loop.listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("bind");
  if (listen(loop.listener, SOMAXCONN) != 0) die("listen");
  watch(loop, EPOLL_CTL_ADD, loop.listener, EPOLLIN, &loop.listener);
}

void open_ticker(Loop& loop, int fps) {
  loop.ticker = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  const timespec period{0, 1'000'000'000 / fps};
  const itimerspec setting{period, period};
  if (timerfd_settime(loop.ticker, 0, &setting, nullptr) != 0) die("timerfd_settime");
  watch(loop, EPOLL_CTL_ADD, loop.ticker, EPOLLIN, &loop.ticker);
}

[[noreturn]] void run(Loop& loop) {
  // No batch names a client twice, so a client that one event closes is not in the events behind
  // it.
  std::array<epoll_event, 64> events;
  while (true) {
    const int count = epoll_wait(loop.epoll, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) on_event(loop, events[static_cast<size_t>(i)]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: bare_loop PORT FRAMES.mjpeg FPS [NOTSENT_LOWAT]\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  Loop loop;
  loop.frames = load_frames(argv[2]);
  loop.notsent_lowat = argc > 4 ? atoi(argv[4]) : 0;
  loop.epoll = epoll_create1(EPOLL_CLOEXEC);
  open_listener(loop, static_cast<uint16_t>(atoi(argv[1])));
  open_ticker(loop, atoi(argv[3]));
  run(loop);
}
