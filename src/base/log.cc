#include "base/log.h"

#include "base/clock.h"

#include <syslog.h>
#include <unistd.h>
#include <algorithm>
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
};

Log the_log;

constexpr int kSyslogPriority[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
constexpr const char* kName[] = {"error", "warning", "info", "debug"};

// One write a line, so that lines of several processes do not mix. Text from outside (paths,
// requests) may hold control characters: they are shown as '?', a terminal is never steered by a
// client.
void put(LogLevel level, char* text) {
  auto byte = [](char c) { return static_cast<unsigned char>(c); };
  for (char* c = text; *c; ++c) {
    if (byte(*c) < 0x20 || *c == 0x7f) *c = '?';
    // U+0080 to U+009F: terminals take them for escape sequences.
    if (byte(*c) == 0xc2 && byte(c[1]) >= 0x80 && byte(c[1]) < 0xa0) c[0] = c[1] = '?';
  }
  auto index = static_cast<size_t>(level);
  if (the_log.target == LogTarget::kSyslog) {
    syslog(kSyslogPriority[index], "%s", text);
    return;
  }
  char line[kLineMax + 32];
  int length = std::snprintf(line, sizeof line, "camloop: %s: %s\n", kName[index], text);
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line, static_cast<size_t>(length));
}

void log_line(LogLevel level, const char* format, va_list arguments) {
  if (level > the_log.level) return;
  if (level != LogLevel::kError && !the_log.gate.pass(monotonic_us())) return;
  char text[kLineMax];
  if (unsigned held_back = the_log.gate.take_held_back()) {
    std::snprintf(text, sizeof text, "%u lines left out, they came too fast", held_back);
    put(LogLevel::kWarning, text);
  }
  std::vsnprintf(text, sizeof text, format, arguments);
  put(level, text);
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
  the_log = {target, level};
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
