// Many MJPEG-over-HTTP clients in one process: counts the frames they get, their age, and what they
// cost the server.
//
//   load -p PORT -P SERVER_PID [-n CLIENTS] [-s SECONDS] [-r BYTES_PER_S] [-b BYTES]
//
// All clients connect and get their first frame; a second later the measured time begins. One line
// of JSON tells of it. A frame's age is its wait from the camera until a client read its last byte:
// by the capture stamp inside the frame (capture_stamp.h), else by the part's X-Timestamp. -r makes
// clients that read so slowly; -b sets their receive buffer (SO_RCVBUF), where the kernel's default
// would hold 128 KiB unread.
#include "capture_stamp.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int64_t kFirstFramesWaitMs = 20'000;
constexpr int64_t kSettleMs = 1'000;
constexpr int64_t kSlowReadMs = 10;  // A slow client reads this often: small reads, evenly spread.
constexpr size_t kStampEnd = kCaptureStampAt + kCaptureStampBytes;

struct Options {
  uint16_t port = 0;
  int server_pid = 0;
  size_t clients = 1;
  double seconds = 10;
  size_t bytes_per_s = 0;        // 0: as fast as they come.
  int receive_buffer_bytes = 0;  // 0: the kernel's default, which adapts.
};

struct Results {
  uint64_t frames = 0;
  uint64_t bytes = 0;
  uint64_t torn = 0;  // Bodies that do not begin with SOI and end with EOI.
  uint64_t closed = 0;
  std::vector<double> ages_ms;
};

struct Client {
  int fd = -1;
  std::string line;       // The head line so far.
  size_t body_bytes = 0;  // Content-Length of the part, 0 between parts.
  size_t body_at = 0;     // Bytes of the body read; meaningful while in_body.
  bool in_body = false;
  double stamp_s = 0;  // X-Timestamp.
  std::array<char, kStampEnd> begin;
  std::array<char, 2> end;
  uint64_t frames = 0;  // Since it connected.
  double last_age_ms = 0;
};

[[noreturn]] void die(const char* what) {
  perror(what);
  exit(1);
}

double clock_s(clockid_t clock) {
  timespec now;
  if (clock_gettime(clock, &now) != 0) die("clock_gettime");
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// CPU time of all threads of the server, by the kernel's clock of a process
// (clock_getcpuclockid(3)).
double server_cpu_s(const Options& options) {
  clockid_t clock;
  if (clock_getcpuclockid(options.server_pid, &clock) != 0) die("no such server");
  return clock_s(clock);
}

// A field of /proc/PID/status in KiB, such as "VmRSS:".
long server_memory_kib(const Options& options, const char* field) {
  const std::string path = "/proc/" + std::to_string(options.server_pid) + "/status";
  FILE* status = fopen(path.c_str(), "re");
  if (status == nullptr) die(path.c_str());
  char line[256];
  long kib = -1;
  while (kib < 0 && fgets(line, sizeof line, status) != nullptr)
    if (strncmp(line, field, strlen(field)) == 0) kib = atol(line + strlen(field));
  fclose(status);
  return kib;
}

// The capture stamp inside the frame, where a camera has set it.
double stamp_in_frame(const Client& client) {
  const std::string_view begin(client.begin.data(), client.begin.size());
  if (client.body_bytes < kStampEnd || begin.substr(2, 2) != "\xFF\xFE") return 0;
  if (begin.substr(6, 8) != "capture ") return 0;
  return atof(std::string(begin.substr(kCaptureStampAt)).c_str());
}

void on_frame(Client& client, Results& results) {
  const double now_s = clock_s(CLOCK_REALTIME);
  const double in_frame_s = stamp_in_frame(client);
  client.last_age_ms = (now_s - (in_frame_s > 0 ? in_frame_s : client.stamp_s)) * 1e3;
  results.ages_ms.push_back(client.last_age_ms);
  const bool whole = memcmp(client.begin.data(), "\xFF\xD8", 2) == 0 &&
                     memcmp(client.end.data(), "\xFF\xD9", 2) == 0;
  results.torn += whole ? 0 : 1;
  ++results.frames;
  ++client.frames;
}

// The reply's head and the parts' heads are read alike: an empty line behind a Content-Length
// begins a body.
void on_line(Client& client) {
  std::string& line = client.line;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.starts_with("HTTP/") && line.find(" 200 ") == std::string::npos) die(line.c_str());
  if (line.starts_with("Content-Length: "))
    client.body_bytes = strtoul(line.c_str() + 16, nullptr, 10);
  if (line.starts_with("X-Timestamp: ")) client.stamp_s = atof(line.c_str() + 13);
  client.in_body = line.empty() && client.body_bytes > 0;
  client.body_at = 0;
  line.clear();
}

