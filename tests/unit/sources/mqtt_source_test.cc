#include "sources/mqtt_source.h"

#include "proto/image_transfer_wire.h"
#include "unit/links/loop_broker.h"
#include "unit/media/test_pictures.h"
#include "unit/sinks/loop_client.h"
#include "unit/sources/source_fixture.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace camloop {
namespace {

std::string jpeg_of_width(int width) {
  BufferPool pool(1);
  JpegEncoder encoder;
  OwnedPicture picture = make_picture(PixelFormat::kYu12, width, 48);
  return std::string(as_text(encode(encoder, picture.view, 80, pool).bytes()));
}

// A source, and behind a broker a server of images, on one loop.
class MqttSourceTest : public SourceTest {
 protected:
  void SetUp() override {
    broker_ = std::make_unique<LoopBroker>(loop_);
    broker_->on_published = [this](const std::string& topic, const std::string& payload) {
      EXPECT_EQ(topic, "to/server");
      answers_.push_back(payload);
    };
    client_ = broker_->make_client(loop_);
    open({"from/server", "to/server"});
  }
  ~MqttSourceTest() override {
    source_.reset();
    client_.reset();
    broker_.reset();
  }
  void open(const MqttSourceOptions& options) {
    source_.reset();
    source_ = make_mqtt_source(loop_, *client_, options, pool_, *this);
    wait_until([this] { return client_->connected() && !broker_->subscribed.empty(); });
  }

  void wait_until(const std::function<bool()>& condition) {
    ASSERT_TRUE(turn_until(loop_, condition)) << "waited in vain";
  }
  void say(TransferFunction function, int package = 0, std::string_view data = {}) {
    broker_->publish(
        "from/server",
        format_transfer_message({function, static_cast<uint16_t>(package), as_bytes(data)}));
  }
  /// Without waiting for answers: they are counted.
  void transfer(const std::string& image, size_t packages_left_out = 0) {
    size_t packages = (image.size() + 99) / 100;
    say(TransferFunction::kBegin, 0, "image.jpg;" + std::to_string(image.size()));
    for (size_t i = 0; i < packages - packages_left_out; ++i) {
      say(TransferFunction::kData, static_cast<int>(i),
          std::string_view(image).substr(100 * i, 100));
    }
    say(TransferFunction::kFinished);
    wait_until([&, asked = answers_.size() + packages - packages_left_out + 2] {
      return answers_.size() == asked;
    });
  }
  LinkFacts link() const { return *source_->link_facts(); }
  static uint64_t count_of(const std::vector<ReasonCount>& counts, std::string_view reason) {
    auto is_it = [reason](const ReasonCount& each) { return each.reason == reason; };
    return std::find_if(counts.begin(), counts.end(), is_it)->count;
  }

  const std::string jpeg_ = jpeg_of_width(64);
  BufferPool pool_{2};
  std::unique_ptr<LoopBroker> broker_;
  std::unique_ptr<MqttClient> client_;
  std::vector<std::string> answers_;
};

TEST_F(MqttSourceTest, MakesAFrameOfAnImage) {
  transfer(jpeg_);
  ASSERT_FALSE(frames_.empty());
  EXPECT_EQ(as_text(frames_[0].jpeg.bytes()), jpeg_);
  EXPECT_EQ(widths_[0], 64);
  EXPECT_EQ(answers_.back(), format_transfer_answer({TransferFunction::kFinished}));
  EXPECT_EQ(source_->facts().width, 64);
  EXPECT_EQ(source_->facts().fault, "");
  EXPECT_EQ(broker_->subscribed, std::vector<std::string>{"from/server"});
}

TEST_F(MqttSourceTest, ShowsTheLastImageAnewAndTheNextOneInItsPlace) {
  transfer(jpeg_);
  wait_until([this] { return frames_.size() >= 2; });
  EXPECT_EQ(as_text(frames_[1].jpeg.bytes()), jpeg_);
  EXPECT_GT(frames_[1].captured_us, frames_[0].captured_us);
  EXPECT_GT(frames_[1].sequence, frames_[0].sequence);
  transfer(jpeg_of_width(32));
  EXPECT_EQ(widths_.back(), 32);
  EXPECT_EQ(source_->facts().pictures, 2u);
}

TEST_F(MqttSourceTest, ShowsItAtOnceToWhoeverComes) {
  transfer(jpeg_);
  size_t before = frames_.size();
  source_->set_active(true);
  EXPECT_EQ(frames_.size(), before) << "not inside the call";
  wait_until([&] { return frames_.size() > before; });
}

TEST_F(MqttSourceTest, SaysThatNoImageHasCome) {
  wait_until([this] { return !lost_.empty(); });
  EXPECT_EQ(lost_, std::vector<std::string>{"mqtt:from/server: no image has come yet"});
  EXPECT_EQ(source_->facts().fault, lost_[0]);
  EXPECT_EQ(asked_, 0) << "it would be a sign of life";
}

TEST_F(MqttSourceTest, CountsAnImageThatCannotBeShownAndKeepsTheLastOne) {
  transfer(jpeg_);
  transfer("no JPEG");
  transfer(jpeg_.substr(0, jpeg_.size() - 10));
  EXPECT_EQ(link().traffic.rounds, 3u);
  EXPECT_EQ(link().traffic.accepted, 1u);
  EXPECT_EQ(count_of(link().traffic.dropped, "broken"), 2u);
  EXPECT_EQ(source_->facts().fault, "");
}

TEST_F(MqttSourceTest, GivesNothingOfAnImageWhosePackagesAreMissing) {
  transfer(jpeg_, 1);
  EXPECT_TRUE(frames_.empty());
  EXPECT_EQ(count_of(link().messages, "bad"), 1u);
}

TEST_F(MqttSourceTest, ShowsAnImageWithoutItsLastPackageWhereThatIsAllowed) {
  open({"from/server", "to/server", true});
  transfer(jpeg_, 1);
  ASSERT_FALSE(frames_.empty());
  std::string_view shown = as_text(frames_[0].jpeg.bytes());
  EXPECT_EQ(shown, jpeg_.substr(0, jpeg_.size() / 100 * 100) + "\xff\xd9");
}

TEST_F(MqttSourceTest, IgnoresMessagesThatWereKeptAndThoseOfOtherKinds) {
  broker_->publish("from/server",
                   format_transfer_message({TransferFunction::kBegin, 0, as_bytes("a;1")}), true);
  broker_->publish("from/server", "hello");
  broker_->publish("from/server", std::string(kTransferMessageMax + 1, 'x'));
  wait_until([this] { return count_of(link().messages, "ignored") == 3; });
  EXPECT_TRUE(answers_.empty());
}

TEST_F(MqttSourceTest, ATransferGoesOnOverANewConnection) {
  say(TransferFunction::kBegin, 0, "image.jpg;" + std::to_string(jpeg_.size()));
  say(TransferFunction::kData, 0, jpeg_.substr(0, 200));
  wait_until([this] { return answers_.size() == 2; });
  broker_->cut();
  wait_until([this] { return broker_->subscribed.size() == 2; });
  say(TransferFunction::kData, 1, jpeg_.substr(200));
  say(TransferFunction::kFinished);
  wait_until([this] { return answers_.size() == 4; });
  ASSERT_FALSE(frames_.empty());
  EXPECT_EQ(as_text(frames_[0].jpeg.bytes()), jpeg_);
  EXPECT_EQ(link().connects, 2u);
}

}  // namespace
}  // namespace camloop
