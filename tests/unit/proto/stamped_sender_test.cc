#include "proto/stamped_sender.h"

#include "unit/proto/stamped_world.h"

#include <gtest/gtest.h>

#include <string>

namespace camloop {
namespace {

constexpr int64_t kLimit_us = kStampedLagMax_us;
constexpr int64_t kMs_us = kMillisecond_us;
constexpr int64_t kStart_us = kSecond_us;

using Step = StampedSender::Step;
using FieldChannel = SimulatedChannel<FieldReceiver>;

// ---- A round, step by step ----

class StampedSenderTest : public testing::Test {
 protected:
  void put(std::string_view jpeg, int64_t captured_us) {
    sender_.put(jpeg_of(pool_, jpeg), captured_us);
  }
  /// The only step in `text`.
  Step feed(std::string_view text, int64_t now_us) {
    Bytes bytes = as_bytes(text);
    auto step = sender_.feed(bytes, now_us);
    EXPECT_TRUE(step.ok());
    EXPECT_TRUE(bytes.empty());
    return step.ok() ? step.value() : Step::kNeedMore;
  }
  std::string fault(std::string_view text) {
    Bytes bytes = as_bytes(text);
    auto step = sender_.feed(bytes, kStart_us);
    return step.ok() ? "" : step.error().text;
  }
  /// What goes out now; "" for nothing.
  std::string send(int64_t now_us) {
    auto round = sender_.round(now_us);
    if (!round) return "";
    std::string text = text_of(*round);
    sender_.on_sent(*round);
    return text;
  }
  const StampedSender::Facts& facts() const { return sender_.facts(); }