size_t take_line(Client& client, std::string_view data) {
  const size_t newline = data.find('\n');
  client.line.append(data.substr(0, newline));
  if (client.line.size() > 4096) die("a head without end");
  if (newline == std::string_view::npos) return data.size();
  on_line(client);
  return newline + 1;
}

size_t take_body(Client& client, std::string_view data, Results& results) {
  const size_t taken = std::min(data.size(), client.body_bytes - client.body_at);
  for (size_t i = 0; i < taken && client.body_at + i < client.begin.size(); ++i)
    client.begin[client.body_at + i] = data[i];
  if (taken >= 2) client.end[0] = data[taken - 2];
  if (taken == 1) client.end[0] = client.end[1];
  if (taken >= 1) client.end[1] = data[taken - 1];
  client.body_at += taken;
  if (client.body_at == client.body_bytes) {
    on_frame(client, results);
    client.in_body = false;
    client.body_bytes = 0;
  }
  return taken;
}

void take(Client& client, std::string_view data, Results& results) {
  results.bytes += data.size();
  while (!data.empty())
    data.remove_prefix(client.in_body ? take_body(client, data, results) : take_line(client, data));
}

// Reads once, at most `bytes_max`.
void read_some(Client& client, size_t bytes_max, Results& results) {
  static std::array<char, 256 * 1024> buffer;
  const ssize_t bytes =
      recv(client.fd, buffer.data(), std::min(bytes_max, buffer.size()), MSG_DONTWAIT);
  if (bytes > 0) take(client, {buffer.data(), static_cast<size_t>(bytes)}, results);
  if (bytes > 0 || (bytes < 0 && errno == EAGAIN)) return;
  close(client.fd);
  client.fd = -1;
  ++results.closed;
}

int connect_client(const Options& options) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int buffer_bytes = options.receive_buffer_bytes;
  if (buffer_bytes > 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("connect");
  constexpr std::string_view kRequest = "GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n";
  if (write(fd, kRequest.data(), kRequest.size()) < 0) die("request");
  return fd;
}

