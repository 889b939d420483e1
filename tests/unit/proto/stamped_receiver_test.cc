#include "proto/stamped_receiver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace camloop {
namespace {

using Event = StampedReceiver::Event;

constexpr int64_t kMs_us = 1000;
constexpr int64_t kSecond_us = 1'000'000;
constexpr int64_t kWall_us = 1'732'166'466 * kSecond_us;

std::string padded(std::string text, size_t size = kStampedFieldSize) {
  text.resize(size, ' ');
  return text;
}

const std::string kAcceptance = "1" + padded("received and not delay", kStampedReplySize);

// A receiver, and its sender and clocks in the hands of the test.
class StampedReceiverTest : public testing::Test {
 protected:
  StampedTime time() const { return {now_us_, now_us_ + wall_offset_us_}; }
  void pass(int64_t time_us) { now_us_ += time_us; }

  /// What was sent since the last call.
  std::string sent() {
    std::string output(as_text(receiver_.output()));
    receiver_.clear_output();
    return output;
  }
  /// The stamp, where it is all that was sent.
  std::string stamp() {
    std::string output = sent();
    EXPECT_EQ(output.size(), kStampedFieldSize) << output;
    return output;
  }
  /// The stamp behind an acceptance or a drop; where it is held back, time passes until it comes.
  std::string stamp_behind(const std::string& verdict) {
    std::string output = sent();
    EXPECT_EQ(output.substr(0, verdict.size()), verdict);
    if (output.size() > verdict.size()) return output.substr(verdict.size());
    now_us_ = receiver_.deadline_us();
    EXPECT_EQ(receiver_.on_time(time()), Event::kNone);
    return stamp();
  }
  static std::string answer(const std::string& body, const std::string& echo) {
    return padded(std::to_string(body.size())) + body + echo;
  }

  /// Up to the first event; what is behind it is left in rest_.
  Event feed(const std::string& text) {
    Bytes bytes = as_bytes(text);
    Event event = receiver_.feed(bytes, time());
    rest_ = as_text(bytes);
    return event;
  }
  Event feed_slowly(const std::string& text, int64_t pause_us = 0) {
    Event event = Event::kNone;
    for (char c : text) {
      EXPECT_EQ(event, Event::kNone);
      pass(pause_us);
      event = feed(std::string(1, c));
    }
    return event;
  }
  std::string body() const { return std::string(as_text(receiver_.body())); }

  int64_t now_us_ = 5 * kSecond_us;
  int64_t wall_offset_us_ = kWall_us;
  StampedReceiver receiver_{{.length_max = 1000}, time()};
  std::string rest_;
};

TEST_F(StampedReceiverTest, PrintsTheWallClockAsTheFirstStamp) {
  EXPECT_EQ(stamp(), padded("1732166471.000000"));
}

TEST_F(StampedReceiverTest, AcceptsARoundThatCameWhole) {
  std::string first = stamp();
  pass(30 * kMs_us);
  EXPECT_EQ(feed(answer("a picture", first)), Event::kFrame);
  EXPECT_EQ(rest_, "");
  EXPECT_EQ(body(), "a picture");
  EXPECT_EQ(receiver_.lag_us(), 30 * kMs_us);
  EXPECT_EQ(sent(), kAcceptance + padded("1732166471.030000"));
}

TEST_F(StampedReceiverTest, AcceptsRoundsWhoseBytesComeAlone) {
  std::string echo = stamp();
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(feed_slowly(answer("picture", echo), 100), Event::kFrame);
    EXPECT_EQ(body(), "picture");
    EXPECT_EQ(receiver_.lag_us(), 100 * (32 + 7 + 32));
    EXPECT_EQ(receiver_.answered_us(), now_us_ - 100 * (32 + 7 + 31));
    echo = stamp_behind(kAcceptance);
  }
  EXPECT_EQ(receiver_.rounds(), 5u);
}

TEST_F(StampedReceiverTest, AcceptsARoundCutAnywhere) {
  for (size_t cut = 1; cut < 32 + 7 + 32; ++cut) {
    StampedReceiver receiver({}, time());
    std::string whole = answer("picture", std::string(as_text(receiver.output())));
    Bytes first = as_bytes(whole).first(cut), second = as_bytes(whole).subspan(cut);
    EXPECT_EQ(receiver.feed(first, time()), Event::kNone);
    EXPECT_EQ(receiver.feed(second, time()), Event::kFrame);
    EXPECT_EQ(as_text(receiver.body()), "picture");
  }
}

