#include "sinks/mqtt_camera.h"

#include "base/clock.h"
#include "unit/links/loop_broker.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace camloop {
namespace {

const MqttCamera::Options kOptions{.prefix = "p", .id = "a1", .discovery = "ha"};

// A camera, its app, and a broker that notes what is published, on one loop.
class MqttCameraTest : public testing::Test, public CameraHost {
 protected:
  void SetUp() override {
    broker_ = std::make_unique<LoopBroker>(loop_);
    broker_->on_published = [this](const std::string& topic, const std::string& payload) {
      said_.emplace_back(topic, payload);
    };
    client_ = broker_->make_client(loop_);
    open(kOptions);
    run_until([this] { return said("p/a1/quality/state") && broker_->subscribed.size() >= 3; });
  }
  void TearDown() override {
    camera_.reset();
    client_.reset();
    broker_.reset();
    loop_.drain();
  }
  void open(const MqttCamera::Options& options) {
    camera_ = std::make_unique<MqttCamera>(loop_, hub_, *client_, options, *this);
  }

  void run_until(const std::function<bool()>& condition) {
    ASSERT_TRUE(turn_until(loop_, condition)) << "waited in vain";
  }
  size_t times_said(std::string_view topic) const {
    auto is_it = [topic](const auto& each) { return each.first == topic; };
    return static_cast<size_t>(std::count_if(said_.begin(), said_.end(), is_it));
  }
  bool said(std::string_view topic) const { return times_said(topic) > 0; }
  std::string last(std::string_view topic) const {
    std::string last;
    for (const auto& [each, payload] : said_) {
      if (each == topic) last = payload;
    }
    return last;
  }
  void press() {
    uint64_t commands = camera_->facts().commands;
    broker_->publish("p/a1/snapshot/set", "PRESS");
    run_until([&] { return camera_->facts().commands > commands; });
  }
  void publish_frame(int64_t captured_us, size_t size = 100) {
    BufferRef jpeg = pool_.take(size);
    std::fill_n(jpeg.storage().data(), size, 'x');
    jpeg.set_size(size);
    hub_.publish({jpeg, 64, 48, captured_us});
  }

  CameraSettings settings() const override { return {{"quality", quality_}, {"stream", "ON"}}; }
  Result<> command(std::string_view thing, std::string_view value) override {
    commands_.push_back(std::string(thing) + "=" + std::string(value));
    if (value == "bad") return Error{"write a good one"};
    if (thing == "quality") quality_ = value;
    return {};
  }
  CameraFigures figures() override { return {.clients = 3}; }
  Result<> health() override { return healthy_ ? Result<>() : Error{"gone"}; }

