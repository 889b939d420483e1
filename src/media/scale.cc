#include "media/scale.h"

#include "base/check.h"

#include <algorithm>
#include <cstring>

namespace camloop {
namespace {

constexpr int kChannels = 3;
constexpr int kOne = 256;  // the weight that is all

uint8_t mix(uint8_t left, uint8_t right, int weight) {
  return static_cast<uint8_t>((left * (kOne - weight) + right * weight + kOne / 2) / kOne);
}

// `side` * `box` / `picture`, rounded, at least 1.
int in_proportion(int side, int box, int picture) {
  int64_t scaled = (static_cast<int64_t>(side) * box + picture / 2) / picture;
  return std::max(static_cast<int>(scaled), 1);
}

}  // namespace

Size fit(Size picture, Size box) {
  int64_t width_bound = static_cast<int64_t>(box.width) * picture.height;
  int64_t height_bound = static_cast<int64_t>(box.height) * picture.width;
  if (width_bound <= height_bound) {
    return {box.width, in_proportion(picture.height, box.width, picture.width)};
  }
  return {in_proportion(picture.width, box.height, picture.height), box.height};
}

void LineScaler::begin(Size from, Size to) {
  CHECK(std::min({from.width, from.height, to.width, to.height}) > 0);
  put_ = 0;
  given_ = 0;
  if (from == from_ && to == to_) return;
  from_ = from;
  to_ = to;
  size_t row_bytes = static_cast<size_t>(to.width) * kChannels;
  for (std::vector<uint8_t>& kept : lines_) kept.resize(row_bytes);
  mixed_.resize(row_bytes);
  columns_.clear();
  for (int x = 0; x < to.width; ++x) {
    Tap column = tap(x, from.width, to.width);
    columns_.push_back({column.left * kChannels, column.right * kChannels, column.weight});
  }
}

// The middle of a pixel goes to where the middle of the picture does: (index + 1/2) * from / to is
// half a pixel right of the left neighbour's middle.
LineScaler::Tap LineScaler::tap(int index, int from, int to) {
  int64_t middle = (2 * int64_t{index} + 1) * from * (kOne / 2) / to - kOne / 2;
  int at = static_cast<int>(std::clamp<int64_t>(middle, 0, (from - 1) * int64_t{kOne}));
  int left = at / kOne;
  return {left, std::min(left + 1, from - 1), at % kOne};
}

void LineScaler::put(const uint8_t* rgb) {
  CHECK(put_ < from_.height);
  uint8_t* out = line(put_++);
  if (from_.width == to_.width) {
    std::memcpy(out, rgb, lines_[0].size());
    return;
  }
  for (const Tap& column : columns_) {
    for (int channel = 0; channel < kChannels; ++channel) {
      *out++ = mix(rgb[column.left + channel], rgb[column.right + channel], column.weight);
    }
  }
}

// As lines are put only when one is missing, the right neighbour is the newest one.
const uint8_t* LineScaler::next() {
  if (given_ == to_.height) return nullptr;
  Tap row = tap(given_, from_.height, to_.height);
  if (row.right >= put_) return nullptr;
  CHECK(row.left + 2 >= put_);
  ++given_;
  if (row.weight == 0) return line(row.left);
  const uint8_t* top = line(row.left);
  const uint8_t* bottom = line(row.right);
  for (size_t i = 0; i < mixed_.size(); ++i) mixed_[i] = mix(top[i], bottom[i], row.weight);
  return mixed_.data();
}

}  // namespace camloop