class Load {
 public:
  explicit Load(const Options& options) : options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (size_t i = 0; i < options.clients; ++i) {
      clients_.push_back(std::make_unique<Client>());
      clients_.back()->fd = connect_client(options);
      if (options.bytes_per_s == 0) watch(clients_.back()->fd, clients_.back().get());
    }
    if (options.bytes_per_s > 0) open_ticker();
  }

  void run_for(double seconds) {
    for (const double end_s = clock_s(CLOCK_MONOTONIC) + seconds; clock_s(CLOCK_MONOTONIC) < end_s;)
      run_once(end_s);
  }

  void run_until_first_frames() {
    const double end_s = clock_s(CLOCK_MONOTONIC) + kFirstFramesWaitMs / 1e3;
    const auto has_frame = [](const auto& client) { return client->frames > 0; };
    while (!std::all_of(clients_.begin(), clients_.end(), has_frame)) {
      if (clock_s(CLOCK_MONOTONIC) > end_s) die("a client got no frame");
      run_once(end_s);
    }
  }

  void forget() { results_ = Results{}; }
  const Results& results() const { return results_; }

  // The age of the last frame, the mean of the clients: larger than the median where ages grow.
  double last_age_ms() const {
    double sum = 0;
    for (const auto& client : clients_) sum += client->last_age_ms;
    return sum / static_cast<double>(clients_.size());
  }

 private:
  void watch(int fd, Client* client) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = client;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
  }

  void open_ticker() {
    ticker_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    const timespec period{0, kSlowReadMs * 1'000'000};
    const itimerspec setting{period, period};
    if (timerfd_settime(ticker_, 0, &setting, nullptr) != 0) die("timerfd_settime");
    watch(ticker_, nullptr);
  }

  void on_ticker() {
    uint64_t ticks;
    if (read(ticker_, &ticks, sizeof ticks) < 0) die("timerfd");
    const size_t bytes = ticks * options_.bytes_per_s * kSlowReadMs / 1000;
    for (const auto& client : clients_)
      if (client->fd >= 0) read_some(*client, bytes, results_);
  }

  void run_once(double end_s) {
    std::array<epoll_event, 64> events;
    const double left_ms = std::max(0.0, std::ceil((end_s - clock_s(CLOCK_MONOTONIC)) * 1e3));
    const int count = epoll_wait(epoll_, events.data(), events.size(), static_cast<int>(left_ms));
    for (int i = 0; i < count; ++i) {
      auto* client = static_cast<Client*>(events[static_cast<size_t>(i)].data.ptr);
      if (client == nullptr) {
        on_ticker();
      } else {
        read_some(*client, SIZE_MAX, results_);
      }
    }
  }

  Options options_;
  int epoll_;
  int ticker_ = -1;
  std::vector<std::unique_ptr<Client>> clients_;
  Results results_;
};

// The nearest-rank percentile; 0 of nothing.
double percentile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  const double rank = std::ceil(part * static_cast<double>(values.size()));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

Options parse_options(int argc, char** argv) {
  Options options;
  for (int option; (option = getopt(argc, argv, "p:P:n:s:r:b:")) != -1;) {
    switch (option) {
      case 'p':
        options.port = static_cast<uint16_t>(atoi(optarg));
        break;
      case 'P':
        options.server_pid = atoi(optarg);
        break;
      case 'n':
        options.clients = strtoul(optarg, nullptr, 10);
        break;
      case 's':
        options.seconds = atof(optarg);
        break;
      case 'r':
        options.bytes_per_s = strtoul(optarg, nullptr, 10);
        break;
      case 'b':
        options.receive_buffer_bytes = atoi(optarg);
        break;
      default:
        exit(2);
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse_options(argc, argv);
  Load load(options);
  load.run_until_first_frames();
  load.run_for(kSettleMs / 1e3);
  load.forget();

  const double cpu_s = server_cpu_s(options);
  const double begin_s = clock_s(CLOCK_MONOTONIC);
  load.run_for(options.seconds);
  const double elapsed_s = clock_s(CLOCK_MONOTONIC) - begin_s;
  const double cpu_us = (server_cpu_s(options) - cpu_s) * 1e6;

  const Results& results = load.results();
  const auto frames = static_cast<double>(results.frames);
  printf(
      "{\"frames\": %.0f, \"fps\": %.2f, \"bytes\": %llu, \"torn\": %llu, \"closed\": %llu,"
      " \"cpu_us_per_frame\": %.3f, \"cpu_percent\": %.2f,"
      " \"age_p50_ms\": %.3f, \"age_p99_ms\": %.3f, \"age_last_ms\": %.3f,"
      " \"rss_kib\": %ld, \"anonymous_kib\": %ld}\n",
      frames, frames / elapsed_s / static_cast<double>(options.clients),
      static_cast<unsigned long long>(results.bytes), static_cast<unsigned long long>(results.torn),
      static_cast<unsigned long long>(results.closed), cpu_us / std::max(frames, 1.0),
      cpu_us / elapsed_s / 1e4, percentile(results.ages_ms, 0.50),
      percentile(results.ages_ms, 0.99), load.last_age_ms(), server_memory_kib(options, "VmRSS:"),
      server_memory_kib(options, "RssAnon:"));
  return 0;
}
