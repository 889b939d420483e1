#include "media/pixels.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace camloop {
namespace {

constexpr uint8_t kUntouched = 0xa5;
constexpr size_t kGuard = 32;

// Around every width of vector that a compiler may choose.
constexpr size_t kCounts[] = {0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100};

std::vector<uint8_t> bytes_from(uint32_t seed, size_t size) {
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes)
    byte = static_cast<uint8_t>((seed = seed * 1664525 + 1013904223) >> 24);
  return bytes;
}

std::vector<uint8_t> target(size_t size) {
  return std::vector<uint8_t>(size + kGuard, kUntouched);
}

// `got` begins with what `expected` gives for each index, and nothing was written behind it.
template <class Expected>
void expect_row(const std::vector<uint8_t>& got, size_t size, Expected expected) {
  for (size_t i = 0; i < size; ++i) ASSERT_EQ(got[i], expected(i)) << i << " of " << size;
  for (size_t i = size; i < got.size(); ++i) ASSERT_EQ(got[i], kUntouched) << i << " of " << size;
}

TEST(Pixels, pairs_part_into_the_first_and_the_second_of_each) {
  for (size_t count : kCounts) {
    std::vector<uint8_t> pairs = bytes_from(1, 2 * count);
    std::vector<uint8_t> first = target(count);
    std::vector<uint8_t> second = target(count);
    split_pairs(pairs.data(), count, first.data(), second.data());
    expect_row(first, count, [&](size_t i) { return pairs[2 * i]; });
    expect_row(second, count, [&](size_t i) { return pairs[2 * i + 1]; });
  }
}

struct Order {
  decltype(&split_yuyv) split;
  size_t luma, cb, cr;  // first place of each in a group of four bytes
};

TEST(Pixels, packed_rows_part_into_luma_and_the_mean_of_their_chroma) {
  for (const Order& order : {Order{split_yuyv, 0, 1, 3}, Order{split_uyvy, 1, 0, 2}}) {
    for (size_t count : kCounts) {
      std::vector<uint8_t> top = bytes_from(2, 4 * count);
      std::vector<uint8_t> bottom = bytes_from(3, 4 * count);
      std::array rows = {target(2 * count), target(2 * count), target(count), target(count)};
      order.split(top.data(), bottom.data(), count,
                  {rows[0].data(), rows[1].data(), rows[2].data(), rows[3].data()});
      auto mean = [&](size_t place) { return (top[place] + bottom[place] + 1) / 2; };
      expect_row(rows[0], 2 * count, [&](size_t i) { return top[2 * i + order.luma]; });
      expect_row(rows[1], 2 * count, [&](size_t i) { return bottom[2 * i + order.luma]; });
      expect_row(rows[2], count, [&](size_t i) { return mean(4 * i + order.cb); });
      expect_row(rows[3], count, [&](size_t i) { return mean(4 * i + order.cr); });
    }
  }
}

TEST(Pixels, the_last_row_of_an_odd_picture_may_stand_for_both) {
  std::vector<uint8_t> row = bytes_from(4, 4 * 40);
  std::array rows = {target(80), target(80), target(40), target(40)};
  split_yuyv(row.data(), row.data(), 40,
             {rows[0].data(), rows[1].data(), rows[2].data(), rows[3].data()});
  EXPECT_EQ(rows[0], rows[1]);
  expect_row(rows[2], 40, [&](size_t i) { return row[4 * i + 1]; });
}

}  // namespace
}  // namespace camloop
