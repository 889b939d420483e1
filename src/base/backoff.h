// How long to wait before the next try of what may fail for long: exponential, with full jitter, so
// that many boards that lost one server do not come back in step.
#pragma once

#include <cstdint>

namespace camloop {

/// Passive: it draws waits, it does not wait.
class Backoff {
 public:
  struct Limits {
    int64_t first_us;  // the longest wait of the first try
    int64_t most_us;   // and of any
  };

  /// `seed`: another one for each board and start.
  Backoff(Limits limits, uint64_t seed) : limits_(limits), random_(seed) { reset(); }

  /// A wait between none and a ceiling that doubles from call to call.
  int64_t next_us();
  /// What was tried has worked: the next wait is a short one again.
  void reset() { ceiling_us_ = limits_.first_us; }

 private:
  Limits limits_;
  uint64_t random_;
  int64_t ceiling_us_ = 0;
};

}  // namespace camloop
