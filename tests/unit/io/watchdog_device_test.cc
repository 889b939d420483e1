#include "io/watchdog_device.h"

#include "unit/io/fake_watchdog.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

class WatchdogDeviceTest : public testing::Test {
 protected:
  /// Empty, or the error.
  std::string open() {
    auto opened = WatchdogDevice::open(driver_, "/dev/watchdog");
    if (!opened) return opened.error().text;
    device_ = std::move(opened).value();
    return {};
  }

  FakeWatchdog driver_;
  std::unique_ptr<WatchdogDevice> device_;
};

TEST_F(WatchdogDeviceTest, TheTimeoutIsSetAndTheOneGrantedReadBack) {
  ASSERT_EQ(open(), "");
  EXPECT_EQ(driver_.opened, std::vector<std::string>{"/dev/watchdog"});
  EXPECT_EQ(device_->timeout_s(), 16);
}

TEST_F(WatchdogDeviceTest, ATimeoutThatCannotBeSetIsTakenAsItIs) {
  driver_.set_errno = EOPNOTSUPP;
  ASSERT_EQ(open(), "");
  EXPECT_EQ(device_->timeout_s(), 60);
}

TEST_F(WatchdogDeviceTest, WhatCannotBeOpenedSaysWhy) {
  driver_.open_errno = EBUSY;
  EXPECT_EQ(open(), "cannot open /dev/watchdog: Device or resource busy");
}

TEST_F(WatchdogDeviceTest, NothingIsWrittenToWhatIsNoWatchdog) {
  driver_.support_errno = ENOTTY;
  EXPECT_EQ(open(), "/dev/watchdog is no watchdog: Inappropriate ioctl for device");
  EXPECT_EQ(driver_.written, "");
  EXPECT_FALSE(driver_.is_open);
}

TEST_F(WatchdogDeviceTest, OneThatDoesNotTellItsTimeoutIsTurnedOff) {
  driver_.get_errno = EOPNOTSUPP;
  EXPECT_EQ(open(), "/dev/watchdog does not tell its timeout: Operation not supported");
  EXPECT_FALSE(driver_.is_open);
  EXPECT_FALSE(driver_.armed);
}

TEST_F(WatchdogDeviceTest, OneThatBitesTooSoonIsTurnedOff) {
  driver_.set_errno = EOPNOTSUPP;
  driver_.timeout_s = 4;
  EXPECT_EQ(open(), "/dev/watchdog bites too soon: after 4 s");
  EXPECT_FALSE(driver_.armed);
}

TEST_F(WatchdogDeviceTest, FeedingReachesTheDriver) {
  ASSERT_EQ(open(), "");
  driver_.now_us = 5;
  EXPECT_TRUE(device_->feed());
  EXPECT_EQ(driver_.fed_at_us, (std::vector<int64_t>{0, 5}));
  driver_.feed_errno = ENODEV;
  EXPECT_EQ(device_->feed().error().text, "cannot feed /dev/watchdog: No such device");
}

TEST_F(WatchdogDeviceTest, ItStaysArmedUnlessItIsTurnedOff) {
  ASSERT_EQ(open(), "");
  device_.reset();
  EXPECT_FALSE(driver_.is_open);
  EXPECT_TRUE(driver_.armed);

  ASSERT_EQ(open(), "");
  EXPECT_TRUE(device_->disarm());
  EXPECT_TRUE(driver_.armed);
  device_.reset();
  EXPECT_FALSE(driver_.armed);
}

TEST_F(WatchdogDeviceTest, OneThatCannotBeTurnedOffSaysWhy) {
  ASSERT_EQ(open(), "");
  driver_.write_errno = EIO;
  EXPECT_EQ(device_->disarm().error().text, "cannot turn off /dev/watchdog: Input/output error");
}

}  // namespace
}  // namespace camloop