TEST_F(StampedReceiverTest, LeavesWhatIsBehindTheRound) {
  EXPECT_EQ(feed(answer("picture", stamp()) + "12"), Event::kFrame);
  EXPECT_EQ(rest_, "12");
  EXPECT_EQ(body(), "picture");
  std::string next = sent().substr(kAcceptance.size());
  EXPECT_EQ(feed(rest_ + padded("", 30) + std::string(12, 'x') + next), Event::kFrame);
  EXPECT_EQ(body(), std::string(12, 'x'));
}

TEST_F(StampedReceiverTest, AcceptsALagOfExactlyTheLimit) {
  std::string echo = stamp();
  pass(80 * kMs_us);
  EXPECT_EQ(feed(answer("picture", echo)), Event::kFrame);
}

TEST_F(StampedReceiverTest, DropsALagOverTheLimit) {
  std::string echo = stamp();
  pass(80 * kMs_us + 1);
  EXPECT_EQ(feed(answer("picture", echo)), Event::kLate);
  EXPECT_EQ(sent(), "0");
}

TEST_F(StampedReceiverTest, TakesTheLagAtTheEndOfTheEcho) {
  std::string whole = answer("picture", stamp());
  pass(80 * kMs_us);
  EXPECT_EQ(feed(whole.substr(0, whole.size() - 1)), Event::kNone);
  pass(1);
  EXPECT_EQ(feed(whole.substr(whole.size() - 1)), Event::kLate);
}

TEST_F(StampedReceiverTest, TakesANewLimitFromTheNextRoundOn) {
  std::string echo = stamp();
  receiver_.set_lag_max(10 * kMs_us);
  pass(11 * kMs_us);
  EXPECT_EQ(feed(answer("picture", echo)), Event::kFrame);
  echo = stamp_behind(kAcceptance);
  pass(11 * kMs_us);
  EXPECT_EQ(feed(answer("picture", echo)), Event::kLate);
}

TEST_F(StampedReceiverTest, JudgesByNoStepOfTheWallClock) {
  std::string echo = stamp();
  for (int64_t step_us : {-50 * 365 * 86400 * kSecond_us, 3600 * kSecond_us, -kSecond_us}) {
    wall_offset_us_ += step_us;
    pass(30 * kMs_us);
    EXPECT_EQ(feed(answer("picture", echo)), Event::kFrame);
    EXPECT_EQ(receiver_.lag_us(), 30 * kMs_us);
    echo = stamp_behind(kAcceptance);
    wall_offset_us_ -= step_us;
    pass(90 * kMs_us);
    EXPECT_EQ(feed(answer("picture", echo)), Event::kLate);
    echo = stamp_behind("0");
  }
}

TEST_F(StampedReceiverTest, IssuesNoStampTwiceWhateverTheWallClockDoes) {
  std::vector<std::string> stamps = {stamp()};
  for (int round = 0; round < 50; ++round) {
    wall_offset_us_ = round % 3 == 0 ? -2 * now_us_ : kWall_us - 1000 * round;
    feed(answer("picture", stamps.back()));
    stamps.push_back(stamp_behind(kAcceptance));
  }
  std::sort(stamps.begin(), stamps.end());
  EXPECT_EQ(std::unique(stamps.begin(), stamps.end()), stamps.end());
}

// ---- Echoes ----

TEST_F(StampedReceiverTest, EndsAtAnEchoThatIsNotTheVeryStamp) {
  std::string stamp = padded("1732166471.000000");
  std::string digits = "1732166471.000000";
  for (const std::string& echo :
       {padded("1732166471.000001"), padded("1732166470.999999"), padded("1732166471.0"),
        padded("01732166471.000000"), " " + stamp.substr(0, 31), std::string(15, ' ') + digits,
        digits + std::string(15, '\0'), digits + "\n" + std::string(14, ' '), std::string(32, ' '),
        std::string(32, '\0'), padded("9999999999.000000"), padded("inf")}) {
    StampedReceiver receiver({}, time());
    ASSERT_EQ(as_text(receiver.output()), stamp);
    std::string whole = answer("picture", echo);
    Bytes bytes = as_bytes(whole);
    EXPECT_EQ(receiver.feed(bytes, time()), Event::kForgedEcho) << echo;
    EXPECT_EQ(as_text(receiver.output()), stamp) << "no verdict";
  }
}

