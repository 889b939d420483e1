#include "base/clock.h"

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

}  // namespace camloop
