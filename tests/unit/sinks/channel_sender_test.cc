#include "sinks/channel_sender.h"

#include "base/clock.h"
#include "io/listener.h"
#include "unit/captured_log.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace camloop {
namespace {

std::string padded(std::string text, size_t size) {
  text.resize(size, ' ');
  return text;
}

// A receiver that says what the test tells it to, on the same loop.
class ChannelSenderTest : public testing::Test, private StreamHandler {
 protected:
  void SetUp() override {
    open_receiver(parse_listen_address("127.0.0.1:0").value());
    Endpoint endpoint{"127.0.0.1", listener_->address().port()};
    Backoff::Limits at_once{kMillisecond_us, kMillisecond_us};
    // On a busy machine a stamp may be held for longer than the 80 ms of the field.
    ChannelSender::Options options{endpoint, 60 * kSecond_us, nullptr, at_once};
    sender_ = std::make_unique<ChannelSender>(loop_, hub_, options);
  }
  void TearDown() override {
    sender_.reset();
    receiver_.reset();
    listener_.reset();
    loop_.drain();
  }

  void open_receiver(const Address& address) {
    auto on_accept = [this](Owned<Stream> stream) {
      ++accepted_;
      receiver_ = std::move(stream);
      received_.clear();
      receiver_->start(*this);
    };
    listener_ = Listener::open(loop_, address, {8, 8}, "", on_accept).value();
  }
  /// The sender's `number`th connection is there, and only that.
  bool wait_for_connection(int number = 1) {
    return turn_until(loop_, [this, number] { return accepted_ == number; });
  }
  void say(std::string_view text) { ASSERT_TRUE(receiver_->write(as_bytes(text))); }
  void say_stamp() {
    say(stamp_);
    ASSERT_TRUE(turn_until(loop_, [this] { return hub_.watched(); }));
  }
  void publish(std::string_view text) {
    BufferRef jpeg = pool_.take(text.size());
    std::copy(text.begin(), text.end(), jpeg.storage().begin());
    jpeg.set_size(text.size());
    hub_.publish({jpeg, 640, 480, monotonic_us(), ++sequence_});
  }
  bool wait_for(const std::string& text) {
    return turn_until(loop_, [&] { return received_ == text; });
  }
  std::string round_of(const std::string& jpeg) const {
    return padded(std::to_string(jpeg.size()), 32) + jpeg + stamp_;
  }
  LinkFacts facts() const { return sender_->facts(monotonic_us()); }
  uint64_t dropped(std::string_view reason) const {
    for (const ReasonCount& each : facts().traffic.dropped) {
      if (each.reason == reason) return each.count;
    }
    return UINT64_MAX;
  }

  const std::string stamp_ = padded("1700000000.5", 32);
  const std::string reply_ = padded("received and not delay", 1024);
  Loop loop_;
  Hub hub_;
  BufferPool pool_{2};
  uint64_t sequence_ = 0;
  Owned<Listener> listener_;
  Owned<Stream> receiver_;
  int accepted_ = 0;      // connections
  std::string received_;  // on the last one
  std::unique_ptr<ChannelSender> sender_;

