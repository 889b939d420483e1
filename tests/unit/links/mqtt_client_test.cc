#include "links/mqtt_client.h"

#include "io/listener.h"
#include "unit/proto/mqtt_world.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace camloop {
namespace {

constexpr Admission::Limits kNoLimits{.connections_max = 100, .per_host_max = 100};
constexpr Backoff::Limits kQuick{.first_us = kMillisecond_us, .most_us = 20 * kMillisecond_us};
constexpr const char* kConnect = "10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 63";
constexpr const char* kAccepted = "20 02 00 00";
// Bytes: more than the kernel takes at once.
constexpr size_t kLong = 32u << 20;

// Notes what it is told.
struct User : MqttUser {
  void on_message(const MqttMessage& message) override {
    told += std::string(message.topic) + "=" + std::string(as_text(message.payload)) + " ";
    if (react) react();
  }
  void on_oversize(const MqttMessage& message) override {
    told += std::string(message.topic) + ":oversize ";
  }
  void on_online() override { told += "online "; }
  void on_offline(const Error&) override { told += "offline "; }
  void on_refused(const std::string& filter) override { told += filter + ":refused "; }
  void on_progress() override { ++progress; }

  std::string told;
  int progress = 0;
  std::function<void()> react;
};

class MqttClientTest : public testing::Test, public StreamHandler {
 protected:
  void SetUp() override {
    auto accept = [this](Owned<Stream> stream) {
      broker_ = std::move(stream);
      broker_->start(*this);
      received_.clear();
      ++connections_;
    };
    auto address = parse_listen_address("127.0.0.1:0").value();
    listener_ = Listener::open(loop_, address, kNoLimits, "", accept).value();
    MqttClient::Options options{
        .endpoint = {"127.0.0.1", listener_->address().port()},
        .session = {.connect = {.client_id = "c"}, .queue = {.bytes = 2 * kLong}},
        .backoff = kQuick};
    client_ = std::make_unique<MqttClient>(loop_, options);
    client_->attach(user_);
  }
  ~MqttClientTest() override {
    client_.reset();
    broker_.reset();
    listener_.reset();
    loop_.drain();
  }

  // The broker, as a test writes it by hand.
  Result<> on_bytes(Bytes bytes) override {
    received_.insert(received_.end(), bytes.begin(), bytes.end());
    return {};
  }
  void on_end(const Error& why) override {
    end_of_client_ = why.text;
    broker_.reset();
  }
  void answer(const char* digits) { EXPECT_TRUE(broker_->write(unhex(digits))); }
  void expect(const std::string& digits) {
    run_until([&] { return hex(received_).size() >= digits.size(); });
    EXPECT_EQ(hex(received_), digits);
    received_.clear();
  }
  void connect() {
    expect(kConnect);
    answer(kAccepted);
    run_until([this] { return client_->connected(); });
  }
  void publish_long() {
    BufferPool pool(1);
    BufferRef body = pool.take(kLong);
    body.set_size(kLong);
    client_->publish({.topic = "t", .body = std::move(body)});
  }
  void expect_told(const std::string& told) {
    run_until([&] { return user_.told.size() >= told.size(); });
    EXPECT_EQ(user_.told, told);
  }
  void run_until(const std::function<bool()>& condition) {
    ASSERT_TRUE(turn_until(loop_, condition)) << "waited in vain";
  }
  MqttFacts facts() const { return client_->facts(monotonic_us()); }

