#include "sinks/framebuffer.h"

#include "unit/sinks/fake_framebuffer.h"

#include <gtest/gtest.h>

#include <array>

namespace camloop {
namespace {

using Pixel = std::vector<uint8_t>;

std::unique_ptr<Framebuffer> open(FakeFramebuffer& device) {
  return Framebuffer::open(device, "/dev/fb0").value();
}

std::string fault_of(FakeFramebuffer& device) {
  auto opened = Framebuffer::open(device, "/dev/fb0");
  std::string fault = opened ? "" : opened.error().text;
  return fault;
}

Pixel drawn(FakeFramebuffer& device, std::array<uint8_t, 3> rgb) {
  open(device)->put_line(1, 1, rgb.data(), 1);
  return device.pixel(1, 1);
}

TEST(FramebufferTest, Draws16BitsAsTheirOffsetsAndLengthsSay) {
  FakeFramebuffer device(4, 3, 16);
  EXPECT_EQ(drawn(device, {255, 255, 255}), (Pixel{0xff, 0xff}));
  EXPECT_EQ(drawn(device, {255, 0, 0}), (Pixel{0x00, 0xf8}));
  EXPECT_EQ(drawn(device, {0, 255, 0}), (Pixel{0xe0, 0x07}));
  EXPECT_EQ(drawn(device, {0, 0, 255}), (Pixel{0x1f, 0x00}));
  // 16 of 31, 16 of 63, 4 of 31: 10000 010000 00100.
  EXPECT_EQ(drawn(device, {128, 64, 32}), (Pixel{0x04, 0x82}));
  std::swap(device.mode.red, device.mode.blue);
  EXPECT_EQ(drawn(device, {255, 0, 0}), (Pixel{0x1f, 0x00}));
  device.mode.red = {10, 5, 0};
  device.mode.green = {5, 5, 0};
  device.mode.blue = {0, 5, 0};
  device.mode.transp = {15, 1, 0};
  EXPECT_EQ(drawn(device, {255, 0, 0}), (Pixel{0x00, 0xfc}));
}

TEST(FramebufferTest, Draws24BitsAsTheirOffsetsSay) {
  FakeFramebuffer device(4, 3, 24);
  EXPECT_EQ(drawn(device, {1, 2, 3}), (Pixel{3, 2, 1}));
  std::swap(device.mode.red, device.mode.blue);
  EXPECT_EQ(drawn(device, {1, 2, 3}), (Pixel{1, 2, 3}));
}

TEST(FramebufferTest, Draws32BitsAsTheirOffsetsSay) {
  FakeFramebuffer device(4, 3, 32);
  EXPECT_EQ(drawn(device, {1, 2, 3}), (Pixel{3, 2, 1, 0}));
  device.mode.red.offset = 24;
  device.mode.green.offset = 16;
  device.mode.blue.offset = 8;
  EXPECT_EQ(drawn(device, {1, 2, 3}), (Pixel{0, 3, 2, 1}));
  // XRGB with ten bits each: 1023, 514 (128.13 of 255), 0.
  device.mode.red = {20, 10, 0};
  device.mode.green = {10, 10, 0};
  device.mode.blue = {0, 10, 0};
  EXPECT_EQ(drawn(device, {255, 128, 0}), (Pixel{0x00, 0x08, 0xf8, 0x3f}));
}

TEST(FramebufferTest, LeavesNothingToShineThrough) {
  FakeFramebuffer device(4, 3, 32);
  device.mode.transp = {24, 8, 0};
  EXPECT_EQ(drawn(device, {1, 2, 3}), (Pixel{3, 2, 1, 255}));
  open(device)->clear();
  EXPECT_EQ(device.pixel(0, 0), (Pixel{0, 0, 0, 255}));
  EXPECT_EQ(device.pixel(3, 2), (Pixel{0, 0, 0, 255}));
}

TEST(FramebufferTest, KnowsWhatDriversMeanThatLeaveTheirPixelsBlank) {
  for (int bits : {16, 24, 32}) {
    FakeFramebuffer described(2, 2, bits);
    FakeFramebuffer blank(2, 2, bits);
    blank.mode.red = blank.mode.green = blank.mode.blue = {};
    EXPECT_EQ(drawn(blank, {200, 100, 50}), drawn(described, {200, 100, 50})) << bits;
  }
}

TEST(FramebufferTest, TouchesOnlyTheLineItDraws) {
  FakeFramebuffer device(5, 4, 24);
  device.set_line_length(5 * 3 + 8);
  const uint8_t rgb[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  open(device)->put_line(2, 3, rgb, 3);
  std::vector<uint8_t> expected(23 * 4, FakeFramebuffer::kUntouched);
  const uint8_t bytes[] = {3, 2, 1, 6, 5, 4, 9, 8, 7};
  std::copy(std::begin(bytes), std::end(bytes), expected.begin() + 3 * 23 + 2 * 3);
  EXPECT_EQ(device.memory, expected);
}

TEST(FramebufferTest, ClearsWhatIsSeenAndNothingBehindIt) {
  FakeFramebuffer device(5, 4, 16);
  device.set_line_length(13);
  open(device)->clear();
  for (size_t i = 0; i < device.memory.size(); ++i) {
    EXPECT_EQ(device.memory[i], i % 13 < 10 ? 0 : FakeFramebuffer::kUntouched) << i;
  }
}

TEST(FramebufferTest, ShowsTheTopOfTheMemory) {
  FakeFramebuffer device(240, 240, 24);
  device.mode.yres_virtual = 480;
  device.mode.yoffset = 240;
  device.mode.xoffset = 8;
  device.interruptions = 2;
  EXPECT_TRUE(open(device)->show().ok());
  EXPECT_EQ(device.panned, 1);
  EXPECT_EQ(device.panned_to.yoffset, 0u);
  EXPECT_EQ(device.panned_to.xoffset, 0u);
  EXPECT_EQ(device.panned_to.yres_virtual, 480u);
}

TEST(FramebufferTest, MindsADriverThatFailsToShowButNotOneThatNeedNot) {
  FakeFramebuffer device;
  auto framebuffer = open(device);
  device.refused[FBIOPAN_DISPLAY] = EINVAL;
  EXPECT_TRUE(framebuffer->show().ok());
  device.refused[FBIOPAN_DISPLAY] = EIO;
  EXPECT_EQ(framebuffer->show().error().code, EIO);
}

TEST(FramebufferTest, SeesThatItIsGoneOrAnotherMode) {
  FakeFramebuffer device;
  auto framebuffer = open(device);
  EXPECT_TRUE(framebuffer->check().ok());
  device.mode.xres = 120;
  EXPECT_FALSE(framebuffer->check().ok());
  device.mode.xres = 240;
  EXPECT_TRUE(framebuffer->check().ok());
  device.refused[FBIOGET_VSCREENINFO] = ENODEV;
  EXPECT_EQ(framebuffer->check().error().code, ENODEV);
}

TEST(FramebufferTest, RefusesPixelsItCannotDraw) {
  for (int bits : {0, 1, 8, 15, 18, 48}) {
    FakeFramebuffer device;
    device.mode.bits_per_pixel = static_cast<uint32_t>(bits);
    EXPECT_NE(fault_of(device).find(std::to_string(bits) + " bits"), std::string::npos);
  }
  FakeFramebuffer grey;
  grey.mode.grayscale = 1;
  EXPECT_NE(fault_of(grey), "");
  for (fb_bitfield odd : {fb_bitfield{17, 8, 0}, {24, 1, 0}, {0, 0, 0}, {~0u, 8, 0}, {8, ~0u, 0}}) {
    FakeFramebuffer device;
    device.mode.green = odd;
    EXPECT_NE(fault_of(device), "");
  }
}

TEST(FramebufferTest, RefusesMemoryThatCannotHoldItsPicture) {
  FakeFramebuffer device;
  EXPECT_EQ(fault_of(device), "");
  device.fixed.line_length = 719;
  EXPECT_NE(fault_of(device), "");
  device.fixed.line_length = 721;
  EXPECT_NE(fault_of(device), "");
  device.fixed.line_length = 720;
  device.mode.yres = 0;
  EXPECT_NE(fault_of(device), "");
  device.mode.yres = ~0u;
  EXPECT_NE(fault_of(device), "");
}

TEST(FramebufferTest, GivesEverythingBackHoweverItEnds) {
  FakeFramebuffer device;
  open(device)->clear();
  device.open_errno = ENOENT;
  EXPECT_EQ(fault_of(device), "/dev/fb0: No such file or directory");
  device.open_errno = 0;
  device.map_errno = ENOMEM;
  EXPECT_EQ(fault_of(device), "/dev/fb0: mmap: Cannot allocate memory");
  device.map_errno = 0;
  for (unsigned long request : {FBIOGET_VSCREENINFO, FBIOGET_FSCREENINFO}) {
    device.refused = {{request, ENOTTY}};
    EXPECT_NE(fault_of(device).find("Inappropriate ioctl"), std::string::npos);
  }
  EXPECT_EQ(device.opened, 0);
  EXPECT_EQ(device.mapped, 0);
}

}  // namespace
}  // namespace camloop