  Loop loop_;
  Hub hub_;
  BufferPool pool_{1};
  std::string quality_ = "80";
  bool healthy_ = true;
  std::vector<std::string> commands_;
  std::vector<std::pair<std::string, std::string>> said_;  // topics and payloads
  std::unique_ptr<LoopBroker> broker_;
  std::unique_ptr<MqttClient> client_;
  std::unique_ptr<MqttCamera> camera_;
};

TEST_F(MqttCameraTest, SaysWhatItIsWhenItComesOnline) {
  std::vector<std::string> topics;
  for (const auto& [topic, payload] : said_) topics.push_back(topic);
  EXPECT_EQ(topics, (std::vector<std::string>{"ha/device/a1/config", "p/a1/status", "p/a1/state",
                                              "p/a1/quality/state", "p/a1/stream/state"}));
  EXPECT_EQ(last("p/a1/status"), "online");
  EXPECT_NE(last("p/a1/state").find("\"clients\":3"), std::string::npos);
  EXPECT_EQ(broker_->subscribed,
            (std::vector<std::string>{"p/a1/+/set", "p/a1/control/+/set", "ha/status"}));
}

TEST_F(MqttCameraTest, WillAndFarewellGoWhereTheBirthWent) {
  EXPECT_EQ(MqttCamera::will(kOptions).topic, "p/a1/status");
  EXPECT_EQ(MqttCamera::farewell(kOptions).topic, "p/a1/status");
  EXPECT_EQ(MqttCamera::will(kOptions).payload, "offline");
  EXPECT_EQ(MqttCamera::farewell(kOptions).text, "offline");
  EXPECT_TRUE(MqttCamera::will(kOptions).retain && MqttCamera::farewell(kOptions).retain);
}

TEST_F(MqttCameraTest, SaysItAgainToABrokerThatComesBackAndToHomeAssistant) {
  broker_->cut();
  run_until([this] { return times_said("p/a1/quality/state") == 2; });
  broker_->publish("ha/status", "offline");
  broker_->publish("ha/status", "online", true);
  broker_->publish("ha/status", "online");
  run_until([this] { return times_said("p/a1/quality/state") == 3; });
  EXPECT_EQ(times_said("ha/device/a1/config"), 3u);
  EXPECT_EQ(times_said("p/a1/state"), 3u);
}

TEST_F(MqttCameraTest, TellsOnlySettingsThatHaveChanged) {
  camera_->tell_settings();
  quality_ = "5";
  camera_->tell_settings();
  run_until([this] { return last("p/a1/quality/state") == "5"; });
  EXPECT_EQ(times_said("p/a1/quality/state"), 2u);
  EXPECT_EQ(times_said("p/a1/stream/state"), 1u);
}

TEST_F(MqttCameraTest, AnswersACommandEvenIfItChangesNothing) {
  broker_->publish("p/a1/quality/set", "80");
  run_until([this] { return times_said("p/a1/quality/state") == 2; });
  EXPECT_EQ(commands_, std::vector<std::string>{"quality=80"});
  broker_->publish("p/a1/text/set", "hello");
  run_until([this] { return last("p/a1/text/state") == "hello"; });
  EXPECT_EQ(camera_->facts().commands, 2u);
}

TEST_F(MqttCameraTest, AnswersABadCommandWithWhatWouldBeRight) {
  broker_->publish("p/a1/control/gain/set", "bad");
  run_until([this] { return said("p/a1/error"); });
  EXPECT_EQ(last("p/a1/error"),
            R"({"topic":"p/a1/control/gain/set","value":"bad","error":"write a good one"})");
  broker_->publish("p/a1/quality/set", std::string(MqttCamera::kCommandMax + 1, '1'));
  run_until([this] { return times_said("p/a1/error") == 2; });
  EXPECT_EQ(commands_.size(), 1u);
  EXPECT_EQ(camera_->facts().refused, 2u);
}

TEST_F(MqttCameraTest, LeavesCommandsAloneThatTheBrokerHasKept) {
  broker_->publish("p/a1/quality/set", "5", true);
  broker_->publish("p/a1/quality/set", "6");
  run_until([this] { return last("p/a1/quality/state") == "6"; });
  EXPECT_EQ(commands_, std::vector<std::string>{"quality=6"});
  EXPECT_EQ(camera_->facts().retained, 1u);
}

TEST_F(MqttCameraTest, TakesNoMoreCommandsAtOnceThanAnybodyMeans) {
  for (int i = 0; i < 100; ++i) broker_->publish("p/a1/quality/set", std::to_string(i));
  run_until([this] { return camera_->facts().commands + camera_->facts().refused == 100; });
  EXPECT_EQ(camera_->facts().commands, 64u) << "they lay in one read";
}

TEST_F(MqttCameraTest, WatchesOnlyUntilItHasAPictureTakenSinceItWasAsked) {
  EXPECT_FALSE(hub_.watched());
  int64_t before_us = monotonic_us();
  press();
  EXPECT_TRUE(hub_.watched());
  EXPECT_FALSE(hub_.wants(before_us));
  publish_frame(before_us);
  EXPECT_EQ(camera_->facts().images, 0u);
  publish_frame(monotonic_us());
  EXPECT_FALSE(hub_.wants(monotonic_us())) << "one is enough";
  run_until([this] { return said("p/a1/snapshot/state") && !hub_.watched(); });
  EXPECT_EQ(last("p/a1/image"), std::string(100, 'x'));
  EXPECT_EQ(last("p/a1/snapshot/state"), R"({"width":64,"height":48,"bytes":100})");
}

TEST_F(MqttCameraTest, AnImageThatIsTooLargeIsAnsweredWithAnError) {
  press();
  publish_frame(monotonic_us(), MqttCamera::kImageMax + 1);
  run_until([this] { return said("p/a1/error"); });
  EXPECT_NE(last("p/a1/error").find("1000001 bytes"), std::string::npos);
  EXPECT_EQ(camera_->facts().oversize, 1u);
  press();
  publish_frame(monotonic_us(), MqttCamera::kImageMax);
  run_until([this] { return said("p/a1/image"); });
}

TEST_F(MqttCameraTest, AnImageOfNoUseToAnybodyAnyMoreIsForgotten) {
  press();
  broker_->cut();
  run_until([this] { return !hub_.watched(); });
  run_until([this] { return client_->connected(); });
  press();
  hub_.set_on(false);
  run_until([this] {
    hub_.set_on(true);
    bool watched = hub_.watched();
    hub_.set_on(false);
    return !watched;
  });
  broker_->publish("p/a1/snapshot/set", "PRESS");
  run_until([this] { return said("p/a1/error"); });
  EXPECT_NE(last("p/a1/error").find("switched off"), std::string::npos);
}

TEST_F(MqttCameraTest, ASignalThatIsLostAndComesBackIsTwoEventsWithAnImageEach) {
  healthy_ = false;
  run_until([this] { return last("p/a1/event") == "signal_lost" && hub_.watched(); });
  publish_frame(monotonic_us());
  healthy_ = true;
  run_until([this] { return last("p/a1/event") == "signal_back"; });
  publish_frame(monotonic_us());
  run_until([this] { return times_said("p/a1/image") == 2; });
  EXPECT_FALSE(said("p/a1/snapshot/state")) << "nobody has asked";
}

TEST_F(MqttCameraTest, ImagesComeOnAPeriod) {
  MqttCamera::Options options = kOptions;
  options.image_every_us = 20 * kMillisecond_us;
  open(options);
  for (size_t count = 1; count <= 3; ++count) {
    run_until([this] { return hub_.wants(monotonic_us()); });
    publish_frame(monotonic_us());
    run_until([&] { return times_said("p/a1/image") == count; });
  }
}

TEST_F(MqttCameraTest, TellsTextsAndIsForgottenByHomeAssistant) {
  camera_->tell_text("hello");
  camera_->withdraw();
  run_until([this] { return times_said("ha/device/a1/config") == 2; });
  EXPECT_EQ(last("p/a1/text"), "hello");
  EXPECT_EQ(last("ha/device/a1/config"), "");
}

}  // namespace
}  // namespace camloop
