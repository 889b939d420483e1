// Both ends of the stamped channel back to back, without a network and in simulated time.

#include "proto/stamped_receiver.h"
#include "unit/proto/stamped_world.h"

#include <gtest/gtest.h>

#include <memory>

namespace camloop {
namespace {

constexpr int64_t kMs_us = kMillisecond_us;

class OurReceiver {
 public:
  OurReceiver(Simulation& world, std::function<void(std::string)> send)
      : world_(world), send_(std::move(send)) {}

  void start() {
    machine_ = std::make_unique<StampedReceiver>(StampedReceiver::Limits{}, time());
    put_out();
  }
  void on_bytes(const std::string& bytes) {
    Bytes rest = as_bytes(bytes);
    while (!rest.empty()) {
      auto event = machine_->feed(rest, time());
      ASSERT_LE(event, StampedReceiver::Event::kFlushed) << "the end of the connection";
      if (event != StampedReceiver::Event::kFrame) continue;
      accepted_lag_max_us = std::max(accepted_lag_max_us, machine_->lag_us());
      accepted.emplace_back(as_text(machine_->body()));
    }
    put_out();
  }

  std::vector<std::string> accepted;
  int64_t accepted_lag_max_us = 0;

 private:
  // The wall clock is far from the monotonic one.
  StampedTime time() const {
    return {world_.now_us(), world_.now_us() + 1'700'000'000 * kSecond_us};
  }
  void put_out() {
    if (!machine_->output().empty()) send_(std::string(as_text(machine_->output())));
    machine_->clear_output();
    world_.after(machine_->deadline_us() - world_.now_us(),
                 [this, due_us = machine_->deadline_us()] {
                   if (machine_->deadline_us() != due_us) return;
                   ASSERT_EQ(machine_->on_time(time()), StampedReceiver::Event::kNone);
                   put_out();
                 });
  }

  Simulation& world_;
  std::function<void(std::string)> send_;
  std::unique_ptr<StampedReceiver> machine_;
};

using OurChannel = SimulatedChannel<OurReceiver>;

class StampedChannelRates : public testing::TestWithParam<double> {};
INSTANTIATE_TEST_SUITE_P(Fps, StampedChannelRates,
                         testing::Values(0.5, 2, 5, 10, 12.5, 15, 20, 30));

TEST_P(StampedChannelRates, EveryFrameIsAcceptedOnceAndFresh) {
  OurChannel channel([] { return 100; });
  channel.film(GetParam(), 30);
  EXPECT_EQ(channel.accepted(), channel.taken());
  EXPECT_EQ(channel.accepted_once(), channel.taken());
  EXPECT_LT(channel.facts().age.max_us(), 5 * kMs_us);
}

TEST_P(StampedChannelRates, EveryFrameOfACameraThatJittersIsAccepted) {
  OurChannel channel([] { return 100; });
  channel.film(GetParam(), 30, 0.1);
  EXPECT_EQ(channel.accepted_once(), channel.taken());
}

TEST_P(StampedChannelRates, EveryFrameIsAcceptedOverALinkOfFiveMilliseconds) {
  OurChannel channel([] { return 5 * kMs_us; });
  channel.film(GetParam(), 30);
  EXPECT_EQ(channel.accepted_once(), channel.taken());
  EXPECT_LT(channel.facts().age.max_us(), 25 * kMs_us);
}

// Whether a round has a chance or not: what is accepted is in time, whole, and comes once.
TEST(StampedChannel, AcceptsNoFrameOverTheLimitAndRecoversFromALinkThatIsTooSlow) {
  for (double fps : {2.0, 5.0, 12.5, 30.0}) {
    int64_t delay_us = 0, jitter_us = 0;
    OurChannel* world = nullptr;
    OurChannel channel(
        [&] { return delay_us + (world ? world->random_between(0, jitter_us) : 0); });
    world = &channel;
    for (int64_t slow_us : {20 * kMs_us, 45 * kMs_us, 60 * kMs_us, 120 * kMs_us}) {
      delay_us = slow_us;
      jitter_us = 20 * kMs_us;
      channel.film(fps, 20);
      size_t accepted = channel.accepted(), taken = channel.taken();
      delay_us = 100;
      jitter_us = 0;
      channel.film(fps, 20);
      EXPECT_GE(channel.accepted() - accepted, (channel.taken() - taken) * 8 / 10)
          << fps << " a second, after " << slow_us << " us";
    }
    EXPECT_LE(channel.receiver().accepted_lag_max_us, kStampedLagMax_us);
    EXPECT_TRUE(channel.accepted_frames_only());
    EXPECT_EQ(channel.accepted(), channel.accepted_once());
    EXPECT_EQ(channel.accepted(), channel.facts().accepted);
  }
}

}  // namespace
}  // namespace camloop
