#include "sinks/painter.h"

#include "unit/media/test_pictures.h"
#include "unit/sinks/fake_framebuffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace camloop {
namespace {

class PainterTest : public testing::Test {
 protected:
  void open(int width, int height, int bits, uint32_t padding = 0) {
    framebuffer_.reset();
    device_ = std::make_unique<FakeFramebuffer>(width, height, bits);
    device_->set_line_length(device_->fixed.line_length + padding);
    framebuffer_ = Framebuffer::open(*device_, "/dev/fb0").value();
    framebuffer_->clear();
  }

  Frame make_frame(int width, int height) {
    OwnedPicture picture = make_picture(PixelFormat::kNv12, width, height);
    return {encode(encoder_, picture.view, 95, pool_), width, height};
  }

  void paint(const Frame& frame) {
    ASSERT_TRUE(painter_.begin(frame, *framebuffer_).ok());
    Result<bool> drawn = false;
    while (drawn && !drawn.value()) drawn = painter_.step();
    ASSERT_TRUE(drawn.ok()) << drawn.error().text;
    EXPECT_FALSE(painter_.busy());
  }

  /// R, G, B of a pixel, widened to 8 bits.
  std::array<int, 3> seen(int x, int y) const {
    std::vector<uint8_t> bytes = device_->pixel(x, y);
    if (bytes.size() > 2) return {bytes[2], bytes[1], bytes[0]};
    int value = bytes[0] + 256 * bytes[1];
    return {(value >> 11) * 255 / 31, (value >> 5) % 64 * 255 / 63, value % 32 * 255 / 31};
  }

  /// How far a rectangle of the screen is, at most, from libjpeg's view of the frame, sampled at
  /// the nearest pixel.
  int distance(const Frame& frame, int left, int top, Size size) const {
    Decoded decoded = decode(frame.jpeg.bytes(), true);
    int worst = 0;
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        int from_x = (2 * x + 1) * decoded.width / (2 * size.width);
        int from_y = (2 * y + 1) * decoded.height / (2 * size.height);
        for (int i = 0; i < 3; ++i) {
          int wanted = decoded.pixels[3 * (from_y * decoded.width + from_x) + i];
          worst = std::max(worst, std::abs(seen(left + x, top + y)[i] - wanted));
        }
      }
    }
    return worst;
  }

  /// Pixels that are not black outside of a rectangle.
  int stains_around(int left, int top, Size size) const {
    int stains = 0;
    for (int y = 0; y < int(device_->mode.yres); ++y) {
      for (int x = 0; x < int(device_->mode.xres); ++x) {
        bool inside = x >= left && x < left + size.width && y >= top && y < top + size.height;
        stains += !inside && seen(x, y) != std::array<int, 3>{0, 0, 0};
      }
    }
    return stains;
  }

  BufferPool pool_{2};
  JpegEncoder encoder_;
  std::unique_ptr<FakeFramebuffer> device_;
  std::unique_ptr<Framebuffer> framebuffer_;
  Painter painter_;
};

// The scene changes by up to 6 from pixel to pixel, 16 bits have steps of 8.
constexpr int kNear = 16;

TEST_F(PainterTest, DrawsAPictureOfAnySizeOnAScreenOfAnyKind) {
  struct {
    Size picture, screen;
    int left, top;
    Size fitted;
  } cases[] = {
      {{96, 72}, {36, 36}, 0, 4, {36, 27}},  {{72, 96}, {36, 36}, 4, 0, {27, 36}},
      {{96, 96}, {96, 96}, 0, 0, {96, 96}},  {{100, 60}, {75, 90}, 0, 22, {75, 45}},
      {{32, 16}, {81, 64}, 0, 11, {81, 41}}, {{96, 8}, {7, 5}, 0, 2, {7, 1}},
  };
  for (int bits : {16, 24, 32}) {
    for (const auto& each : cases) {
      SCOPED_TRACE(testing::Message()
                   << bits << " bits, " << each.picture.width << "x" << each.picture.height
                   << " on " << each.screen.width << "x" << each.screen.height);
      open(each.screen.width, each.screen.height, bits, 5);
      Frame frame = make_frame(each.picture.width, each.picture.height);
      paint(frame);
      EXPECT_LE(distance(frame, each.left, each.top, each.fitted), kNear);
      EXPECT_EQ(stains_around(each.left, each.top, each.fitted), 0);
    }
  }
}

TEST_F(PainterTest, LeavesNothingOfAPictureOfAnotherShape) {
  open(48, 48, 24);
  paint(make_frame(96, 72));
  EXPECT_EQ(stains_around(0, 6, {48, 36}), 0);
  paint(make_frame(72, 96));
  EXPECT_EQ(stains_around(6, 0, {36, 48}), 0);
  paint(make_frame(24, 24));
  EXPECT_EQ(stains_around(0, 0, {48, 48}), 0);
}

TEST_F(PainterTest, MovesToAnotherScreen) {
  Frame frame = make_frame(96, 96);
  open(48, 48, 24);
  paint(frame);
  open(48, 64, 32);
  paint(frame);
  EXPECT_LE(distance(frame, 0, 8, {48, 48}), kNear);
  EXPECT_EQ(stains_around(0, 8, {48, 48}), 0);
}

TEST_F(PainterTest, DrawsAtMostOneLineAStep) {
  open(24, 60, 24);
  ASSERT_TRUE(painter_.begin(make_frame(48, 120), *framebuffer_).ok());
  int lines = 0;
  for (bool drawn = false; !drawn;) {
    drawn = painter_.step().value();
    int touched = 0;
    for (int y = 0; y < 60; ++y) touched += device_->pixel(12, y) != std::vector<uint8_t>(3, 0);
    EXPECT_LE(touched, lines + 1);
    lines = touched;
  }
  EXPECT_EQ(lines, 60);
}

TEST_F(PainterTest, GivesUpAFrameAndDrawsTheNext) {
  open(48, 48, 24);
  Frame frame = make_frame(96, 96);
  Frame broken = frame;
  broken.jpeg = pool_.take(100);
  std::fill_n(broken.jpeg.storage().begin(), 100, uint8_t{0});
  broken.jpeg.set_size(100);
  EXPECT_FALSE(painter_.begin(broken, *framebuffer_).ok());
  painter_.end();
  ASSERT_TRUE(painter_.begin(make_frame(80, 96), *framebuffer_).ok());
  for (int i = 0; i < 30; ++i) ASSERT_FALSE(painter_.step().value());
  painter_.end();
  paint(frame);
  EXPECT_LE(distance(frame, 0, 0, {48, 48}), kNear);
}

}  // namespace
}  // namespace camloop
