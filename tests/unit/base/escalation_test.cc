#include "base/escalation.h"

#include "base/clock.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

using Phase = Escalation::Phase;

class EscalationTest : public testing::Test {
 protected:
  /// Looks once a second at a source that is `alive` or not; the seconds until the phase changed.
  int seconds_until_change(bool alive) {
    for (int second = 1; second <= 3600; ++second) {
      now_us_ += kSecond_us;
      if (escalation_.look(alive, now_us_)) return second;
    }
    return -1;
  }
  void start_anew(bool lost_before) { escalation_ = Escalation(lost_before, now_us_); }

  int64_t now_us_ = 77 * kSecond_us;
  Escalation escalation_{false, now_us_};
};

TEST_F(EscalationTest, ABoardWithoutACameraSaysSoOnceAndGoesOn) {
  EXPECT_EQ(escalation_.phase(), Phase::kUnseen);
  EXPECT_EQ(seconds_until_change(false), 10);
  EXPECT_EQ(escalation_.phase(), Phase::kAbsent);
  EXPECT_EQ(seconds_until_change(false), -1);
}

TEST_F(EscalationTest, ACameraThatComesLateIsWell) {
  seconds_until_change(false);
  EXPECT_EQ(seconds_until_change(true), 1);
  EXPECT_EQ(escalation_.phase(), Phase::kWell);
  EXPECT_EQ(seconds_until_change(true), -1);
}

TEST_F(EscalationTest, ALostSourceIsOpenedAnewThenTheProgramEnds) {
  seconds_until_change(true);
  EXPECT_EQ(seconds_until_change(false), 10);
  EXPECT_EQ(escalation_.phase(), Phase::kReopened);
  EXPECT_EQ(seconds_until_change(false), 20);
  EXPECT_EQ(escalation_.phase(), Phase::kEnding);
}

TEST_F(EscalationTest, TheTimeCountsFromTheLastGoodLook) {
  seconds_until_change(true);
  seconds_until_change(true);
  EXPECT_EQ(seconds_until_change(false), 10);
}

TEST_F(EscalationTest, ASourceThatHealsStartsFromTheBeginning) {
  seconds_until_change(true);
  seconds_until_change(false);
  EXPECT_EQ(seconds_until_change(true), 1);
  EXPECT_EQ(escalation_.phase(), Phase::kWell);
  EXPECT_EQ(seconds_until_change(false), 10);
  EXPECT_EQ(escalation_.phase(), Phase::kReopened);
}

TEST_F(EscalationTest, ASourceStillLostAfterANewStartIsGivenUp) {
  start_anew(true);
  EXPECT_EQ(escalation_.phase(), Phase::kLost);
  EXPECT_EQ(seconds_until_change(false), 30);
  EXPECT_EQ(escalation_.phase(), Phase::kGivenUp);
  EXPECT_EQ(seconds_until_change(false), -1);
}

TEST_F(EscalationTest, ASourceThatIsBackAfterANewStartIsWell) {
  start_anew(true);
  EXPECT_EQ(seconds_until_change(true), 1);
  EXPECT_EQ(escalation_.phase(), Phase::kWell);
}

TEST_F(EscalationTest, ASourceGivenUpIsTakenBack) {
  start_anew(true);
  seconds_until_change(false);
  EXPECT_EQ(seconds_until_change(true), 1);
  EXPECT_EQ(escalation_.phase(), Phase::kWell);
}

TEST_F(EscalationTest, EveryPhaseHasItsName) {
  EXPECT_STREQ(escalation_.phase_name(), "no picture yet");
  seconds_until_change(false);
  EXPECT_STREQ(escalation_.phase_name(), "no source");
  seconds_until_change(true);
  EXPECT_STREQ(escalation_.phase_name(), "well");
  seconds_until_change(false);
  EXPECT_STREQ(escalation_.phase_name(), "source reopened");
  seconds_until_change(false);
  EXPECT_STREQ(escalation_.phase_name(), "ending");
  start_anew(true);
  EXPECT_STREQ(escalation_.phase_name(), "lost");
  seconds_until_change(false);
  EXPECT_STREQ(escalation_.phase_name(), "given up");
}

}  // namespace
}  // namespace camloop
