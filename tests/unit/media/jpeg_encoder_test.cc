#include "media/jpeg_encoder.h"

#include "media/frame.h"
#include "media/jpeg_scan.h"
#include "unit/media/test_pictures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace camloop {
namespace {

class JpegEncoderTest : public testing::Test {
 protected:
  BufferRef encode(const PictureView& picture, int quality = 80) {
    return camloop::encode(encoder_, picture, quality, pool_);
  }

  BufferPool pool_{2};
  JpegEncoder encoder_;
};

std::vector<uint8_t> copy_of(const BufferRef& jpeg) {
  Bytes bytes = jpeg.bytes();
  return {bytes.begin(), bytes.end()};
}

// Costs far more bits than any camera's picture of the same size.
struct NoisePicture {
  explicit NoisePicture(int width, int height) : pixels(static_cast<size_t>(width) * height) {
    std::mt19937 random(1);
    std::generate(pixels.begin(), pixels.end(), [&] { return static_cast<uint8_t>(random()); });
    view.format = PixelFormat::kGrey;
    view.width = width;
    view.height = height;
    view.planes[0] = {pixels.data(), static_cast<size_t>(width)};
  }
  std::vector<uint8_t> pixels;
  PictureView view;
};

constexpr std::pair<int, int> kSizes[] = {{1, 1},   {2, 2},   {7, 5},   {8, 8},   {9, 17},
                                          {15, 16}, {16, 16}, {17, 15}, {33, 31}, {24, 40},
                                          {64, 48}, {65, 8},  {3, 100}};

TEST_F(JpegEncoderTest, every_format_and_size_decodes_to_the_picture_given) {
  for (auto [format, name] : kEveryFormat) {
    for (auto [width, height] : kSizes) {
      SCOPED_TRACE(std::string(name) + " " + std::to_string(width) + "x" + std::to_string(height));
      OwnedPicture picture = make_picture(format, width, height);
      Decoded decoded = decode(encode(picture.view, 95).bytes());
      ASSERT_TRUE(decoded.ok);
      EXPECT_EQ(decoded.width, width);
      EXPECT_EQ(decoded.height, height);
      EXPECT_EQ(decoded.components, format == PixelFormat::kGrey ? 1 : 3);
      EXPECT_GT(scene_psnr(decoded), 42);
    }
  }
}

TEST_F(JpegEncoderTest, what_lies_between_rows_never_reaches_the_jpeg) {
  for (auto [format, name] : kEveryFormat) {
    SCOPED_TRACE(name);
    for (int width : {18, 32}) {
      OwnedPicture tight = make_picture(format, width, 22);
      OwnedPicture wide = make_picture(format, width, 22, 37, 255);
      EXPECT_EQ(copy_of(encode(wide.view)), copy_of(encode(tight.view)));
    }
  }
}

TEST_F(JpegEncoderTest, a_step_takes_16_lines_and_of_a_grey_picture_8) {
  for (auto [format, name] : kEveryFormat) {
    SCOPED_TRACE(name);
    OwnedPicture picture = make_picture(format, 32, 50);
    ASSERT_TRUE(encoder_.begin(picture.view, 80, pool_).ok());
    int steps = 1;
    while (!encoder_.step().value()) ++steps;
    EXPECT_EQ(steps, format == PixelFormat::kGrey ? 7 : 4);
  }
}

TEST_F(JpegEncoderTest, a_jpeg_is_whole_and_needs_no_mending) {
  OwnedPicture picture = make_picture(PixelFormat::kNv12, 64, 48);
  BufferRef jpeg = encode(picture.view);
  Result<JpegLayout> layout = scan_jpeg(jpeg.bytes());
  ASSERT_TRUE(layout.ok()) << layout.error().text;
  EXPECT_EQ(layout.value().width, 64);
  EXPECT_EQ(layout.value().height, 48);
  EXPECT_TRUE(layout.value().has_huffman_tables);
  EXPECT_FALSE(layout.value().has_metadata);
  EXPECT_EQ(layout.value().end, jpeg.size());
}

TEST_F(JpegEncoderTest, a_steady_stream_uses_the_same_memory_again) {
  OwnedPicture picture = make_picture(PixelFormat::kYuyv, 64, 48);
  encode(picture.view);
  BufferRef jpeg = encode(picture.view);
  const uint8_t* memory = jpeg.bytes().data();
  for (int frame = 0; frame < 5; ++frame) {
    jpeg.reset();
    jpeg = encode(picture.view);
    EXPECT_EQ(jpeg.bytes().data(), memory);
  }
}

TEST_F(JpegEncoderTest, a_jpeg_that_outgrows_the_guess_is_whole) {
  OwnedPicture easy = make_picture(PixelFormat::kGrey, 256, 256);
  NoisePicture hard(256, 256);
  encode(easy.view);
  BufferRef jpeg = encode(hard.view, 100);
  EXPECT_GT(jpeg.size(), 256u * 256u);
  Decoded decoded = decode(jpeg.bytes());
  ASSERT_TRUE(decoded.ok);
  int worst = 0;
  for (size_t i = 0; i < hard.pixels.size(); ++i) {
    worst = std::max(worst, std::abs(decoded.pixels[i] - hard.pixels[i]));
  }
  EXPECT_LE(worst, 3);
}

TEST_F(JpegEncoderTest, a_jpeg_larger_than_any_frame_may_be_is_an_error_and_the_next_one_is_fine) {
  NoisePicture huge(3000, 4000);
  ASSERT_TRUE(encoder_.begin(huge.view, 100, pool_).ok());
  Result<bool> step = false;
  while (step.ok() && !step.value()) step = encoder_.step();
  EXPECT_FALSE(step.ok());
  OwnedPicture picture = make_picture(PixelFormat::kNv12, 64, 48);
  EXPECT_TRUE(decode(encode(picture.view).bytes()).ok);
}

TEST_F(JpegEncoderTest, an_encoding_that_was_abandoned_leaves_nothing_behind) {
  OwnedPicture picture = make_picture(PixelFormat::kNv12, 64, 48);
  OwnedPicture other = make_picture(PixelFormat::kRgb24, 100, 100);
  std::vector<uint8_t> expected = copy_of(encode(picture.view));
  ASSERT_TRUE(encoder_.begin(other.view, 30, pool_).ok());
  ASSERT_TRUE(encoder_.step().ok());
  EXPECT_EQ(copy_of(encode(picture.view)), expected);
}

TEST_F(JpegEncoderTest, format_size_and_quality_may_change_from_picture_to_picture) {
  for (int quality : {10, 96, 60}) {
    for (auto [format, name] : kEveryFormat) {
      SCOPED_TRACE(name);
      OwnedPicture picture = make_picture(format, 16 + quality, 48);
      JpegEncoder fresh;
      BufferRef expected = camloop::encode(fresh, picture.view, quality, pool_);
      EXPECT_EQ(copy_of(encode(picture.view, quality)), copy_of(expected));
    }
  }
}

TEST_F(JpegEncoderTest, better_quality_costs_more_bytes_and_comes_closer) {
  NoisePicture picture(64, 64);
  BufferRef low = encode(picture.view, 10);
  BufferRef high = encode(picture.view, 90);
  EXPECT_LT(2 * low.size(), high.size());
}

TEST_F(JpegEncoderTest, a_size_that_no_jpeg_has_is_an_error) {
  uint8_t pixel = 0;
  for (auto [width, height] : {std::pair(0, 8), {8, 0}, {-8, 8}, {65501, 1}, {1, 65501}}) {
    PictureView picture;
    picture.format = PixelFormat::kGrey;
    picture.width = width;
    picture.height = height;
    picture.planes[0] = {&pixel, 0};
    EXPECT_FALSE(encoder_.begin(picture, 80, pool_).ok()) << width << "x" << height;
  }
}

}  // namespace
}  // namespace camloop
