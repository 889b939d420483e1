#include "base/histogram.h"

#include <algorithm>
#include <bit>

namespace camloop {

// Values below kSteps have a bucket each; above, a power of two is cut into kSteps equal parts.
size_t Histogram::bucket_of(int64_t value_us) {
  auto value = static_cast<uint64_t>(value_us);
  if (value < kSteps) return static_cast<size_t>(value);
  auto shift =
      static_cast<size_t>(std::bit_width(value)) - static_cast<size_t>(std::bit_width(kSteps));
  return std::min((shift + 1) * kSteps + static_cast<size_t>((value >> shift) - kSteps),
                  kBuckets - 1);
}

int64_t Histogram::upper_bound_us(size_t bucket) {
  if (bucket < kSteps) return static_cast<int64_t>(bucket);
  size_t shift = bucket / kSteps - 1;
  uint64_t steps = bucket % kSteps + kSteps + 1;
  return static_cast<int64_t>((steps << shift) - 1);
}

void Histogram::add(int64_t value_us) {
  value_us = std::max<int64_t>(value_us, 0);
  ++buckets_[bucket_of(value_us)];
  ++count_;
  sum_us_ += value_us;
  max_us_ = std::max(max_us_, value_us);
}

int64_t Histogram::quantile_us(double share) const {
  if (count_ == 0) return 0;
  auto wanted = static_cast<uint64_t>(share * static_cast<double>(count_) + 0.999999);
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted) return std::min(upper_bound_us(bucket), max_us_);
  }
  return max_us_;
}

uint64_t Histogram::count_up_to(int64_t bound_us) const {
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets && upper_bound_us(bucket) <= bound_us; ++bucket) {
    seen += buckets_[bucket];
  }
  return seen;
}

}  // namespace camloop
