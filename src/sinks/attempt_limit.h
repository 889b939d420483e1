// Slows down guessing: whoever fails too often has to wait.
#pragma once

#include "base/clock.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace camloop {

class AttemptLimit {
 public:
  /// A person who mistypes stays below; a guesser gets 14,400 attempts a day.
  static constexpr int kFailuresMax = 10;
  static constexpr int64_t kWindow_us = 60 * kSecond_us;
  /// Beyond it the oldest is forgotten, so that no swarm of addresses fills the memory.
  static constexpr size_t kHostsMax = 64;

  /// How long `host` must wait yet, 0: not at all.
  int64_t wait_us(const std::string& host, int64_t now_us) const;
  /// True: with this one the host has used up its attempts, until kWindow_us after the first of
  /// them. The same `attempt` again is none: so an open page whose password has changed locks
  /// nobody out.
  bool fail(const std::string& host, std::string_view attempt, int64_t now_us);

 private:
  struct Window {
    int64_t began_us = 0;
    int failures = 0;
    std::string last;  // attempt, unless it was longer than any secret
  };
  void make_room();

  std::map<std::string, Window> windows_;
};

}  // namespace camloop
