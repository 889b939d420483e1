// A histogram of durations with logarithmic buckets: constant memory, quantiles within 1/8.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace camloop {

class Histogram {
 public:
  /// A negative duration counts as none.
  void add(int64_t value_us);

  uint64_t count() const { return count_; }
  int64_t max_us() const { return max_us_; }
  int64_t sum_us() const { return sum_us_; }
  /// The smallest bucket bound that at least `share` (0..1) of the values do not exceed; 0 when
  /// empty.
  int64_t quantile_us(double share) const;
  /// How many values are at most `bound_us`, to the resolution of the buckets.
  uint64_t count_up_to(int64_t bound_us) const;

 private:
  static constexpr size_t kSteps = 8;              // buckets in each power of two
  static constexpr size_t kBuckets = 32 * kSteps;  // the last one also takes all that is longer
  static size_t bucket_of(int64_t value_us);
  static int64_t upper_bound_us(size_t bucket);

  std::array<uint64_t, kBuckets> buckets_{};  // a busy loop fills 32 bits within days
  uint64_t count_ = 0;
  int64_t sum_us_ = 0;
  int64_t max_us_ = 0;
};

}  // namespace camloop