TEST_F(StampedReceiverTest, EndsAtAnEchoThatIsWrongInOneByteOnly) {
  for (size_t i = 0; i < kStampedFieldSize; ++i) {
    StampedReceiver receiver({}, time());
    std::string echo(as_text(receiver.output()));
    echo[i] = static_cast<char>(echo[i] ^ 1);
    std::string whole = answer("picture", echo);
    Bytes bytes = as_bytes(whole);
    EXPECT_EQ(receiver.feed(bytes, time()), Event::kForgedEcho) << i;
  }
}

TEST_F(StampedReceiverTest, EndsAtTheStampOfAnEarlierRound) {
  std::string first = stamp();
  EXPECT_EQ(feed(answer("picture", first)), Event::kFrame);
  stamp_behind(kAcceptance);
  EXPECT_EQ(feed(answer("picture", first)), Event::kForgedEcho);
}

TEST_F(StampedReceiverTest, EndsAtAForgedEchoOfALateRoundToo) {
  stamp();
  pass(kSecond_us);
  EXPECT_EQ(feed(answer("picture", padded("1732166472.000000"))), Event::kForgedEcho);
  EXPECT_EQ(sent(), "");
}

// ---- Lengths and bodies ----

TEST_F(StampedReceiverTest, EndsAtALengthThatIsNone) {
  for (const char* length :
       {"", "0", "000", "-1", "+5", " 5", "5 5", "5.0", "1e2", "0x10", "five", "5\n", "1001",
        "4294967297", "18446744073709551617", "99999999999999999999999999999999"}) {
    StampedReceiver receiver({.length_max = 1000}, time());
    std::string text = padded(length) + "picture";
    Bytes bytes = as_bytes(text);
    EXPECT_EQ(receiver.feed(bytes, time()), Event::kBadLength) << length;
    EXPECT_TRUE(receiver.body().empty());
  }
}

TEST_F(StampedReceiverTest, TakesTheLargestBodyThatIsAllowed) {
  std::string large(1000, 'x');
  EXPECT_EQ(feed(answer(large, stamp())), Event::kFrame);
  EXPECT_EQ(body(), large);
}

TEST_F(StampedReceiverTest, HoldsOnlyWhatCameOfABody) {
  StampedReceiver receiver({}, time());
  std::string text = padded(std::to_string(kStampedLengthMax)) + "begin";
  Bytes bytes = as_bytes(text);
  EXPECT_EQ(receiver.feed(bytes, time()), Event::kNone);
  EXPECT_EQ(as_text(receiver.body()), "begin");
}

TEST_F(StampedReceiverTest, ThrowsAwayABodyOnceItIsLate) {
  std::string echo = stamp();
  EXPECT_EQ(feed(padded("12") + "begun "), Event::kNone);
  EXPECT_EQ(body(), "begun ");
  pass(80 * kMs_us + 1);
  EXPECT_EQ(feed("late"), Event::kNone);
  EXPECT_EQ(body(), "");
  EXPECT_EQ(feed("r." + echo), Event::kLate);
}

TEST_F(StampedReceiverTest, TellsAFlushFromALateFrame) {
  std::string echo = stamp();
  pass(500 * kMs_us);
  EXPECT_EQ(feed(answer("x", echo)), Event::kFlushed);
  std::string output = sent();
  ASSERT_EQ(output.size(), 1 + kStampedFieldSize) << "the next stamp waits for nothing";
  EXPECT_EQ(output[0], '0');
  EXPECT_EQ(feed(answer("picture", output.substr(1))), Event::kFrame);
}

// ---- Waits ----

