#include "base/log.h"

#include "base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>

namespace camloop {
namespace {

// Enough for a start-up's lines and a burst of clients; slow enough for an SD card or a serial
// line.
constexpr int kBurst = 60;
constexpr int kPerSecond = 10;
constexpr size_t kLineMax = 1024;

struct Log {
  LogTarget target = LogTarget::kStderr;
  LogLevel level = LogLevel::kInfo;
  LogGate gate{kBurst, kPerSecond};
  int descriptor = STDERR_FILENO;
  bool may_be_full = false;
  unsigned lost = 0;  // lines that standard error did not take
};

Log the_log;

constexpr int kSyslogPriority[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
constexpr const char* kName[] = {"error", "warning", "info", "debug"};

// A terminal that is stopped takes the half of a line and holds us with the rest. Its description
// is shared with the shell, which could not do with O_NONBLOCK: this one is ours.
int open_terminal() {
  int fd = isatty(STDERR_FILENO)
               ? open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
               : -1;
  return fd >= 0 ? fd : STDERR_FILENO;
}

// Nothing else can be asked: /dev/kmsg takes all and never polls writable.
bool is_pipe_or_socket(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

// Where it polls writable there is room for a whole line.
bool has_room(int fd) {
  pollfd log{.fd = fd, .events = POLLOUT, .revents = 0};
  int ready = 0;
  do ready = poll(&log, 1, 0);
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

// A log that nobody reads must not hold the loop. One write a line, so that lines of several
// processes do not mix.
bool write_line(const char* line, size_t length) {
  if (the_log.may_be_full && !has_room(the_log.descriptor)) return false;
  return write(the_log.descriptor, line, length) == static_cast<ssize_t>(length);
}

// False: it is lost. Text from outside (paths, requests) may hold control characters: they are
// shown as '?', a terminal is never steered by a client.
bool put(LogLevel level, char* text) {
  auto byte = [](char c) { return static_cast<unsigned char>(c); };
  for (char* c = text; *c; ++c) {
    if (byte(*c) < 0x20 || *c == 0x7f) *c = '?';
    // U+0080 to U+009F: terminals take them for escape sequences.
    if (byte(*c) == 0xc2 && byte(c[1]) >= 0x80 && byte(c[1]) < 0xa0) c[0] = c[1] = '?';
  }
  auto index = static_cast<size_t>(level);
  if (the_log.target == LogTarget::kSyslog) {
    syslog(kSyslogPriority[index], "%s", text);
    return true;
  }
  char line[kLineMax + 32];
  int length = std::snprintf(line, sizeof line, "camloop: %s: %s\n", kName[index], text);
  return write_line(line, static_cast<size_t>(length));
}

void put_or_count(LogLevel level, char* text) {
  if (!put(level, text)) ++the_log.lost;
}

void log_line(LogLevel level, const char* format, va_list arguments) {
  if (level > the_log.level) return;
  if (level != LogLevel::kError && !the_log.gate.pass(monotonic_us())) return;
  char text[kLineMax];
  if (the_log.lost > 0) {
    std::snprintf(text, sizeof text, "%u lines lost, nobody took them", the_log.lost);
    if (put(LogLevel::kWarning, text)) the_log.lost = 0;
  }
  if (unsigned held_back = the_log.gate.take_held_back()) {
    std::snprintf(text, sizeof text, "%u lines left out, they came too fast", held_back);
    put_or_count(LogLevel::kWarning, text);
  }
  std::vsnprintf(text, sizeof text, format, arguments);
  put_or_count(level, text);
}

}  // namespace

bool LogGate::pass(long long now_us) {
  double refill = static_cast<double>(now_us - last_us_) / kSecond_us * per_second_;
  tokens_ = std::min<double>(burst_, tokens_ + refill);
  last_us_ = now_us;
  if (tokens_ < 1) {
    ++held_back_;
    return false;
  }
  tokens_ -= 1;
  return true;
}

unsigned LogGate::take_held_back() {
  unsigned count = held_back_;
  held_back_ = 0;
  return count;
}

void log_open(LogTarget target, LogLevel level) {
  int descriptor = the_log.descriptor == STDERR_FILENO ? open_terminal() : the_log.descriptor;
  the_log = {.target = target,
             .level = level,
             .descriptor = descriptor,
             .may_be_full = is_pipe_or_socket(descriptor),
             .lost = the_log.lost};
  if (target == LogTarget::kSyslog) openlog("camloop", LOG_PID, LOG_DAEMON);
}

#define CAMLOOP_DEFINE_LOG(name, level) \
  void name(const char* format, ...) {  \
    va_list arguments;                  \
    va_start(arguments, format);        \
    log_line(level, format, arguments); \
    va_end(arguments);                  \
  }

CAMLOOP_DEFINE_LOG(log_error, LogLevel::kError)
CAMLOOP_DEFINE_LOG(log_warning, LogLevel::kWarning)
CAMLOOP_DEFINE_LOG(log_info, LogLevel::kInfo)
CAMLOOP_DEFINE_LOG(log_debug, LogLevel::kDebug)

}  // namespace camloop
