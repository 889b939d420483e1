#include "io/uplink.h"

#include "io/listener.h"
#include "unit/captured_log.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <memory>

namespace camloop {
namespace {

constexpr Admission::Limits kNoLimits{.connections_max = 100, .per_host_max = 100};
constexpr Backoff::Limits kQuick{.first_us = kMillisecond_us, .most_us = 20 * kMillisecond_us};
constexpr Backoff::Limits kSlow{.first_us = 1000 * kSecond_us, .most_us = 1000 * kSecond_us};

class UplinkTest : public testing::Test, public UplinkHandler, public StreamHandler {
 protected:
  ~UplinkTest() override {
    uplink_.reset();
    stream_.reset();
    accepted_.clear();
    listener_.reset();
    loop_.drain();
  }

  void listen(const std::string& port = "0") {
    auto accept = [this](Owned<Stream> stream) { accepted_.push_back(std::move(stream)); };
    auto address = parse_listen_address("127.0.0.1:" + port).value();
    listener_ = Listener::open(loop_, address, kNoLimits, "", accept).value();
    port_ = listener_->address().port();
  }
  void start(Backoff::Limits backoff = kQuick) {
    Uplink::Options options{Endpoint{"127.0.0.1", port_}, backoff};
    uplink_ = std::make_unique<Uplink>(loop_, options, *this);
    uplink_->start();
  }
  void run_until(const std::function<bool()>& condition) {
    ASSERT_TRUE(turn_until(loop_, condition)) << "waited in vain";
  }
  UplinkFacts facts() const { return uplink_->facts(monotonic_us()); }

  void on_connected(Owned<Stream> stream) override {
    stream_ = std::move(stream);
    stream_->start(*this);
    ++connected_;
  }
  Result<> on_bytes(Bytes) override { return {}; }
  void on_end(const Error& why) override {
    stream_.reset();
    uplink_->lost(why);
  }

  Loop loop_;
  int port_ = 0;
  Owned<Listener> listener_;
  std::vector<Owned<Stream>> accepted_;
  std::unique_ptr<Uplink> uplink_;
  Owned<Stream> stream_;
  int connected_ = 0;
};

TEST_F(UplinkTest, HandsOutAConnectionAndTellsOfIt) {
  listen();
  start();
  EXPECT_EQ(facts().state, "resolving");
  run_until([this] { return connected_ == 1; });
  EXPECT_EQ(facts().state, "connected");
  EXPECT_EQ(facts().peer, "127.0.0.1:" + std::to_string(port_));
  EXPECT_EQ(facts().connects, 1u);
}

TEST_F(UplinkTest, ConnectsAgainWhenTheConnectionIsLost) {
  listen();
  start();
  for (int times = 1; times <= 3; ++times) {
    run_until([this, times] { return connected_ == times && accepted_.size() == 1; });
    accepted_.clear();  // the server closes it
  }
  run_until([this] { return connected_ == 4; });
  EXPECT_EQ(facts().connects, 4u);
  EXPECT_NE(facts().fault.find("closed by the peer"), std::string::npos);
}

TEST_F(UplinkTest, WaitsForAServerThatIsNotThereYet) {
  listen();
  std::string port = std::to_string(port_);
  listener_.reset();
  loop_.drain();
  start();
  run_until([this] { return facts().failures >= 3; });
  EXPECT_NE(facts().fault.find("Connection refused"), std::string::npos);
  listen(port);
  run_until([this] { return connected_ == 1; });
  uplink_->proven();
  EXPECT_EQ(facts().fault, "");
}

TEST_F(UplinkTest, LogsAFaultOnceAndAnotherOneOfTheSameOutageToo) {
  listen();
  CapturedLog log;
  start();
  for (int times = 1; times <= 2; ++times) {
    run_until([this, times] { return connected_ == times && accepted_.size() == 1; });
    if (times == 2) listener_.reset();
    accepted_.clear();
  }
  run_until([this] { return facts().failures >= 2; });
  EXPECT_EQ(log.lines_with("closed by the peer"), 1);
  EXPECT_EQ(log.lines_with("Connection refused"), 1);
}

TEST_F(UplinkTest, TellsHowLongItWaits) {
  listen();
  listener_.reset();
  loop_.drain();
  start(kSlow);
  run_until([this] { return facts().state == "waiting"; });
  EXPECT_GT(facts().retry_in_us, 0);
  EXPECT_LE(facts().retry_in_us, kSlow.first_us);
}

}  // namespace
}  // namespace camloop
