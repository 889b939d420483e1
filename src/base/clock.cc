#include "base/clock.h"

#include <cstdio>
#include <ctime>

namespace camloop {
namespace {

int64_t read_us(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<int64_t>(time.tv_sec) * kSecond_us + time.tv_nsec / 1000;
}

}  // namespace

int64_t monotonic_us() {
  return read_us(CLOCK_MONOTONIC);
}

int64_t wall_us() {
  return read_us(CLOCK_REALTIME);
}

std::string local_time_text(int64_t wall_us) {
  auto seconds = static_cast<time_t>(wall_us / kSecond_us);
  tm parts{};
  localtime_r(&seconds, &parts);
  char text[64];
  size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%06d", static_cast<int>(wall_us % kSecond_us));
  return text;
}

}  // namespace camloop
