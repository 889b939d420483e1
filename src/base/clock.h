// The two clocks. Intervals and ages are monotonic; the wall clock is only printed (it may say
// 1970).
#pragma once

#include <cstdint>
#include <string>

namespace camloop {

constexpr int64_t kMillisecond_us = 1000;
constexpr int64_t kSecond_us = 1'000'000;

/// For people and reports.
constexpr double milliseconds(int64_t time_us) {
  return static_cast<double>(time_us) / kMillisecond_us;
}
constexpr double seconds(int64_t time_us) {
  return static_cast<double>(time_us) / kSecond_us;
}

/// CLOCK_MONOTONIC in microseconds: what V4L2 stamps frames with.
int64_t monotonic_us();
/// CLOCK_REALTIME in microseconds since 1970.
int64_t wall_us();
/// A wall clock's time where this machine is, as Python's str(datetime.now()) gives it:
/// "2026-11-20 12:34:56.789012".
std::string local_time_text(int64_t wall_us);

}  // namespace camloop
