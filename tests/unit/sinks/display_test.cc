#include "sinks/display.h"

#include "unit/media/test_pictures.h"
#include "unit/sinks/fake_framebuffer.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <semaphore>

namespace camloop {
namespace {

class DisplayTest : public testing::Test {
 protected:
  ~DisplayTest() override { stop(); }

  void start() { display_ = std::make_unique<Display>(loop_, hub_, "/dev/fb0", device_); }
  void start_and_wait() {
    start();
    ASSERT_TRUE(turn_until(loop_, [this] { return hub_.watched(); }));
  }
  void stop() {
    display_.reset();
    loop_.drain();
  }

  /// A grey frame of the screen's shape, taken `later_us` after the one before.
  void publish(uint8_t luma, int64_t later_us = 100 * kMillisecond_us) {
    std::vector<uint8_t> pixels(32 * 32, luma);
    PictureView picture{.format = PixelFormat::kGrey, .width = 32, .height = 32};
    picture.planes[0] = {pixels.data(), 32};
    captured_us_ += later_us;
    hub_.publish({encode(encoder_, picture, 90, pool_), 32, 32, captured_us_, ++sequence_});
  }
  void publish_garbage() {
    BufferRef garbage = pool_.take(64);
    std::fill_n(garbage.storage().begin(), 64, uint8_t{7});
    garbage.set_size(64);
    captured_us_ += 100 * kMillisecond_us;
    hub_.publish({garbage, 32, 32, captured_us_, ++sequence_});
  }
  /// From now on each frame is sending_ until it is told to be sent_.
  void make_panel_slow() {
    device_.on_pan = [this] {
      sending_.release();
      sent_.acquire();
    };
  }
  bool wait_until_shown(uint64_t frames) {
    return turn_until(loop_, [this, frames] { return display_->facts().shown >= frames; });
  }
  /// What fills the screen: grey as JPEG has it, give or take one; -1: more than one shade.
  int shade() const {
    auto [least, most] = std::minmax_element(device_.memory.begin(), device_.memory.end());
    return *most - *least <= 1 ? *least : -1;
  }

  static constexpr int kMany = 10;

