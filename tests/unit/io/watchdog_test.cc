#include "io/watchdog.h"

#include "unit/io/fake_watchdog.h"
#include "unit/temp_folder.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace camloop {
namespace {

class WatchdogTest : public testing::Test, public WatchdogWard {
 protected:
  WatchdogTest() { options_ = {.device = "/dev/watchdog", .note = folder_.path_of("lost")}; }

  void start() { watchdog_ = std::make_unique<Watchdog>(options_, *this, driver_, driver_.now_us); }
  /// The program ends, and begins again as `start` does.
  void respawn() {
    watchdog_.reset();
    ended_ = 0;
    start();
  }
  void tick_after(int64_t wait_us) {
    driver_.now_us += wait_us;
    watchdog_->tick(driver_.now_us);
    bitten_ |= driver_.bitten();
  }
  void run_s(int seconds) {
    for (int i = 0; i < seconds; ++i) tick_after(kSecond_us);
  }
  bool note_is_left() const {
    struct stat facts {};
    return stat(options_.note.c_str(), &facts) == 0;
  }
  int64_t fed() const { return static_cast<int64_t>(watchdog_->facts().fed); }

  bool source_alive() override { return alive_; }
  void reopen_source() override { ++reopened_; }
  void end_for_respawn() override { ++ended_; }

  TempFolder folder_;
  Watchdog::Options options_;
  FakeWatchdog driver_;
  bool alive_ = true;
  int reopened_ = 0;
  int ended_ = 0;
  bool bitten_ = false;
  std::unique_ptr<Watchdog> watchdog_;
};

// ---- Feeding

TEST_F(WatchdogTest, IsFedAboutThreeTimesATimeoutWhilePicturesCome) {
  start();
  run_s(60);
  EXPECT_EQ(fed(), 60 / 6);
  EXPECT_EQ(watchdog_->facts().timeout_s, 16);
  EXPECT_FALSE(bitten_);
  EXPECT_EQ(reopened_ + ended_, 0);
}

TEST_F(WatchdogTest, ABoardWithoutACameraIsFedForEver) {
  alive_ = false;
  start();
  run_s(3600);
  EXPECT_FALSE(bitten_);
  EXPECT_EQ(reopened_ + ended_, 0);
  EXPECT_STREQ(watchdog_->facts().phase, "no source");
}

TEST_F(WatchdogTest, ALoopThatIsAlwaysLateIsNotFedForIt) {
  start();
  for (int i = 0; i < 8; ++i) tick_after(2100 * kMillisecond_us);
  EXPECT_EQ(fed(), 0);
  EXPECT_TRUE(bitten_);
  EXPECT_EQ(watchdog_->facts().late, 8u);
  EXPECT_EQ(watchdog_->facts().late_max_us, 1100 * kMillisecond_us);
}

TEST_F(WatchdogTest, OneLateTickIsMadeUpForByTheNext) {
  start();
  tick_after(12 * kSecond_us);
  EXPECT_EQ(fed(), 0);
  tick_after(kSecond_us);
  EXPECT_EQ(fed(), 1);
  EXPECT_FALSE(bitten_);
}

TEST_F(WatchdogTest, ALateLoopIsNoFaultOfTheSource) {
  start();
  run_s(1);
  alive_ = false;  // it could not tell, as the program was stopped
  tick_after(14 * kSecond_us);
  alive_ = true;
  tick_after(kSecond_us);
  EXPECT_EQ(reopened_, 0);
}

TEST_F(WatchdogTest, BitesAProgramThatHangs) {
  start();
  run_s(20);
  driver_.now_us += 16 * kSecond_us;
  EXPECT_TRUE(driver_.bitten());
}

// ---- A source that is lost

TEST_F(WatchdogTest, ALostSourceIsOpenedAnewAndFedMeanwhile) {
  start();
  run_s(5);
  alive_ = false;
  run_s(29);
  EXPECT_EQ(reopened_, 1);
  EXPECT_EQ(watchdog_->facts().reopened, 1u);
  EXPECT_EQ(ended_, 0);
  EXPECT_FALSE(bitten_);
  alive_ = true;
  run_s(60);
  EXPECT_EQ(reopened_, 1);
  EXPECT_STREQ(watchdog_->facts().phase, "well");
}

TEST_F(WatchdogTest, ASourceLostForLongEndsTheProgramAndTheNextOneIsWatchedToo) {
  start();
  run_s(5);
  alive_ = false;
  run_s(60);
  EXPECT_EQ(ended_, 1);
  EXPECT_TRUE(note_is_left());

  watchdog_.reset();
  EXPECT_TRUE(driver_.armed) << "a program that is not started again must be bitten";
  start();
  EXPECT_TRUE(watchdog_->lost_before());
  EXPECT_FALSE(note_is_left());
}

TEST_F(WatchdogTest, BitesWhenTheSourceIsLostAfterANewStartToo) {
  start();
  run_s(5);
  alive_ = false;
  run_s(30);
  respawn();
  run_s(30);
  EXPECT_FALSE(bitten_);
  run_s(16);
  EXPECT_TRUE(bitten_);
  EXPECT_STREQ(watchdog_->facts().phase, "given up");
  EXPECT_EQ(ended_, 0);
}

TEST_F(WatchdogTest, ABoardRestartsOnceForACameraThatStaysAway) {
  start();
  run_s(5);
  alive_ = false;
  run_s(30);
  respawn();
  run_s(60);
  ASSERT_TRUE(bitten_);

  driver_.armed = bitten_ = false;
  respawn();
  EXPECT_FALSE(watchdog_->lost_before());
  run_s(3600);
  EXPECT_FALSE(bitten_);
  EXPECT_EQ(ended_, 0);
}

TEST_F(WatchdogTest, ASourceThatComesBackAtTheLastMomentIsFedFor) {
  start();
  run_s(5);
  alive_ = false;
  run_s(30);
  respawn();
  run_s(35);
  alive_ = true;
  run_s(60);
  EXPECT_FALSE(bitten_);
}

// ---- The device

TEST_F(WatchdogTest, ACleanEndTurnsItOff) {
  start();
  run_s(10);
  watchdog_.reset();
  EXPECT_FALSE(driver_.armed);
  EXPECT_FALSE(note_is_left());
}

TEST_F(WatchdogTest, ADeviceThatCannotBeOpenedIsTriedAgain) {
  driver_.open_errno = ENOENT;
  start();
  EXPECT_EQ(watchdog_->facts().fault, "cannot open /dev/watchdog: No such file or directory");
  run_s(9);
  driver_.open_errno = 0;
  EXPECT_TRUE(driver_.opened.empty());
  run_s(1);
  EXPECT_EQ(driver_.opened.size(), 1u);
  EXPECT_EQ(watchdog_->facts().fault, "");
  run_s(60);
  EXPECT_FALSE(bitten_);
}

TEST_F(WatchdogTest, WithoutADeviceTheProgramDoesNotEnd) {
  driver_.open_errno = ENOENT;
  start();
  run_s(5);
  alive_ = false;
  run_s(600);
  EXPECT_EQ(ended_, 0);
}

TEST_F(WatchdogTest, ADeviceThatRefusesToBeFedIsOpenedAnew) {
  start();
  driver_.feed_errno = ENODEV;
  run_s(6);
  EXPECT_EQ(watchdog_->facts().fault, "cannot feed /dev/watchdog: No such device");
  driver_.feed_errno = 0;
  run_s(1);
  EXPECT_EQ(driver_.opened.size(), 2u);
  EXPECT_EQ(watchdog_->facts().fault, "");
}

}  // namespace
}  // namespace camloop
