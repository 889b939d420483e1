#include "base/backoff.h"

#include <algorithm>

namespace camloop {
namespace {

// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
uint64_t draw(uint64_t& state) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

int64_t Backoff::next_us() {
  auto choices = static_cast<uint64_t>(ceiling_us_) + 1;
  ceiling_us_ = std::min(ceiling_us_ * 2, limits_.most_us);
  return static_cast<int64_t>(draw(random_) % choices);
}

}  // namespace camloop
