#include "proto/stamp_phase.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace camloop {
namespace {

constexpr int64_t kMs_us = 1000;
constexpr int64_t kLagMax_us = 80 * kMs_us;

// A camera whose pictures come every `period_us`, each up to `jitter_us` earlier or later.
class Camera {
 public:
  Camera(int64_t period_us, int64_t jitter_us)
      : period_us_(period_us), jitter_(-jitter_us, jitter_us) {}

  void set_period(int64_t period_us) { period_us_ = period_us; }
  /// The first picture behind `after_us`.
  int64_t next(int64_t after_us) {
    while (newest_us_ <= after_us) step();
    return newest_us_;
  }
  /// The newest picture that is there at `now_us`, if it is newer than `sent_us`.
  int64_t newest(int64_t now_us, int64_t sent_us) {
    while (newest_us_ <= now_us) step();
    return before_us_ > sent_us ? before_us_ : -1;
  }

 private:
  void step() {
    grid_us_ += period_us_;
    before_us_ = newest_us_;
    newest_us_ = std::max(grid_us_ + jitter_(random_), newest_us_ + 1);
  }

  int64_t period_us_;
  std::uniform_int_distribution<int64_t> jitter_;
  std::minstd_rand random_;
  int64_t grid_us_ = 0, before_us_ = 0, newest_us_ = 0;
};

struct Line {
  int64_t delay_us = 100;  // one way
  int64_t transfer_us = 500;
};

struct Round {
  int64_t ended_us;
  int64_t lag_us;
  int64_t age_us;  // of the frame, at the end of the round; of a flush none
  bool flushed;
};

// A receiver with its phase, and one of two senders, as far as their times go.
class Rounds {
 public:
  Rounds(Camera camera, Line line) : camera_(camera), line_(line), phase_(kLagMax_us) {}

  Camera& camera() { return camera_; }
  Line& line() { return line_; }
  const StampPhase& phase() const { return phase_; }

  /// The field's sender takes its next frame once it has its verdict, and then reads the stamp.
  Round old_sender() {
    int64_t taken_us = camera_.next(verdict_us_ + line_.delay_us);
    return answer(std::max(taken_us, stamped_us_ + line_.delay_us), taken_us, false);
  }

  /// Ours follows the freshness rule of the wire text.
  Round our_sender() {
    int64_t stamp_came_us = stamped_us_ + line_.delay_us;
    int64_t frame_us = camera_.newest(stamp_came_us, sent_us_);
    int64_t begun_us = stamp_came_us;
    if (frame_us < 0) begun_us = frame_us = camera_.next(stamp_came_us);
    bool flushed = begun_us - stamp_came_us > kLagMax_us - 5 * kMs_us;
    if (!flushed) sent_us_ = frame_us;
    return answer(begun_us, frame_us, flushed);
  }

 private:
  Round answer(int64_t begun_us, int64_t frame_us, bool flushed) {
    int64_t came_us = begun_us + line_.delay_us;
    int64_t ended_us = came_us + (flushed ? 0 : line_.transfer_us);
    Round round{ended_us, ended_us - stamped_us_, ended_us - frame_us, flushed};
    phase_.learn({came_us - stamped_us_, ended_us - came_us, flushed});
    verdict_us_ = ended_us;
    stamped_us_ = ended_us + phase_.delay_us();
    return round;
  }