  const std::string stamp_ = padded("1700000000.123", 32);
  const std::string reply_ = padded("received and not delay", 1024);
  const std::string flush_ = padded("1", 32) + std::string(1, 0) + stamp_;
  BufferPool pool_{4};
  StampedSender sender_{kLimit_us};
};

std::string round_of(std::string_view jpeg, std::string_view stamp) {
  return padded(std::to_string(jpeg.size()), 32) + std::string(jpeg) + std::string(stamp);
}

TEST_F(StampedSenderTest, SendsNothingWithoutAStamp) {
  put("jpeg", kStart_us);
  EXPECT_EQ(send(kStart_us), "");
  EXPECT_EQ(feed(stamp_.substr(0, 31), kStart_us), Step::kNeedMore);
  EXPECT_EQ(send(kStart_us), "");
  EXPECT_TRUE(sender_.awaits_receiver());
}

TEST_F(StampedSenderTest, AnswersAStampAtOnceWithTheNewestFrame) {
  put("old", kStart_us - 40 * kMs_us);
  put("newest", kStart_us - 7 * kMs_us);
  EXPECT_EQ(feed(stamp_, kStart_us), Step::kStamp);
  EXPECT_EQ(send(kStart_us), round_of("newest", stamp_));
  EXPECT_EQ(send(kStart_us), "") << "one round at a time";
  EXPECT_EQ(feed("1", kStart_us + 3 * kMs_us), Step::kAccepted);
  EXPECT_EQ(facts().accepted, 1u);
  EXPECT_EQ(facts().dropped_replaced, 1u);
  EXPECT_EQ(facts().lag.max_us(), 3 * kMs_us);
  EXPECT_EQ(facts().age.max_us(), 10 * kMs_us);
}

TEST_F(StampedSenderTest, WaitsForAFrameThatHasNotBeenSent) {
  feed(stamp_, kStart_us);
  EXPECT_EQ(send(kStart_us), "");
  EXPECT_FALSE(sender_.awaits_receiver());
  put("one", kStart_us + 33 * kMs_us);
  EXPECT_NE(send(kStart_us + 33 * kMs_us), "");
  feed("1", kStart_us + 34 * kMs_us);
  feed(reply_, kStart_us + 34 * kMs_us);
  feed(stamp_, kStart_us + 34 * kMs_us);
  EXPECT_EQ(send(kStart_us + 35 * kMs_us), "");
  put("two", kStart_us + 66 * kMs_us);
  EXPECT_EQ(send(kStart_us + 66 * kMs_us), round_of("two", stamp_));
}

TEST_F(StampedSenderTest, EchoesAnyBytesAsAStamp) {
  std::string stamp(32, '\0');
  for (size_t i = 0; i < stamp.size(); ++i) stamp[i] = static_cast<char>(i * 9);
  put("jpeg", kStart_us);
  EXPECT_EQ(feed(stamp, kStart_us), Step::kStamp);
  EXPECT_EQ(send(kStart_us), round_of("jpeg", stamp));
}

TEST_F(StampedSenderTest, FlushesARoundThatIsLostAndSendsTheFrameOnTheNextStamp) {
  feed(stamp_, kStart_us);
  int64_t late_us = kStart_us + 500 * kMs_us;
  put("jpeg", late_us);
  EXPECT_EQ(send(late_us), flush_);
  EXPECT_EQ(feed("0", late_us + kMs_us), Step::kFlushed);
  EXPECT_EQ(feed(stamp_, late_us + kMs_us), Step::kStamp);
  EXPECT_EQ(send(late_us + kMs_us), round_of("jpeg", stamp_));
  EXPECT_EQ(feed("1", late_us + 2 * kMs_us), Step::kAccepted);
  EXPECT_EQ(facts().rounds, 2u);
  EXPECT_EQ(facts().flushed, 1u);
  EXPECT_EQ(facts().age.max_us(), 2 * kMs_us);
  EXPECT_EQ(facts().lag.max_us(), kMs_us) << "of the flush it says nothing";
}

TEST_F(StampedSenderTest, SendsAFrameAsLongAsTheVerdictIsOpen) {
  for (int64_t held_us : {kLimit_us, kLimit_us + 5 * kMs_us}) {
    feed(stamp_, kStart_us);
    put("jpeg", kStart_us + held_us);
    EXPECT_EQ(send(kStart_us + held_us), round_of("jpeg", stamp_));
    feed("0", kStart_us + held_us);
  }
  feed(stamp_, kStart_us);
  put("jpeg", kStart_us + kLimit_us);
  EXPECT_EQ(send(kStart_us + kLimit_us + 5 * kMs_us + 1), flush_);
}

TEST_F(StampedSenderTest, OffersARefusedFrameAgainWhileItIsTheNewestAndYoung) {
  feed(stamp_, kStart_us);
  int64_t captured_us = kStart_us + 79 * kMs_us;
  put("jpeg", captured_us);
  send(captured_us + kMs_us);
  EXPECT_EQ(feed("0", captured_us + 3 * kMs_us), Step::kRefused);
  feed(stamp_, captured_us + 3 * kMs_us);
  EXPECT_EQ(send(captured_us + 3 * kMs_us), round_of("jpeg", stamp_));
  EXPECT_EQ(feed("1", captured_us + 4 * kMs_us), Step::kAccepted);
  EXPECT_EQ(facts().refused, 1u);
  EXPECT_EQ(facts().accepted, 1u);
  EXPECT_EQ(facts().dropped_late, 0u);
}

TEST_F(StampedSenderTest, DropsARefusedFrameThatHasReachedTheLimit) {
  put("jpeg", kStart_us);
  feed(stamp_, kStart_us);
  send(kStart_us);
  feed("0", kStart_us + kLimit_us);
  feed(stamp_, kStart_us + kLimit_us);
  EXPECT_EQ(send(kStart_us + kLimit_us), "");
  put("next", kStart_us + kLimit_us + kMs_us);
  EXPECT_EQ(send(kStart_us + kLimit_us + kMs_us), round_of("next", stamp_));
  EXPECT_EQ(facts().dropped_late, 1u);
}

TEST_F(StampedSenderTest, DropsARefusedFrameForANewerOne) {
  put("jpeg", kStart_us);
  feed(stamp_, kStart_us);
  send(kStart_us);
  put("newer", kStart_us + 30 * kMs_us);
  feed("0", kStart_us + 31 * kMs_us);
  feed(stamp_, kStart_us + 31 * kMs_us);
  EXPECT_EQ(send(kStart_us + 31 * kMs_us), round_of("newer", stamp_));
  EXPECT_EQ(facts().dropped_late, 1u);
  EXPECT_EQ(facts().dropped_replaced, 0u);
}

TEST_F(StampedSenderTest, KeepsAFrameThatCameMeanwhileThroughAnAcceptance) {
  put("one", kStart_us);
  feed(stamp_, kStart_us);
  send(kStart_us);
  put("two", kStart_us + kMs_us);
  feed("1", kStart_us + 2 * kMs_us);
  feed(reply_, kStart_us + 2 * kMs_us);
  feed(stamp_, kStart_us + 2 * kMs_us);
  EXPECT_EQ(send(kStart_us + 2 * kMs_us), round_of("two", stamp_));
}

TEST_F(StampedSenderTest, GivesTheReplyWithoutItsPadding) {
  put("jpeg", kStart_us);
  feed(stamp_, kStart_us);
  send(kStart_us);
  feed("1", kStart_us);
  EXPECT_EQ(feed(reply_, kStart_us), Step::kReply);
  EXPECT_EQ(sender_.reply(), "received and not delay");
}

TEST_F(StampedSenderTest, SharesTheFrameAndLetsGoOfItOnceItIsAccepted) {
  BufferRef jpeg = jpeg_of(pool_, "jpeg");
  sender_.put(jpeg, kStart_us);
  feed(stamp_, kStart_us);
  {
    auto round = sender_.round(kStart_us);
    EXPECT_EQ(round->body.bytes().data(), jpeg.bytes().data());
    sender_.on_sent(*round);
  }
  feed("1", kStart_us);
  jpeg.set_size(0);  // checks that nobody else holds it
}

TEST_F(StampedSenderTest, DropsAFrameThatNoReceiverTakes) {
  put("jpeg", kStart_us);
  put(std::string(kStampedLengthMax + 1, 'j'), kStart_us);
  feed(stamp_, kStart_us);
  EXPECT_EQ(send(kStart_us), round_of("jpeg", stamp_));
  EXPECT_EQ(facts().dropped_oversize, 1u);
}

TEST_F(StampedSenderTest, CallsOtherVerdictsAFault) {
  for (const char* verdict : {"2", " ", "\xff"}) {
    sender_.reset();
    put("jpeg", kStart_us);
    feed(stamp_, kStart_us);
    send(kStart_us);
    EXPECT_NE(fault(verdict), "") << verdict;
  }
}

TEST_F(StampedSenderTest, CallsAnAcceptedFlushAFault) {
  feed(stamp_, kStart_us);
  put("jpeg", kStart_us + kSecond_us);
  EXPECT_EQ(send(kStart_us + kSecond_us), flush_);
  EXPECT_NE(fault("1"), "");
}

TEST_F(StampedSenderTest, CallsBytesOutOfTurnAFault) {
  EXPECT_EQ(feed(stamp_, kStart_us), Step::kStamp);
  EXPECT_NE(fault("1"), "");
}

TEST_F(StampedSenderTest, CountsWhatTheEndOfAConnectionOvertakesAndBeginsAnew) {
  put("in flight", kStart_us);
  feed(stamp_, kStart_us);
  send(kStart_us);
  put("newer", kStart_us);
  feed("1", kStart_us);
  feed(reply_.substr(0, 7), kStart_us);
  sender_.reset();
  EXPECT_EQ(facts().dropped_cut, 1u);
  put("again", kStart_us);
  feed(stamp_, kStart_us);
  EXPECT_EQ(send(kStart_us), round_of("again", stamp_));
  put("newer", kStart_us);
  sender_.reset();
  EXPECT_EQ(facts().dropped_cut, 3u) << "the one on its way, and the newer one";
}

// ---- In any pieces ----

// Three rounds: accepted, refused, flushed. The steps, and what was sent in answer.
std::string story_of(std::string_view input, size_t piece_size) {
  BufferPool pool(4);
  StampedSender sender(kLimit_us);
  std::string story;
  int64_t now_us = kStart_us;
  for (size_t at = 0; at < input.size(); at += piece_size) {
    Bytes piece = as_bytes(input.substr(at, piece_size));
    while (!piece.empty()) {
      auto step = sender.feed(piece, now_us);
      if (!step.ok()) return story + "fault";
      if (step.value() == Step::kNeedMore) continue;
      story += std::to_string(static_cast<int>(step.value())) + " ";
      if (step.value() != Step::kStamp) continue;
      now_us += now_us == kStart_us ? kMs_us : kLimit_us;
      sender.put(jpeg_of(pool, "jpeg"), now_us);
      auto round = sender.round(now_us);
      story += text_of(*round) + " ";
      sender.on_sent(*round);
    }
  }
  return story;
}

TEST(StampedSender, TellsTheSameOfBytesInAnyPieces) {
  std::string stamp = padded("17.5", 32), late = padded("18", 32);
  std::string input = stamp + "1" + padded("ok", 1024) + late + "0" + stamp + "0" + late;
  std::string whole = story_of(input, input.size());
  std::string answer = padded("4", 32) + "jpeg";
  EXPECT_EQ(whole, "1 " + answer + stamp + " 2 5 1 " + answer + late + " 3 1 " + answer + stamp +
                       " 3 1 " + answer + late + " ");
  for (size_t size : {1, 2, 3, 7, 31, 33, 500}) EXPECT_EQ(story_of(input, size), whole) << size;
}

// ---- In simulated time ----

class StampedRates : public testing::TestWithParam<double> {};
INSTANTIATE_TEST_SUITE_P(Fps, StampedRates, testing::Values(0.5, 2, 5, 10, 12.5, 15, 20, 30));

TEST_P(StampedRates, EveryFrameIsAcceptedOnce) {
  FieldChannel channel([] { return 100; });
  channel.film(GetParam(), 20);
  EXPECT_EQ(channel.accepted(), channel.taken());
  EXPECT_EQ(channel.accepted_once(), channel.taken());
  EXPECT_TRUE(channel.accepted_frames_only());
  EXPECT_LE(channel.facts().age.max_us(), kMs_us);
}

TEST_P(StampedRates, EveryFrameOfACameraThatJittersIsAccepted) {
  FieldChannel channel([] { return 100; });
  channel.film(GetParam(), 20, 0.3);
  EXPECT_EQ(channel.accepted_once(), channel.taken());
  EXPECT_TRUE(channel.accepted_frames_only());
}

TEST_P(StampedRates, EveryFrameIsAcceptedOverALinkOfTwentyMilliseconds) {
  double fps = std::min(GetParam(), 20.0);  // a round takes forty
  FieldChannel channel([] { return 20 * kMs_us; });
  channel.film(fps, 20);
  EXPECT_GE(channel.accepted_once() + 1, channel.taken());
}

TEST(StampedSender, NoFrameOverTheLimitIsAcceptedAndNoFlushIsTakenForAFrame) {
  for (int64_t delay_ms : {0, 20, 45, 60, 120}) {
    FieldChannel* world = nullptr;
    FieldChannel channel(
        [&] { return world ? delay_ms * kMs_us + world->random_between(0, 30 * kMs_us) : 0; });
    world = &channel;
    for (double fps : {2.0, 12.5, 30.0}) channel.film(fps, 20, 0.4);
    EXPECT_TRUE(channel.accepted_frames_only());
    EXPECT_LE(channel.receiver().accepted_lag_max_us, kLimit_us);
    EXPECT_EQ(channel.accepted(), channel.accepted_once());
    EXPECT_EQ(channel.facts().accepted > 0, 2 * delay_ms * kMs_us < kLimit_us);
  }
}

TEST(StampedSender, RecoversWhenALinkThatWasTooSlowIsFastAgain) {
  int64_t delay_us = 100;
  FieldChannel channel([&] { return delay_us; });
  channel.film(10, 5);
  delay_us = 120 * kMs_us;
  channel.film(10, 5);
  size_t before = channel.accepted();
  delay_us = 100;
  channel.film(10, 5);
  EXPECT_GE(channel.accepted(), before + 48);
}

}  // namespace
}  // namespace camloop