  Loop loop_;
  Hub hub_;
  FakeFramebuffer device_{24, 24, 24};
  BufferPool pool_{2};
  JpegEncoder encoder_;
  int64_t captured_us_ = kSecond_us;
  uint64_t sequence_ = 0;
  std::counting_semaphore<> sending_{0};
  std::counting_semaphore<> sent_{0};
  std::unique_ptr<Display> display_;
};

TEST_F(DisplayTest, IsBlackUntilAFrameComes) {
  start_and_wait();
  EXPECT_TRUE(device_.black());
  EXPECT_EQ(device_.panned, 1);
  EXPECT_EQ(display_->facts().shown, 0u);
  EXPECT_EQ(display_->facts().fault, "");
  EXPECT_EQ(display_->facts().size, (Size{24, 24}));
  EXPECT_EQ(display_->facts().bits, 24);
}

TEST_F(DisplayTest, ShowsEveryFrameThatComesInTime) {
  start_and_wait();
  for (int i = 1; i <= 5; ++i) {
    publish(static_cast<uint8_t>(40 * i));
    ASSERT_TRUE(wait_until_shown(i));
    EXPECT_NEAR(shade(), 40 * i, 1);
    EXPECT_EQ(device_.panned, 1 + i);
  }
  EXPECT_EQ(display_->facts().dropped_replaced, 0u);
  EXPECT_EQ(display_->draw_cost().count(), 5u);
}

TEST_F(DisplayTest, ShowsTheNewestOfTheFramesThatCameMeanwhile) {
  start_and_wait();
  for (uint8_t luma : {10, 20, 30, 200}) publish(luma);
  ASSERT_TRUE(wait_until_shown(1));
  EXPECT_NEAR(shade(), 200, 1);
  EXPECT_EQ(display_->facts().dropped_replaced, 3u);
  EXPECT_EQ(display_->facts().shown, 1u);
}

TEST_F(DisplayTest, LetsTheLoopGoOnWhileThePanelIsSentAFrame) {
  start_and_wait();
  make_panel_slow();
  publish(50);
  ASSERT_TRUE(turn_until(loop_, [this] { return sending_.try_acquire(); }));
  std::vector<uint8_t> being_sent = device_.memory;
  publish(100);
  publish(150);
  int turns = 0;
  EXPECT_TRUE(turn_until(loop_, [&] { return ++turns == 10; }));
  EXPECT_EQ(device_.memory, being_sent);
  EXPECT_EQ(display_->facts().shown, 0u);
  EXPECT_EQ(display_->facts().dropped_replaced, 1u);
  sent_.release(kMany);
  ASSERT_TRUE(wait_until_shown(2));
  EXPECT_NEAR(shade(), 150, 1);
}

TEST_F(DisplayTest, WantsNoMoreThan30FramesASecond) {
  start_and_wait();
  int wanted = 0;
  for (int i = 0; i < 100; ++i) {
    wanted += hub_.wants(captured_us_ + 10 * kMillisecond_us);
    publish(100, 10 * kMillisecond_us);
  }
  EXPECT_GE(wanted, 28);
  EXPECT_LE(wanted, 32);
  ASSERT_TRUE(turn_until(loop_, [&] {
    return display_->facts().shown + display_->facts().dropped_replaced == size_t(wanted);
  }));
}

TEST_F(DisplayTest, PassesOverAFrameThatCannotBeDecoded) {
  start_and_wait();
  publish_garbage();
  ASSERT_TRUE(turn_until(loop_, [this] { return display_->facts().dropped_broken == 1; }));
  EXPECT_TRUE(device_.black());
  publish(80);
  ASSERT_TRUE(wait_until_shown(1));
  EXPECT_NEAR(shade(), 80, 1);
}

TEST_F(DisplayTest, WaitsForADeviceThatIsNotThereAndWantsNothingMeanwhile) {
  device_.open_errno = ENOENT;
  start();
  ASSERT_TRUE(turn_until(loop_, [this] { return device_.tried == 2; }));
  EXPECT_EQ(display_->facts().fault, "/dev/fb0: No such file or directory");
  EXPECT_FALSE(hub_.watched());
  device_.open_errno = 0;
  ASSERT_TRUE(turn_until(loop_, [this] { return hub_.watched(); }));
  EXPECT_EQ(display_->facts().fault, "");
  publish(90);
  EXPECT_TRUE(wait_until_shown(1));
}

TEST_F(DisplayTest, ComesBackAfterADeviceThatVanished) {
  start_and_wait();
  publish(60);
  ASSERT_TRUE(wait_until_shown(1));
  device_.refused[FBIOGET_VSCREENINFO] = ENODEV;
  publish(70);
  ASSERT_TRUE(turn_until(loop_, [this] { return !hub_.watched(); }));
  EXPECT_EQ(display_->facts().fault, "/dev/fb0: FBIOGET_VSCREENINFO: No such device");
  EXPECT_EQ(device_.opened, 0);
  EXPECT_EQ(device_.mapped, 0);
  device_.refused.clear();
  ASSERT_TRUE(turn_until(loop_, [this] { return hub_.watched(); }));
  publish(80);
  ASSERT_TRUE(wait_until_shown(2));
  EXPECT_NEAR(shade(), 80, 1);
}

TEST_F(DisplayTest, GivesUpADeviceThatFailsToShow) {
  start_and_wait();
  device_.refused[FBIOPAN_DISPLAY] = EIO;
  publish(60);
  ASSERT_TRUE(turn_until(loop_, [this] { return !display_->facts().fault.empty(); }));
  EXPECT_FALSE(hub_.watched());
  EXPECT_EQ(display_->facts().shown, 0u);
}

TEST_F(DisplayTest, FollowsAChangeOfMode) {
  start_and_wait();
  device_.mode.xres = 12;
  device_.mode.yres = 12;
  device_.set_line_length(36);
  publish(60);
  ASSERT_TRUE(turn_until(loop_, [this] { return !hub_.watched(); }));
  ASSERT_TRUE(turn_until(loop_, [this] { return hub_.watched(); }));
  EXPECT_EQ(display_->facts().size, (Size{12, 12}));
  publish(70);
  ASSERT_TRUE(wait_until_shown(1));
  EXPECT_NEAR(shade(), 70, 1);
}

TEST_F(DisplayTest, LeavesTheScreenBlack) {
  start_and_wait();
  publish(60);
  ASSERT_TRUE(wait_until_shown(1));
  publish(70);
  stop();
  EXPECT_FALSE(hub_.watched());
  EXPECT_TRUE(device_.black());
  EXPECT_EQ(device_.panned, 3);
  EXPECT_EQ(device_.opened, 0);
  EXPECT_EQ(device_.mapped, 0);
}

TEST_F(DisplayTest, LeavesTheScreenBlackAlsoWhileThePanelIsSentAFrame) {
  start_and_wait();
  make_panel_slow();
  publish(60);
  ASSERT_TRUE(turn_until(loop_, [this] { return sending_.try_acquire(); }));
  display_.reset();
  sent_.release(kMany);
  loop_.drain();
  EXPECT_TRUE(device_.black());
  EXPECT_EQ(device_.panned, 3);
  EXPECT_EQ(device_.opened, 0);
  EXPECT_EQ(device_.mapped, 0);
}

}  // namespace
}  // namespace camloop
