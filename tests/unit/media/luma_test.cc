#include "media/luma.h"

#include "unit/media/test_pictures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace camloop {
namespace {

// Over every pixel.
double exact_luma(int width, int height) {
  double squares = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) squares += std::pow(scene_at(x, y)[0], 2);
  }
  return std::sqrt(squares / (width * height));
}

/// A grey picture of rows in memory of just its size.
struct Grey {
  Grey(int width, int height, uint8_t value) : pixels(static_cast<size_t>(width * height), value) {
    view.format = PixelFormat::kGrey;
    view.width = width;
    view.height = height;
    view.planes[0] = {pixels.data(), static_cast<size_t>(width)};
  }
  void fill_rows(int first, int count, uint8_t value) {
    std::fill_n(pixels.begin() + first * view.width, count * view.width, value);
  }

  std::vector<uint8_t> pixels;
  PictureView view;
};

TEST(LumaTest, EveryFormatOfAPictureIsAsBright) {
  for (const NamedFormat& named : kEveryFormat) {
    OwnedPicture picture = make_picture(named.format, 120, 96);
    EXPECT_NEAR(measure_luma(picture.view), exact_luma(120, 96), 2) << named.name;
  }
}

TEST(LumaTest, ThePaddingOfRowsDoesNotCount) {
  for (const NamedFormat& named : kEveryFormat) {
    OwnedPicture picture = make_picture(named.format, 118, 90, 64, 255);
    EXPECT_NEAR(measure_luma(picture.view), exact_luma(118, 90), 2) << named.name;
  }
}

TEST(LumaTest, NothingIsReadBeyondTheSmallestPicture) {
  for (const NamedFormat& named : kEveryFormat) {
    for (auto [width, height] : {std::pair{2, 2}, {2, 100}, {100, 2}, {30, 20}}) {
      OwnedPicture picture = make_picture(named.format, width, height);
      EXPECT_NEAR(measure_luma(picture.view), exact_luma(width, height), 4) << named.name;
    }
  }
}

TEST(LumaTest, BlackIsZeroAndWhiteIs255) {
  for (int value : {0, 1, 118, 255}) {
    EXPECT_DOUBLE_EQ(measure_luma(Grey(640, 480, static_cast<uint8_t>(value)).view), value);
  }
}

TEST(LumaTest, TwiceTheLumaIsTwiceAsBright) {
  Grey picture(640, 480, 20);
  picture.fill_rows(100, 120, 110);
  double before = measure_luma(picture.view);
  for (uint8_t& pixel : picture.pixels) pixel *= 2;
  EXPECT_DOUBLE_EQ(measure_luma(picture.view), 2 * before);
}

TEST(LumaTest, ALightPartCountsForMoreThanItsShare) {
  Grey picture(640, 480, 60);
  picture.fill_rows(0, 120, 240);  // a quarter of it: the sky
  double mean = 0.25 * 240 + 0.75 * 60;
  EXPECT_GT(measure_luma(picture.view), mean + 15);
  EXPECT_LT(measure_luma(picture.view), 240);
}

TEST(LumaTest, EveryPartOfThePictureCounts) {
  for (int part = 0; part < 10; ++part) {
    Grey picture(640, 480, 0);
    picture.fill_rows(part * 48, 48, 200);
    EXPECT_GT(measure_luma(picture.view), 40) << part;
  }
}

}  // namespace
}  // namespace camloop
