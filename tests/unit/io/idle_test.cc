#include "io/idle.h"

#include "io/timer.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

class IdleTest : public testing::Test {
 protected:
  ~IdleTest() override {
    idle_.reset();
    loop_.drain();
  }

  Loop loop_;
  int turns_ = 0;
  Owned<Idle> idle_;
};

TEST_F(IdleTest, DoesNothingUntilStarted) {
  idle_ = Idle::create(loop_, [this] { ++turns_; });
  loop_.run();
  EXPECT_EQ(turns_, 0);
}

TEST_F(IdleTest, ComesOnceATurnUntilStopped) {
  idle_ = Idle::create(loop_, [this] {
    if (++turns_ == 4) idle_->stop();
  });
  idle_->start();
  idle_->start();
  loop_.run();
  EXPECT_EQ(turns_, 4);
  idle_->stop();
  idle_->start();
  idle_->stop();
  loop_.run();
  EXPECT_EQ(turns_, 4);
}

TEST_F(IdleTest, LeavesTheLoopToOthersBetweenTwoTurns) {
  int served = 0;
  Owned<Timer> other;
  other = Timer::create(loop_, [&] {
    if (++served < 3) return other->start(0);
    idle_->stop();
    other.reset();
  });
  other->start(0);
  idle_ = Idle::create(loop_, [this] { ++turns_; });
  idle_->start();
  loop_.run();
  EXPECT_EQ(served, 3);
  EXPECT_GE(turns_, 2);
}

TEST_F(IdleTest, MayBeDroppedFromItsOwnTurn) {
  idle_ = Idle::create(loop_, [this] {
    idle_.reset();
    ++turns_;
  });
  idle_->start();
  loop_.run();
  EXPECT_EQ(turns_, 1);
}

}  // namespace
}  // namespace camloop