  Loop loop_;
  Owned<Listener> listener_;
  Owned<Stream> broker_;
  std::vector<uint8_t> received_;
  std::string end_of_client_;
  int connections_ = 0;
  User user_;
  User other_;
  std::unique_ptr<MqttClient> client_;
};

TEST_F(MqttClientTest, ConnectsSubscribesAndHandsOnMessages) {
  client_->subscribe(user_, "a/#", MqttQos::kAtMostOnce, 10);
  connect();
  expect("82 08 00 01 00 03 61 2f 23 00");
  answer("90 03 00 01 00 30 06 00 03 61 2f 62 31");
  expect_told("online a/b=1 ");
  EXPECT_TRUE(facts().connected);
  EXPECT_EQ(facts().uplink.state, "connected");
}

TEST_F(MqttClientTest, SendsWhatIsPublishedBeforeAndAfterItIsConnected) {
  client_->publish({.topic = "t", .text = "1"});
  connect();
  expect("30 04 00 01 74 31");
  client_->publish({.topic = "t", .text = "2"});
  expect("30 04 00 01 74 32");
  EXPECT_TRUE(client_->settled());
  EXPECT_GT(user_.progress, 0);
}

TEST_F(MqttClientTest, SendsWhatAUserPublishesFromInsideACallback) {
  client_->subscribe(user_, "q", MqttQos::kAtMostOnce, 10);
  user_.react = [this] { client_->publish({.topic = "t", .text = "1"}); };
  connect();
  expect("82 06 00 01 00 01 71 00");
  answer("30 04 00 01 71 31");
  expect("30 04 00 01 74 31");
}

// MQTT-3.3.5-1
TEST_F(MqttClientTest, TellsAUserOnceOfAMessageThatMatchesTwoOfItsFilters) {
  client_->attach(other_);
  client_->subscribe(user_, "a/#", MqttQos::kAtMostOnce, 10);
  client_->subscribe(user_, "#", MqttQos::kAtMostOnce, 10);
  client_->subscribe(other_, "b", MqttQos::kAtMostOnce, 10);
  connect();
  answer("30 06 00 03 61 2f 62 31");
  expect_told("online a/b=1 ");
  EXPECT_EQ(other_.told, "online ");
}

TEST_F(MqttClientTest, LeavesAMessageOutForTheUserToWhomItIsTooLong) {
  client_->attach(other_);
  client_->subscribe(user_, "t", MqttQos::kAtMostOnce, 1);
  client_->subscribe(other_, "t", MqttQos::kAtMostOnce, 2);
  connect();
  answer("30 05 00 01 74 31 32 30 06 00 01 74 31 32 33");
  expect_told("online t:oversize t:oversize ");
  EXPECT_EQ(other_.told, "online t=12 t:oversize ");
}

TEST_F(MqttClientTest, ASubscriptionLastsUntilTheLastUserOfItIsDetached) {
  client_->attach(other_);
  client_->subscribe(user_, "t", MqttQos::kAtMostOnce, 1);
  client_->subscribe(other_, "t", MqttQos::kAtMostOnce, 1);
  connect();
  expect("82 06 00 01 00 01 74 00");
  answer("90 03 00 01 00");
  client_->detach(other_);
  client_->publish({.topic = "x", .text = ""});
  run_until([this] { return hex(received_).ends_with("30 03 00 01 78"); });
  EXPECT_EQ(hex(received_).find("a2"), std::string::npos);
  received_.clear();
  client_->detach(user_);
  run_until([this] { return hex(received_).starts_with("a2 05"); });
}

// MQTT-3.9.3-2
TEST_F(MqttClientTest, TellsAUserWhichOfItsFiltersIsRefused) {
  client_->attach(other_);
  client_->subscribe(user_, "a", MqttQos::kAtMostOnce, 1);
  client_->subscribe(other_, "b", MqttQos::kAtMostOnce, 1);
  connect();
  answer("90 04 00 01 80 00");
  expect_told("online a:refused ");
  EXPECT_EQ(other_.told, "online ");
}

TEST_F(MqttClientTest, ConnectsAgainAndGoesOnWhereItWas) {
  connect();
  client_->publish({.topic = "t", .text = "1", .qos = MqttQos::kAtLeastOnce});
  expect("32 06 00 01 74 00 01 31");
  broker_.reset();
  run_until([this] { return connections_ == 2; });
  EXPECT_EQ(user_.told, "online offline ");
  expect(kConnect);
  answer(kAccepted);
  expect("32 06 00 01 74 00 02 31");
}

// MQTT-4.8.0-1, MQTT-2.2.2-2
TEST_F(MqttClientTest, ClosesTheConnectionToABrokerThatBreaksTheProtocol) {
  connect();
  answer("d1 00");
  run_until([this] { return connections_ == 2; });
  EXPECT_NE(facts().uplink.fault.find("[MQTT-2.2.2-2]"), std::string::npos) << facts().uplink.fault;
}

// MQTT-3.2.2-5
TEST_F(MqttClientTest, ComesBackToABrokerThatRefusedItAfterAMinute) {
  expect(kConnect);
  answer("20 02 00 05");
  run_until([this] { return facts().uplink.state == "waiting"; });
  EXPECT_EQ(client_->refusal(), 5);
  EXPECT_GT(facts().uplink.retry_in_us, 55 * kSecond_us);
}

// MQTT-3.2.2-5
TEST_F(MqttClientTest, ComesBackSoonToABrokerThatIsUnavailable) {
  expect(kConnect);
  answer("20 02 00 03");
  run_until([this] { return connections_ == 2; });
}

// MQTT-3.14.4-1, MQTT-3.14.4-2, MQTT-3.1.2-10
TEST_F(MqttClientTest, LeavesWithAFarewellAndDisconnect) {
  connect();
  bool left = false;
  client_->leave(MqttPublication{.topic = "s", .text = "off", .retain = true}, [&] {
    left = true;
    client_.reset();
  });
  expect("31 06 00 01 73 6f 66 66 e0 00");
  run_until([this] { return !broker_; });
  EXPECT_EQ(end_of_client_, "closed by the peer");
  run_until([&] { return left; });
}

TEST_F(MqttClientTest, LeavesABrokerThatDoesNotCloseTheConnection) {
  connect();
  bool left = false;
  client_->pause();
  client_->leave(std::nullopt, [&] { left = true; });
  run_until([&] { return left; });
  EXPECT_FALSE(client_->connected());
}

TEST_F(MqttClientTest, LeavesWithoutAWordWhereItIsNotConnected) {
  bool left = false;
  client_->leave(MqttPublication{.topic = "s", .text = "off"}, [&] { left = true; });
  run_until([&] { return left; });
  EXPECT_EQ(connections_, 0);
}

TEST_F(MqttClientTest, LeavesFromInsideAMessage) {
  client_->subscribe(user_, "q", MqttQos::kAtMostOnce, 10);
  bool left = false;
  user_.react = [&] { client_->leave(std::nullopt, [&] { left = true; }); };
  connect();
  answer("30 04 00 01 71 31");
  run_until([&] { return left; });
  EXPECT_EQ(user_.told, "online q=1 ");
}

TEST_F(MqttClientTest, IsSettledOnceALongMessageHasGone) {
  connect();
  publish_long();
  EXPECT_FALSE(client_->settled());
  run_until([this] { return client_->settled(); });
  run_until([this] { return received_.size() > kLong; });
  EXPECT_EQ(client_->cut(), 0u);
}

TEST_F(MqttClientTest, CountsALongMessageThatGoesWithItsConnection) {
  connect();
  publish_long();
  broker_.reset();
  run_until([this] { return !client_->connected(); });
  EXPECT_TRUE(client_->settled());
  EXPECT_EQ(client_->cut(), 1u);
}

TEST_F(MqttClientTest, TakesNothingWhilePaused) {
  client_->subscribe(user_, "t", MqttQos::kAtMostOnce, 10);
  connect();
  expect("82 06 00 01 00 01 74 00");
  client_->pause();
  answer("30 04 00 01 74 31");
  client_->publish({.topic = "t", .text = "2"});
  expect("30 04 00 01 74 32");
  EXPECT_EQ(user_.told, "online ");
  client_->resume();
  expect_told("online t=1 ");
}

}  // namespace
}  // namespace camloop