TEST_F(StampedReceiverTest, HoldsTheNextStampBackForASlowCamera) {
  std::string echo = stamp();
  pass(500 * kMs_us);
  EXPECT_EQ(feed(answer("picture", echo)), Event::kLate);
  EXPECT_EQ(sent(), "0");
  EXPECT_EQ(receiver_.deadline_us(), now_us_ + 460 * kMs_us);
  pass(460 * kMs_us - 1);
  EXPECT_EQ(receiver_.on_time(time()), Event::kNone);
  EXPECT_EQ(sent(), "");
  pass(1);
  EXPECT_EQ(receiver_.on_time(time()), Event::kNone);
  echo = stamp();
  pass(40 * kMs_us);
  EXPECT_EQ(feed(answer("picture", echo)), Event::kFrame);
  EXPECT_EQ(receiver_.lag_us(), 40 * kMs_us);
}

TEST_F(StampedReceiverTest, HoldsNoStampBackFromASenderThatAnswersBeforeIt) {
  std::string echo = stamp();
  pass(500 * kMs_us);
  EXPECT_EQ(feed(answer("picture", echo)), Event::kLate);
  EXPECT_EQ(sent(), "0");
  EXPECT_EQ(feed(padded("7")), Event::kNone);
  EXPECT_EQ(feed("picture" + stamp()), Event::kFrame);
}

TEST_F(StampedReceiverTest, EndsWithASenderThatDoesNotAnswer) {
  stamp();
  pass(StampedReceiver::kAnswerWait_us - 1);
  EXPECT_EQ(receiver_.on_time(time()), Event::kNone);
  pass(1);
  EXPECT_EQ(receiver_.on_time(time()), Event::kStalled);
}

TEST_F(StampedReceiverTest, EndsWithASenderThatStopsAnywhereInARound) {
  std::string echo = stamp();
  std::string whole = answer("picture", echo);
  for (size_t stop = 1; stop < whole.size(); ++stop) {
    StampedReceiver receiver({}, time());
    Bytes bytes = as_bytes(whole).first(stop);
    EXPECT_EQ(receiver.feed(bytes, time()), Event::kNone);
    StampedTime end{now_us_ + StampedReceiver::kRoundWait_us, kWall_us};
    EXPECT_EQ(receiver.on_time({end.now_us - 1, kWall_us}), Event::kNone);
    EXPECT_EQ(receiver.on_time(end), Event::kStalled) << stop;
  }
}

// ---- The verdict, over a million rounds ----

// A round as the wire has it, cut into two pieces anywhere, each behind a pause of its own.
TEST(StampedReceiverProperty, AcceptsEveryLagUpToTheLimitAndNoneOver) {
  std::minstd_rand random(4);
  std::uniform_int_distribution<int64_t> any_lag(0, 160 * kMs_us), near(-2, 2), coin(0, 3);
  std::uniform_int_distribution<size_t> any_size(1, 40);
  StampedTime time{kSecond_us, kWall_us};
  StampedReceiver receiver({}, time);
  uint64_t in_time = 0;
  for (int round = 0; round < 1'000'000; ++round) {
    size_t waiting = receiver.output().size();
    if (waiting == 1 || waiting == 1 + kStampedReplySize) {  // the stamp is held back
      time.now_us = receiver.deadline_us();
      ASSERT_EQ(receiver.on_time(time), Event::kNone);
    }
    std::string output(as_text(receiver.output()));
    std::string echo = output.substr(output.size() - kStampedFieldSize);
    receiver.clear_output();

    int64_t lag_us = coin(random) == 0 ? kStampedLagMax_us + near(random) : any_lag(random);
    size_t size = any_size(random);
    std::string whole = padded(std::to_string(size)) + std::string(size, 'x') + echo;
    int64_t first_us = lag_us * coin(random) / 4;
    Bytes first = as_bytes(whole).first(any_size(random)),
          second = as_bytes(whole).subspan(first.size());
    time.now_us += first_us;
    time.wall_us = kWall_us + any_lag(random) * any_lag(random);  // any that it likes
    ASSERT_EQ(receiver.feed(first, time), Event::kNone);
    time.now_us += lag_us - first_us;
    Event event = receiver.feed(second, time);
    ASSERT_EQ(event == Event::kFrame, lag_us <= kStampedLagMax_us) << lag_us;
    ASSERT_EQ(as_text(receiver.output())[0], event == Event::kFrame ? '1' : '0');
    in_time += event == Event::kFrame;
  }
  EXPECT_GT(in_time, 300'000u);
}

}  // namespace
}  // namespace camloop
