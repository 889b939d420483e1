#include "io/timer.h"

#include "base/clock.h"

#include <gtest/gtest.h>

#include <vector>

namespace camloop {
namespace {

void hold_the_loop_until(int64_t time_us) {
  while (monotonic_us() < time_us) {
  }
}

class TimerTest : public testing::Test {
 protected:
  ~TimerTest() override {
    timer_.reset();
    loop_.drain();
  }

  /// Runs the loop until the timer has been due `count` times more.
  void run(size_t count) {
    wanted_ = due_at_us_.size() + count;
    loop_.run();
  }

  Loop loop_;
  std::vector<int64_t> due_at_us_;
  size_t wanted_ = 0;
  Owned<Timer> timer_ = Timer::create(loop_, [this] {
    due_at_us_.push_back(monotonic_us());
    if (due_at_us_.size() == wanted_) loop_.stop();
  });
};

TEST_F(TimerTest, IsDueOnce) {
  EXPECT_FALSE(timer_->running());
  timer_->start(1000);
  EXPECT_TRUE(timer_->running());
  loop_.run();
  EXPECT_EQ(due_at_us_.size(), 1u);
  EXPECT_FALSE(timer_->running());
}

TEST_F(TimerTest, IsNeverEarly) {
  for (int64_t delay_us : {0, 1, 300, 999, 1000, 1001, 1500, 1999, 2500, 3700}) {
    for (int i = 0; i < 5; ++i) {
      int64_t started_us = monotonic_us();
      timer_->start(delay_us);
      run(1);
      EXPECT_GE(due_at_us_.back() - started_us, delay_us);
      hold_the_loop_until(monotonic_us() + 137);  // begin somewhere else in the millisecond
    }
  }
}

TEST_F(TimerTest, IsDueAtOnceWhenTheTimeHasPassed) {
  timer_->start(-5 * kSecond_us);
  loop_.run();
  EXPECT_EQ(due_at_us_.size(), 1u);
}

TEST_F(TimerTest, CountsFromNowThoughTheLoopWasHeldUp) {
  int64_t started_us = 0;
  auto slow = Timer::create(loop_, [&] {
    hold_the_loop_until(monotonic_us() + 5000);
    started_us = monotonic_us();
    timer_->start(3000);
  });
  slow->start(0);
  loop_.run();
  ASSERT_EQ(due_at_us_.size(), 1u);
  EXPECT_GE(due_at_us_[0] - started_us, 3000);
}

TEST_F(TimerTest, DoesNotComeOnceStopped) {
  timer_->start(0);
  timer_->stop();
  EXPECT_FALSE(timer_->running());
  loop_.run();
  EXPECT_TRUE(due_at_us_.empty());
  timer_->stop();
}

TEST_F(TimerTest, TakesANewTimeInPlaceOfTheOld) {
  timer_->start_periodic(kMillisecond_us);
  timer_->start(2 * kMillisecond_us);
  loop_.run();
  EXPECT_EQ(due_at_us_.size(), 1u);
  timer_->start(3600 * kSecond_us);
  timer_->start(0);
  loop_.run();
  EXPECT_EQ(due_at_us_.size(), 2u);
}

TEST_F(TimerTest, KeepsItsGridWhichIsNotOfWholeMilliseconds) {
  constexpr int64_t kPeriod_us = 2300;
  int64_t before_us = monotonic_us();
  timer_->start_periodic(kPeriod_us);
  run(50);
  for (size_t i = 0; i < due_at_us_.size(); ++i) {
    int64_t turn = static_cast<int64_t>(i) + 1;
    EXPECT_GE(due_at_us_[i] - before_us, turn * kPeriod_us) << "turn " << turn;
  }
}

TEST_F(TimerTest, DoesNotDrift) {
  constexpr int64_t kPeriod_us = 2300;
  timer_->start_periodic(kPeriod_us);
  // A timer that counted each period from the last turn would never have two turns closer than
  // that.
  bool made_up = false;
  for (int i = 0; i < 1000 && !made_up; ++i) {
    run(2);
    size_t last = due_at_us_.size() - 1;
    made_up = due_at_us_[last] - due_at_us_[last - 1] < kPeriod_us;
  }
  EXPECT_TRUE(made_up);
}

TEST_F(TimerTest, LeavesOutTheTurnsThatItMissed) {
  constexpr int64_t kPeriod_us = 3000;
  constexpr int64_t kHeld_us = 11 * kPeriod_us / 2;
  std::vector<int64_t> turns;
  int64_t start_us = 0;
  auto late = Timer::create(loop_, [&] {
    turns.push_back((monotonic_us() - start_us) / kPeriod_us);
    if (turns.size() == 2) hold_the_loop_until(start_us + turns[1] * kPeriod_us + kHeld_us);
    if (turns.size() == 6) loop_.stop();
  });
  start_us = monotonic_us();
  late->start_periodic(kPeriod_us);
  loop_.run();
  ASSERT_EQ(turns.size(), 6u);
  // One comes late, at 5 and a half; the next of the grid are then 6, 7 and 8. It begins a moment
  // after start_us: 5 would do for the first.
  EXPECT_GE(turns[5], turns[1] + 7) << "turns that were missed are made up for";
  late.reset();
}

TEST_F(TimerTest, MayBeStoppedFromItsOwnTurn) {
  int turns = 0;
  Owned<Timer> once;
  once = Timer::create(loop_, [&] {
    ++turns;
    once->stop();
  });
  once->start_periodic(1);
  loop_.run();
  EXPECT_EQ(turns, 1);
  once.reset();
}

TEST_F(TimerTest, MayBeStartedFromItsOwnTurn) {
  int turns = 0;
  Owned<Timer> again;
  again = Timer::create(loop_, [&] {
    if (++turns < 3) again->start(0);
  });
  again->start(0);
  loop_.run();
  EXPECT_EQ(turns, 3);
  again.reset();
}

TEST_F(TimerTest, MayBeDroppedFromItsOwnTurn) {
  int turns = 0;
  Owned<Timer> dropped;
  dropped = Timer::create(loop_, [&] {
    dropped.reset();
    ++turns;  // what the callback holds is still there
  });
  dropped->start_periodic(1);
  loop_.run();
  EXPECT_EQ(turns, 1);
}

TEST_F(TimerTest, DoesNotComeOnceDropped) {
  auto dropped = Timer::create(loop_, [] { FAIL(); });
  dropped->start(0);
  dropped.reset();
  loop_.run();
}

}  // namespace
}  // namespace camloop