 private:
  Result<> on_bytes(Bytes bytes) override {
    received_.append(as_text(bytes));
    return {};
  }
  void on_end(const Error&) override { receiver_.reset(); }
};

TEST_F(ChannelSenderTest, WantsNoFramesBeforeTheFirstStamp) {
  ASSERT_TRUE(wait_for_connection());
  say(stamp_.substr(0, 31));
  int turns = 0;
  ASSERT_TRUE(turn_until(loop_, [&] { return ++turns == 10; }));
  EXPECT_FALSE(hub_.watched());
  say(stamp_.substr(31));
  EXPECT_TRUE(turn_until(loop_, [this] { return hub_.watched(); }));
}

TEST_F(ChannelSenderTest, SendsAFrameAStamp) {
  ASSERT_TRUE(wait_for_connection());
  say_stamp();
  publish("one");
  ASSERT_TRUE(wait_for(round_of("one")));
  publish("two");
  publish("three");
  say("1" + reply_ + stamp_);
  ASSERT_TRUE(wait_for(round_of("one") + round_of("three")));
  say("0" + stamp_);
  ASSERT_TRUE(wait_for(round_of("one") + round_of("three") + round_of("three")));
  // What has arrived is acknowledged a moment later.
  ASSERT_TRUE(turn_until(loop_, [this] { return facts().traffic.bytes_sent == received_.size(); }));
  LinkTraffic traffic = facts().traffic;
  EXPECT_EQ(traffic.rounds, 2u);
  EXPECT_EQ(traffic.accepted, 1u);
  EXPECT_EQ(dropped("replaced"), 1u);
  EXPECT_EQ(traffic.lag.count(), 2u);
  EXPECT_EQ(traffic.age.count(), 1u);
  EXPECT_EQ(traffic.bytes_received, 3 * stamp_.size() + 1 + reply_.size() + 1);
}

TEST_F(ChannelSenderTest, SendsTheNewestFrameOnceASlowReceiverTakesIt) {
  ASSERT_TRUE(wait_for_connection());
  say_stamp();
  std::string large(4 << 20, 'j');
  publish(large);
  // Judged before it has been read: what is sent next still comes behind all of it.
  say("0" + stamp_);
  ASSERT_TRUE(turn_until(loop_, [this] { return facts().traffic.rounds == 1; }));
  publish("older");
  publish("newest");
  std::string both = round_of(large) + round_of("newest");
  EXPECT_TRUE(turn_until(loop_, [&] { return received_.size() >= both.size(); }));
  EXPECT_EQ(received_.substr(large.size()), both.substr(large.size()));
}

TEST_F(ChannelSenderTest, ConnectsAgainAndWantsNoFramesMeanwhile) {
  ASSERT_TRUE(wait_for_connection());
  say_stamp();
  publish("one");
  ASSERT_TRUE(wait_for(round_of("one")));
  publish("two");
  Address address = listener_->address();
  listener_.reset();
  receiver_.reset();
  ASSERT_TRUE(turn_until(loop_, [this] { return !hub_.watched(); }));
  EXPECT_EQ(dropped("cut"), 2u);
  ASSERT_TRUE(turn_until(loop_, [this] { return facts().failures > 0; }));
  EXPECT_NE(facts().fault, "");
  open_receiver(address);
  ASSERT_TRUE(wait_for_connection(2));
  say_stamp();
  publish("three");
  ASSERT_TRUE(wait_for(round_of("three")));
  say("1");
  ASSERT_TRUE(turn_until(loop_, [this] { return facts().traffic.accepted == 1; }));
  EXPECT_EQ(facts().connects, 2u);
  EXPECT_EQ(facts().fault, "");
}

TEST_F(ChannelSenderTest, LeavesAReceiverThatDoesNotKeepToTheProtocol) {
  ASSERT_TRUE(wait_for_connection());
  say_stamp();
  publish("one");
  ASSERT_TRUE(wait_for(round_of("one")));
  say("x");
  ASSERT_TRUE(wait_for_connection(2));
  say(stamp_ + "0");
  EXPECT_TRUE(wait_for_connection(3));
}

TEST_F(ChannelSenderTest, TellsOnceThatFramesAreTooLong) {
  ASSERT_TRUE(wait_for_connection());
  say_stamp();
  CapturedLog log;
  for (int i = 0; i < 2; ++i) publish(std::string((4 << 20) + 1, 'j'));
  EXPECT_EQ(dropped("oversize"), 2u);
  EXPECT_EQ(log.lines_with("cannot be sent"), 1);
}

TEST_F(ChannelSenderTest, CanGoAtAnyMoment) {
  ASSERT_TRUE(wait_for_connection());
  say_stamp();
  publish("one");
  sender_.reset();
  EXPECT_FALSE(hub_.watched());
  EXPECT_TRUE(turn_until(loop_, [this] { return receiver_ == nullptr; }));
}

}  // namespace
}  // namespace camloop