  Camera camera_;
  Line line_;
  StampPhase phase_;
  int64_t stamped_us_ = 0, verdict_us_ = 0, sent_us_ = 0;
};

using Sender = Round (Rounds::*)();

std::vector<Round> run(Rounds& rounds, Sender sender, int count) {
  std::vector<Round> all;
  for (int i = 0; i < count; ++i) all.push_back((rounds.*sender)());
  return all;
}

double share_in_time(const std::vector<Round>& rounds) {
  auto in_time = [](const Round& each) { return each.lag_us <= kLagMax_us; };
  return static_cast<double>(std::count_if(rounds.begin(), rounds.end(), in_time)) /
         static_cast<double>(rounds.size());
}

// The period between the last hundred frames that were accepted.
int64_t period_us(const std::vector<Round>& rounds) {
  std::vector<int64_t> times;
  for (const Round& each : rounds) {
    if (each.lag_us <= kLagMax_us) times.push_back(each.ended_us);
  }
  return times.size() <= 100 ? -1 : (times.back() - times[times.size() - 101]) / 100;
}

int64_t age_max_us(const std::vector<Round>& rounds) {
  int64_t most_us = 0;
  for (const Round& each : rounds) {
    if (!each.flushed) most_us = std::max(most_us, each.age_us);
  }
  return most_us;
}

TEST(StampPhase, HoldsNothingBackAtFirst) {
  EXPECT_EQ(StampPhase(kLagMax_us).delay_us(), 0);
}

TEST(StampPhase, FollowsTheWireTextOnAQuickLine) {
  StampPhase phase(kLagMax_us);
  phase.learn({500 * kMs_us, 0, false});  // late: by the whole error
  EXPECT_EQ(phase.delay_us(), 460 * kMs_us);
  phase.learn({50 * kMs_us, 0, false});  // by 0.3 of it
  EXPECT_EQ(phase.delay_us(), 463 * kMs_us);
  phase.learn({30 * kMs_us, 0, false});
  EXPECT_EQ(phase.delay_us(), 460 * kMs_us);
}

TEST(StampPhase, AimsAtHalfOfAnyLimit) {
  StampPhase phase(200 * kMs_us);
  phase.learn({500 * kMs_us, 0, false});
  EXPECT_EQ(phase.delay_us(), 400 * kMs_us);
}

TEST(StampPhase, HoldsBackBetweenNothingAndASecond) {
  StampPhase phase(kLagMax_us);
  phase.learn({10 * kMs_us, 0, false});
  EXPECT_EQ(phase.delay_us(), 0);
  phase.learn({5'000 * kMs_us, 0, false});
  EXPECT_EQ(phase.delay_us(), StampPhase::kDelayMax_us);
}

TEST(StampPhase, ServesAFrameThatWaitsAfterAFlushAtOnceAndTheNextInPhase) {
  StampPhase phase(kLagMax_us);
  phase.learn({500 * kMs_us, 0, true});
  EXPECT_EQ(phase.delay_us(), 0);
  phase.learn({0, 0, false});
  EXPECT_EQ(phase.delay_us(), 460 * kMs_us);
}

TEST(StampPhase, ServesALateFrameOfASenderThatFlushesAtOnce) {
  StampPhase phase(kLagMax_us);
  phase.learn({300 * kMs_us, 100, true});
  phase.learn({200, 500, false});
  ASSERT_GT(phase.delay_us(), 0);
  phase.learn({82 * kMs_us, 500, false});
  EXPECT_EQ(phase.delay_us(), 0) << "the frame is offered again";
}

TEST(StampPhase, LosesAnOldSendersFirstFrameOnly) {
  for (int fps : {2, 5, 10, 15, 20, 30}) {
    for (int64_t jitter_us : {0, 5, 15}) {
      Rounds rounds(Camera(1'000'000 / fps, jitter_us * kMs_us), {});
      auto all = run(rounds, &Rounds::old_sender, 300);
      EXPECT_GE(share_in_time(all), 0.99) << fps << " fps, jitter " << jitter_us;
      EXPECT_NEAR(static_cast<double>(period_us(all)), 1e6 / fps, 1e4 / fps) << fps << " fps";
    }
  }
}

TEST(StampPhase, CostsOurSenderNoFrameAndNoTime) {
  for (int fps : {2, 5, 10, 15, 30}) {
    for (int64_t jitter_us : {0, 2}) {
      Rounds rounds(Camera(1'000'000 / fps, jitter_us * kMs_us), {});
      auto all = run(rounds, &Rounds::our_sender, 300);
      EXPECT_LE(age_max_us(all), 2 * kMs_us) << fps << " fps, jitter " << jitter_us;
      EXPECT_NEAR(static_cast<double>(period_us(all)), 1e6 / fps, 1e4 / fps) << fps << " fps";
    }
  }
}

TEST(StampPhase, FindsBackWhenTheCameraChangesItsRate) {
  for (Sender sender : {&Rounds::old_sender, &Rounds::our_sender}) {
    Rounds rounds(Camera(500 * kMs_us, kMs_us), {});
    run(rounds, sender, 50);
    for (int fps : {30, 10, 2, 15, 5}) {
      rounds.camera().set_period(1'000'000 / fps);
      auto settling = run(rounds, sender, 12);
      EXPECT_LE(settling.back().ended_us - settling.front().ended_us,
                1'500 * kMs_us + 14 * 1'000'000 / fps)
          << fps << " fps";
      auto settled = run(rounds, sender, 150);
      EXPECT_GE(share_in_time(settled), 0.98) << fps << " fps";
      EXPECT_NEAR(static_cast<double>(period_us(settled)), 1e6 / fps, 1e4 / fps) << fps << " fps";
    }
  }
}

// A wait that is the line's, no delay shortens: holding stamps back would only cost frames.
TEST(StampPhase, DoesNotWindUpOnALongLine) {
  for (int64_t delay_ms : {10, 20, 30, 35}) {
    Rounds rounds(Camera(66'667, kMs_us), {delay_ms * kMs_us, 2 * kMs_us});
    auto all = run(rounds, &Rounds::our_sender, 400);
    EXPECT_LE(rounds.phase().delay_us(), 40 * kMs_us) << delay_ms;
    EXPECT_LE(period_us(all), 100 * kMs_us) << delay_ms;
    EXPECT_GE(share_in_time(all), 0.98) << delay_ms;
  }
}

TEST(StampPhase, ServesAnOldSenderOnALongLine) {
  for (int64_t delay_ms : {10, 20, 30}) {
    Rounds rounds(Camera(66'667, kMs_us), {delay_ms * kMs_us, 2 * kMs_us});
    auto all = run(rounds, &Rounds::old_sender, 400);
    EXPECT_GE(share_in_time(all), 0.9) << delay_ms;
    EXPECT_LE(period_us(all), 140 * kMs_us) << delay_ms;
  }
}

TEST(StampPhase, LetsStampsGoAtOnceWhereEveryRoundIsLate) {
  Rounds rounds(Camera(66'667, kMs_us), {120 * kMs_us, 2 * kMs_us});
  run(rounds, &Rounds::our_sender, 100);
  rounds.line() = {};
  auto all = run(rounds, &Rounds::our_sender, 200);
  EXPECT_GE(share_in_time(all), 0.95);
  EXPECT_NEAR(static_cast<double>(period_us(all)), 66'667, 700);
}

TEST(StampPhase, HoldsNothingBackForASlowTransfer) {
  Rounds rounds(Camera(33'333, 0), {kMs_us, 60 * kMs_us});
  run(rounds, &Rounds::our_sender, 100);
  EXPECT_EQ(rounds.phase().delay_us(), 0);
  // One that takes very long once (packets were lost) is not the camera's either.
  rounds.line().transfer_us = 400 * kMs_us;
  run(rounds, &Rounds::our_sender, 1);
  EXPECT_LE(rounds.phase().delay_us(), 20 * kMs_us);
}

}  // namespace
}  // namespace camloop
