#include "sinks/image_sender.h"

#include "proto/image_transfer_base.h"
#include "unit/links/loop_broker.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace camloop {
namespace {

// A sender, and a base behind a broker, on one loop.
class ImageSenderTest : public testing::Test {
 protected:
  void SetUp() override {
    broker_.on_published = [this](const std::string& topic, const std::string& payload) {
      EXPECT_EQ(topic, "to/base");
      ++messages_;
      if (react_) react_();
      auto answer = base_.feed(as_bytes(payload), monotonic_us());
      if (answer && answers_) broker_.publish("from/base", format_transfer_answer(*answer));
      if (auto image = base_.take_image()) {
        received_.push_back(image->name + "=" + std::string(as_text(image->bytes)));
      }
    };
    client_ = broker_.make_client(loop_);
    open_sender({"to/base", "from/base"});
  }
  ~ImageSenderTest() override {
    sender_.reset();
    client_.reset();
    broker_.cut();
  }
  void open_sender(const ImageSender::Options& options) {
    sender_.reset();
    sender_ = std::make_unique<ImageSender>(loop_, *client_, options);
  }

  BufferRef image_of(const std::string& text) {
    BufferRef image = pool_.take(text.size());
    std::copy(text.begin(), text.end(), image.storage().begin());
    image.set_size(text.size());
    return image;
  }
  /// "" once it is taken in, else the fault. What comes of it is noted in outcomes_.
  std::string send(const std::string& name, const std::string& text) {
    auto taken = sender_->send(name, image_of(text), [this, name](const Result<>& outcome) {
      outcomes_.push_back(name + (outcome.ok() ? " done" : ": " + outcome.error().text));
    });
    return taken.ok() ? "" : taken.error().text;
  }
  void run_until(const std::function<bool()>& condition) {
    ASSERT_TRUE(turn_until(loop_, condition)) << "waited in vain";
  }
  void run_until_outcomes(size_t count) {
    run_until([&] { return outcomes_.size() >= count; });
  }

  // Closes before the loop, which must be empty then.
  struct DrainedLoop : Loop {
    ~DrainedLoop() { drain(); }
  };
  DrainedLoop loop_;
  BufferPool pool_{1};
  LoopBroker broker_{loop_};
  ImageTransferBase base_{{.size_max = kTransferSizeMax}};
  bool answers_ = true;
  std::function<void()> react_;
  int messages_ = 0;
  std::vector<std::string> received_;
  std::vector<std::string> outcomes_;
  std::unique_ptr<MqttClient> client_;
  std::unique_ptr<ImageSender> sender_;
};

TEST_F(ImageSenderTest, SendsImagesOneAfterTheOther) {
  std::string large(5000, 'x');
  EXPECT_EQ(send("a", "an image"), "");
  EXPECT_EQ(send("b", large), "");
  EXPECT_TRUE(outcomes_.empty()) << "nobody is told inside the call";
  run_until_outcomes(2);
  EXPECT_EQ(outcomes_, (std::vector<std::string>{"a done", "b done"}));
  EXPECT_EQ(received_, (std::vector<std::string>{"a=an image", "b=" + large}));
  EXPECT_EQ(broker_.subscribed, std::vector<std::string>{"from/base"});
  EXPECT_EQ(sender_->facts().messages, 3u + 6);
}

TEST_F(ImageSenderTest, SendsWhatAnOutcomeLeadsTo) {
  ASSERT_TRUE(sender_->send("a", image_of("1"), [this](const Result<>&) { send("b", "2"); }).ok());
  run_until_outcomes(1);
  EXPECT_EQ(received_, (std::vector<std::string>{"a=1", "b=2"}));
}

TEST_F(ImageSenderTest, RefusesWhatIsTooLargeOrTooMuch) {
  EXPECT_EQ(send("a", std::string(kTransferSizeMax + 1, 'x')),
            "too large for the image transfer: 45873801 bytes, 45873800 at most");
  EXPECT_EQ(send("a", std::string(kTransferSizeMax, 'x')), "");
  EXPECT_EQ(send("b", "x"), "1 images wait already");
  open_sender({"to/base", "from/base"});
  for (size_t i = 0; i < ImageSender::kImagesMax; ++i) EXPECT_EQ(send("a", "x"), "");
  EXPECT_EQ(send("b", "x"), "8 images wait already");
  run_until_outcomes(ImageSender::kImagesMax);
  EXPECT_EQ(send("b", "x"), "");
}

TEST_F(ImageSenderTest, GoesOnWhereItWasOverANewConnection) {
  react_ = [this] {
    if (messages_ == 3) broker_.cut();
  };
  EXPECT_EQ(send("a", std::string(5000, 'x')), "");
  run_until_outcomes(1);
  EXPECT_EQ(broker_.connections, 2);
  EXPECT_EQ(outcomes_[0], "a done");
  EXPECT_EQ(messages_, 6 + 1) << "one of them again";
  EXPECT_EQ(sender_->facts().repeated, 1u);
  EXPECT_EQ(base_.facts().repeated, 1u);
}

TEST_F(ImageSenderTest, DoesNotWaitForTheBrokerForEver) {
  broker_.open = false;
  open_sender({"to/base", "from/base", 10 * kMillisecond_us});
  EXPECT_EQ(send("a", "x"), "");
  EXPECT_EQ(send("b", "x"), "");
  run_until_outcomes(2);
  EXPECT_TRUE(outcomes_[0].starts_with("a: waited in vain for the broker: ")) << outcomes_[0];
  EXPECT_EQ(sender_->facts().failed_abandoned, 2u);
  broker_.open = true;
  run_until([this] { return client_->connected(); });
  EXPECT_EQ(send("c", "x"), "");
  run_until_outcomes(3);
  EXPECT_EQ(outcomes_[2], "c done");
}

TEST_F(ImageSenderTest, SaysWhyTheBaseDoesNotTakeAnImage) {
  base_ = ImageTransferBase({.size_max = 10});
  EXPECT_EQ(send("a", "more than ten bytes"), "");
  EXPECT_EQ(send("b", "few bytes"), "");
  run_until_outcomes(2);
  EXPECT_EQ(outcomes_[0], "a: begin was answered bad in the last of 10 tries");
  EXPECT_EQ(outcomes_[1], "b done");
}

TEST_F(ImageSenderTest, SaysThatTheBrokerKeepsTheAnswersFromUs) {
  broker_.grants = false;
  EXPECT_EQ(send("a", "x"), "");
  run_until_outcomes(1);
  EXPECT_EQ(outcomes_[0], "a: the broker does not let us hear from/base");
}

TEST_F(ImageSenderTest, IgnoresAnAnswerThatWasKept) {
  answers_ = false;
  EXPECT_EQ(send("a", "x"), "");
  run_until([this] { return messages_ == 1; });
  std::string whole = format_transfer_answer({TransferFunction::kBegin});
  broker_.publish("from/base", whole, true);
  broker_.publish("from/base", "hello");
  run_until([this] { return sender_->facts().ignored == 1; });
  EXPECT_EQ(messages_, 1);
  broker_.publish("from/base", whole);
  run_until([this] { return messages_ == 2; });
}

}  // namespace
}  // namespace camloop
