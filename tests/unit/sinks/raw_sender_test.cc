#include "sinks/raw_sender.h"

#include "io/listener.h"
#include "media/jpeg_splitter.h"
#include "unit/captured_log.h"
#include "unit/media/test_pictures.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace camloop {
namespace {

// A server that notes the JPEGs that come, on the same loop. It reads unless it is told not to.
class RawSenderTest : public testing::Test, private StreamHandler {
 protected:
  void SetUp() override {
    auto on_accept = [this](Owned<Stream> stream) {
      ++accepted_;
      server_ = std::move(stream);
      if (reads_) read();
    };
    Address any = parse_listen_address("127.0.0.1:0").value();
    listener_ = Listener::open(loop_, any, {8, 8}, "", on_accept).value();
    Endpoint endpoint{"127.0.0.1", listener_->address().port()};
    Backoff::Limits at_once{kMillisecond_us, kMillisecond_us};
    auto on_text = [this](const std::string& text) { texts_.push_back(text); };
    sender_ = std::make_unique<RawSender>(loop_, hub_,
                                          RawSender::Options{endpoint, 25, at_once, on_text});
  }
  void TearDown() override {
    sender_.reset();
    server_.reset();
    listener_.reset();
    loop_.drain();
  }

  void run_until(const std::function<bool()>& condition) {
    ASSERT_TRUE(turn_until(loop_, condition)) << "waited in vain";
  }
  void connect() {
    run_until([this] { return accepted_ > 0 && hub_.watched(); });
  }
  /// Frames are told apart by their width.
  void publish(int width, int quality = 25) {
    JpegEncoder encoder;
    OwnedPicture picture = make_picture(PixelFormat::kYu12, width, 48);
    hub_.publish({encode(encoder, picture.view, quality, pool_), width, 48, monotonic_us()});
  }
  void run_until_received(const std::vector<int>& widths) {
    run_until([&] { return widths_ == widths; });
  }
  void read() { server_->start(*this); }
  LinkFacts facts() const { return sender_->facts(monotonic_us()); }
  uint64_t dropped(std::string_view reason) const {
    for (const ReasonCount& each : facts().traffic.dropped) {
      if (each.reason == reason) return each.count;
    }
    return UINT64_MAX;
  }

  Loop loop_;
  Hub hub_;
  BufferPool pool_{2};
  Owned<Listener> listener_;
  Owned<Stream> server_;
  bool reads_ = true;
  int accepted_ = 0;
  JpegSplitter splitter_{kFrameSizeMax};
  std::vector<int> widths_;     // of the pictures that came
  std::vector<int> qualities_;  // of theirs
  std::vector<std::string> texts_;
  std::unique_ptr<RawSender> sender_;

 private:
  Result<> on_bytes(Bytes bytes) override {
    while (!bytes.empty()) {
      bytes = bytes.subspan(splitter_.feed(bytes));
      if (!splitter_.complete()) continue;
      JpegDecoder decoder;
      EXPECT_TRUE(decoder.begin(splitter_.jpeg(), {8192, 8192}).ok());
      widths_.push_back(decoder.size().width);
      qualities_.push_back(decoder.quality());
    }
    return {};
  }
  void on_end(const Error&) override { server_.reset(); }
};

TEST_F(RawSenderTest, WantsNoFramesBeforeItIsConnected) {
  EXPECT_FALSE(hub_.watched());
  connect();
  EXPECT_EQ(facts().state, "connected");
  EXPECT_EQ(facts().connects, 1u);
}

TEST_F(RawSenderTest, SendsFramesBackToBackInTheLinksQuality) {
  connect();
  publish(64, 90);
  run_until_received({64});
  publish(80, 80);
  run_until_received({64, 80});
  publish(96, 10);
  run_until_received({64, 80, 96});
  EXPECT_EQ(qualities_[0], 25);
  EXPECT_EQ(qualities_[1], 25);
  EXPECT_LT(qualities_[2], 25) << "as it is";
  EXPECT_EQ(splitter_.passed_over(), 0u);
  EXPECT_EQ(facts().traffic.accepted, 3u);
  EXPECT_EQ(facts().traffic.age.count(), 3u);
  sender_->set_quality(50);
  publish(64, 90);
  run_until_received({64, 80, 96, 64});
  EXPECT_EQ(qualities_[3], 50);
}

TEST_F(RawSenderTest, SendsTheNewestOfThoseThatCameMeanwhile) {
  connect();
  publish(64, 90);
  publish(80, 90);
  publish(96, 90);
  run_until_received({64, 96});
  EXPECT_EQ(dropped("replaced"), 1u);
}

TEST_F(RawSenderTest, KeepsOneFrameForAServerThatDoesNotRead) {
  reads_ = false;
  connect();
  // At rest, the socket is full and one frame waits.
  run_until([this] {
    publish(64);
    return dropped("replaced") >= 10;
  });
  uint64_t sent = facts().traffic.rounds;
  for (int i = 0; i < 10; ++i) publish(64);
  publish(128);
  EXPECT_EQ(facts().traffic.rounds, sent);
  read();
  run_until([this] { return !widths_.empty() && widths_.back() == 128; });
  EXPECT_EQ(widths_.size(), sent + 1);
}

TEST_F(RawSenderTest, PassesOverAFrameThatCannotBeDecoded) {
  connect();
  Frame broken{pool_.take(4), 64, 48, monotonic_us()};
  broken.jpeg.set_size(4);
  CapturedLog log;
  hub_.publish(broken);
  hub_.publish(broken);
  publish(64);
  run_until_received({64});
  EXPECT_EQ(dropped("broken"), 2u);
  EXPECT_EQ(log.lines_with("frames cannot be sent"), 1);
}

TEST_F(RawSenderTest, HandsOnTextsOfTheServer) {
  connect();
  ASSERT_TRUE(server_->write(as_bytes("welcome\nhere")));
  run_until([this] { return facts().texts == 2u; });
  EXPECT_EQ(facts().traffic.bytes_received, 12u);
  EXPECT_EQ(texts_, (std::vector<std::string>{"welcome", "here"}));
}

TEST_F(RawSenderTest, ComesBackInTheMiddleOfAFrame) {
  connect();
  publish(2048, 90);
  server_.reset();
  run_until([this] { return accepted_ == 2 && hub_.watched(); });
  EXPECT_EQ(facts().connects, 2u);
  splitter_.reset();
  publish(64, 90);
  run_until([this] { return !widths_.empty() && widths_.back() == 64; });
}

TEST_F(RawSenderTest, MayBeDroppedInTheMiddleOfAFrame) {
  connect();
  publish(2048, 90);
  sender_.reset();
  EXPECT_FALSE(hub_.watched());
}

}  // namespace
}  // namespace camloop
