// Levelled log, one line an event, to stderr or syslog. A flood is cut: past a burst of lines, only
// so many a second pass, and the next one says how many were left out. Errors always pass. A stderr
// that is full is not waited for: what it did not take is counted, and told once it takes more.
#pragma once

#include <string_view>

namespace camloop {

enum class LogLevel { kError, kWarning, kInfo, kDebug };
enum class LogTarget { kStderr, kSyslog };

void log_open(LogTarget target, LogLevel level);

void log_error(const char* format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char* format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char* format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char* format, ...) __attribute__((format(printf, 1, 2)));

/// The flood gate by itself: a bucket of `burst` lines that refills by `per_second`.
class LogGate {
 public:
  LogGate(int burst, int per_second) : burst_(burst), per_second_(per_second), tokens_(burst) {}
  /// Whether a line may pass at `now_us`; if not it is counted.
  bool pass(long long now_us);
  /// How many lines were held back since the last call.
  unsigned take_held_back();

 private:
  int burst_;
  int per_second_;
  double tokens_;
  long long last_us_ = 0;
  unsigned held_back_ = 0;
};

}  // namespace camloop
