#include "base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace camloop {
namespace {

Histogram histogram_of(const std::vector<int64_t>& values) {
  Histogram histogram;
  for (int64_t value : values) histogram.add(value);
  return histogram;
}

// The smallest value that at least `share` of all do not exceed.
int64_t exact_quantile(std::vector<int64_t> values, double share) {
  std::sort(values.begin(), values.end());
  auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size()) - 1e-6));
  return values[std::max<size_t>(rank, 1) - 1];
}

TEST(Histogram, IsAllZeroWhenEmpty) {
  Histogram empty;
  EXPECT_EQ(empty.count(), 0u);
  EXPECT_EQ(empty.sum_us(), 0);
  EXPECT_EQ(empty.max_us(), 0);
  EXPECT_EQ(empty.quantile_us(0.5), 0);
  EXPECT_EQ(empty.count_up_to(1'000'000), 0u);
}

TEST(Histogram, CountsAndSums) {
  Histogram histogram = histogram_of({5, 7, 1000});
  EXPECT_EQ(histogram.count(), 3u);
  EXPECT_EQ(histogram.sum_us(), 1012);
  EXPECT_EQ(histogram.max_us(), 1000);
}

TEST(Histogram, IsExactBelowSixteen) {
  for (int64_t value = 0; value < 16; ++value) {
    Histogram histogram = histogram_of({value, 1000});
    EXPECT_EQ(histogram.quantile_us(0.5), value);
    EXPECT_EQ(histogram.count_up_to(value), 1u);
    EXPECT_EQ(histogram.count_up_to(value - 1), 0u);
  }
}

TEST(Histogram, NeverSaysMoreThanTheLongest) {
  Histogram histogram = histogram_of({1000, 1001});
  EXPECT_EQ(histogram.quantile_us(1), 1001);
  EXPECT_EQ(histogram.quantile_us(0.999), 1001);
}

TEST(Histogram, FindsTheOneOutlierAmongAThousand) {
  std::vector<int64_t> values(999, 10);
  values.push_back(50'000);
  Histogram histogram = histogram_of(values);
  EXPECT_EQ(histogram.quantile_us(0.5), 10);
  EXPECT_EQ(histogram.quantile_us(0.999), 10);
  EXPECT_EQ(histogram.quantile_us(1), 50'000);
}

TEST(Histogram, EveryEdgeIsWithinAnEighth) {
  for (int power = 0; power < 33; ++power) {
    for (int64_t offset = -1; offset <= 1; ++offset) {
      int64_t value = std::max<int64_t>((int64_t{1} << power) + offset, 0);
      // Behind a much longer one, so that the bucket's bound shows and not the maximum.
      int64_t bound = histogram_of({value, int64_t{1} << 40}).quantile_us(0.5);
      EXPECT_GE(bound, value);
      EXPECT_LE(static_cast<double>(bound), static_cast<double>(value) * 1.125) << value;
    }
  }
}

TEST(Histogram, QuantilesAreWithinAnEighthOfTheExactOnes) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> duration(6, 2);
  for (size_t count : {1u, 2u, 3u, 10u, 1000u, 20'000u}) {
    std::vector<int64_t> values(count);
    for (int64_t& value : values) value = static_cast<int64_t>(duration(random));
    Histogram histogram = histogram_of(values);
    for (double share : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      int64_t exact = exact_quantile(values, share);
      int64_t told = histogram.quantile_us(share);
      EXPECT_GE(told, exact) << count << " values, " << share;
      EXPECT_LE(told, exact + exact / 8) << count << " values, " << share;
    }
  }
}

TEST(Histogram, CountsUpToABoundWithinAnEighth) {
  std::mt19937_64 random(8);
  std::vector<int64_t> values(10'000);
  for (int64_t& value : values) value = static_cast<int64_t>(random() % 200'000);
  Histogram histogram = histogram_of(values);
  auto exact = [&values](int64_t bound) {
    return static_cast<uint64_t>(std::count_if(values.begin(), values.end(),
                                               [bound](int64_t value) { return value <= bound; }));
  };
  for (int64_t bound : {0, 7, 8, 100, 500, 1000, 2000, 5000, 50'000, 100'000, 1'000'000}) {
    EXPECT_LE(histogram.count_up_to(bound), exact(bound)) << bound;
    EXPECT_GE(histogram.count_up_to(bound), exact(bound - bound / 8)) << bound;
  }
}

TEST(Histogram, TakesWhatIsLongerThanItsLastBucket) {
  int64_t longest = std::numeric_limits<int64_t>::max();
  Histogram histogram = histogram_of({longest});
  EXPECT_EQ(histogram.max_us(), longest);
  EXPECT_GE(histogram.quantile_us(0.5), int64_t{1} << 33);
  EXPECT_EQ(histogram.count_up_to(3'600'000'000), 0u);
}

TEST(Histogram, TakesANegativeDurationForNone) {
  Histogram histogram = histogram_of({-5});
  EXPECT_EQ(histogram.quantile_us(0.5), 0);
  EXPECT_EQ(histogram.max_us(), 0);
  EXPECT_EQ(histogram.sum_us(), 0);
  EXPECT_EQ(histogram.count_up_to(0), 1u);
}

}  // namespace
}  // namespace camloop
