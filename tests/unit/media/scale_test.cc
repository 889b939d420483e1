#include "media/scale.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace camloop {
namespace {

/// Lines of RGB in memory of just their size, so that a sanitizer sees any read beyond.
struct Picture {
  Size size;
  std::vector<std::vector<uint8_t>> lines;

  uint8_t at(int x, int y, int channel) const { return lines.at(y).at(3 * x + channel); }
};

Picture random_picture(Size size) {
  std::mt19937 random(1);
  Picture picture{size, {}};
  for (int y = 0; y < size.height; ++y) {
    picture.lines.emplace_back(3 * size.width);
    for (uint8_t& byte : picture.lines.back()) byte = static_cast<uint8_t>(random());
  }
  return picture;
}

Picture scale(LineScaler& scaler, const Picture& from, Size to) {
  Picture result{to, {}};
  scaler.begin(from.size, to);
  auto take = [&] {
    while (const uint8_t* line = scaler.next()) {
      result.lines.emplace_back(line, line + 3 * to.width);
    }
  };
  take();
  for (int y = 0; y < from.size.height && result.lines.size() < size_t(to.height); ++y) {
    scaler.put(from.lines[y].data());
    take();
  }
  return result;
}

// Bilinear interpolation as textbooks have it, at the place where a pixel's middle comes from.
double sample(const Picture& from, Size to, int x, int y, int channel) {
  double at_x =
      std::clamp((x + 0.5) * from.size.width / to.width - 0.5, 0.0, from.size.width - 1.0);
  double at_y =
      std::clamp((y + 0.5) * from.size.height / to.height - 0.5, 0.0, from.size.height - 1.0);
  int left = static_cast<int>(at_x);
  int top = static_cast<int>(at_y);
  int right = std::min(left + 1, from.size.width - 1);
  int bottom = std::min(top + 1, from.size.height - 1);
  double upper = std::lerp(from.at(left, top, channel), from.at(right, top, channel), at_x - left);
  double lower =
      std::lerp(from.at(left, bottom, channel), from.at(right, bottom, channel), at_x - left);
  return std::lerp(upper, lower, at_y - top);
}

constexpr std::pair<Size, Size> kScalings[] = {
    {{1, 1}, {1, 1}},     {{1, 1}, {5, 4}},     {{2, 1}, {7, 3}},     {{1, 3}, {1, 10}},
    {{5, 4}, {5, 4}},     {{240, 2}, {240, 9}}, {{30, 20}, {17, 11}}, {{16, 9}, {33, 27}},
    {{31, 29}, {30, 28}}, {{64, 48}, {7, 5}},   {{40, 30}, {1, 1}},   {{3, 100}, {90, 50}},
};

TEST(FitTest, a_picture_gets_the_largest_size_of_its_aspect) {
  EXPECT_EQ(fit({640, 480}, {240, 240}), (Size{240, 180}));
  EXPECT_EQ(fit({1920, 1080}, {240, 240}), (Size{240, 135}));
  EXPECT_EQ(fit({1080, 1920}, {240, 240}), (Size{135, 240}));
  EXPECT_EQ(fit({640, 480}, {1920, 1080}), (Size{1440, 1080}));
  EXPECT_EQ(fit({320, 240}, {320, 240}), (Size{320, 240}));
  EXPECT_EQ(fit({16, 16}, {239, 241}), (Size{239, 239}));
  EXPECT_EQ(fit({65500, 65500}, {65500, 65500}), (Size{65500, 65500}));
}

TEST(FitTest, no_side_vanishes) {
  EXPECT_EQ(fit({8000, 1}, {240, 240}), (Size{240, 1}));
  EXPECT_EQ(fit({1, 8000}, {240, 240}), (Size{1, 240}));
}

TEST(LineScalerTest, every_pixel_is_interpolated_between_its_neighbours) {
  LineScaler scaler;
  for (auto [from, to] : kScalings) {
    SCOPED_TRACE(testing::Message()
                 << from.width << "x" << from.height << " to " << to.width << "x" << to.height);
    Picture picture = random_picture(from);
    Picture scaled = scale(scaler, picture, to);
    ASSERT_EQ(scaled.lines.size(), size_t(to.height));
    double worst = 0;
    for (int y = 0; y < to.height; ++y) {
      for (int i = 0; i < 3 * to.width; ++i) {
        double wanted = sample(picture, to, i / 3, y, i % 3);
        worst = std::max(worst, std::abs(scaled.at(i / 3, y, i % 3) - wanted));
      }
    }
    EXPECT_LT(worst, 3);
  }
}

TEST(LineScalerTest, a_picture_of_the_right_size_stays_as_it_is) {
  LineScaler scaler;
  Picture picture = random_picture({23, 17});
  EXPECT_EQ(scale(scaler, picture, picture.size).lines, picture.lines);
}

TEST(LineScalerTest, white_stays_white_and_black_black) {
  LineScaler scaler;
  for (uint8_t value : {0, 255}) {
    Picture picture = random_picture({9, 9});
    for (auto& line : picture.lines) std::fill(line.begin(), line.end(), value);
    for (const auto& line : scale(scaler, picture, {40, 31}).lines) {
      EXPECT_EQ(line, std::vector<uint8_t>(120, value));
    }
  }
}

TEST(LineScalerTest, a_picture_that_was_abandoned_leaves_nothing_behind) {
  LineScaler scaler;
  Picture picture = random_picture({8, 8});
  Picture expected = scale(scaler, picture, {12, 12});
  Picture other = random_picture({8, 8});
  std::fill(other.lines[0].begin(), other.lines[0].end(), 0);
  scaler.begin(other.size, {12, 12});
  scaler.put(other.lines[0].data());
  EXPECT_EQ(scale(scaler, picture, {12, 12}).lines, expected.lines);
}

TEST(LineScalerTest, a_line_comes_as_soon_as_what_it_is_made_of_is_there) {
  LineScaler scaler;
  Picture picture = random_picture({4, 4});
  scaler.begin(picture.size, {4, 8});
  std::vector<int> given;
  for (const auto& line : picture.lines) {
    scaler.put(line.data());
    given.push_back(0);
    while (scaler.next()) ++given.back();
  }
  EXPECT_EQ(given, (std::vector<int>{0, 3, 2, 3}));
}

}  // namespace
}  // namespace camloop
