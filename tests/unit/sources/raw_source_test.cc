#include "sources/raw_source.h"

#include "sources/raw_peer.h"
#include "unit/io/tcp_pair.h"
#include "unit/sinks/loop_client.h"
#include "unit/sources/source_fixture.h"
#include "unit/sources/test_files.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace camloop {
namespace {

class RawSourceTest : public SourceTest {
 protected:
  void SetUp() override {
    auto made = make_raw_source(
        loop_, parse_listen_address("127.0.0.1:0").value(), [this] { return greeting_; }, pool_,
        *this);
    source_ = std::move(made).value();
    address_ = parse_listen_address(link().address).value();
  }

  LinkFacts link() const { return *source_->link_facts(); }
  std::unique_ptr<Peer> connect() { return std::make_unique<Peer>(connect_to(address_)); }
  /// Turns the loop until `condition`.
  void wait_until(const std::function<bool()>& condition) {
    ASSERT_TRUE(turn_until(loop_, condition)) << "waited in vain";
  }
  void wait_for_frames(size_t count) {
    wait_until([this, count] { return frames_.size() >= count; });
  }
  void wait_for_peers(size_t count) {
    wait_until([this, count] { return link().peers.size() == count; });
  }
  uint64_t dropped(std::string_view reason) const {
    return count_of(link().traffic.dropped, reason);
  }
  uint64_t ended(std::string_view reason) const { return count_of(link().ended, reason); }
  static uint64_t count_of(const std::vector<ReasonCount>& counts, std::string_view reason) {
    auto is_it = [reason](const ReasonCount& each) { return each.reason == reason; };
    return std::find_if(counts.begin(), counts.end(), is_it)->count;
  }

  const std::string jpeg_ = jpeg_of_width(64);
  BufferPool pool_{2};
  std::string greeting_ = "Grüß Gott";
  Address address_;
};

TEST_F(RawSourceTest, GreetsAtOnceInALine) {
  auto peer = connect();
  wait_until([&] { return peer->read() == "Grüß Gott\n"; });
}

TEST_F(RawSourceTest, GreetsNobodyWithoutAGreeting) {
  greeting_ = "";
  auto peer = connect();
  wait_for_peers(1);
  ASSERT_TRUE(source_->send_text("text").ok());
  wait_until([&] { return peer->read() == "text"; });
}

TEST_F(RawSourceTest, MakesFramesOfJpegsBackToBack) {
  auto peer = connect();
  peer->send(jpeg_ + jpeg_of_width(32) + jpeg_);
  wait_for_frames(3);
  EXPECT_EQ(as_text(frames_[0].jpeg.bytes()), jpeg_);
  EXPECT_EQ(widths_, (std::vector{64, 32, 64}));
  EXPECT_EQ(link().traffic.accepted, 3u);
  EXPECT_EQ(link().rubbish_bytes, 0u);
  EXPECT_EQ(source_->facts().fault, "");
}

TEST_F(RawSourceTest, StampsAFrameWithItsFirstByte) {
  auto peer = connect();
  peer->send(jpeg_.substr(0, 100));
  wait_until([&] { return link().traffic.bytes_received == 100; });
  int64_t begun_us = monotonic_us();
  wait_until([begun_us] { return monotonic_us() > begun_us; });
  peer->send(jpeg_.substr(100));
  wait_for_frames(1);
  EXPECT_LE(frames_[0].captured_us, begun_us);
  peer->send(jpeg_);
  wait_for_frames(2);
  EXPECT_GT(frames_[1].captured_us, begun_us);
}

TEST_F(RawSourceTest, CountsRubbishBetweenFrames) {
  auto peer = connect();
  peer->send("hello" + jpeg_ + "\xff\xff" + jpeg_ + "\r\n");
  wait_for_frames(2);
  wait_until([&] { return link().rubbish_bytes == 9u; });
}

TEST_F(RawSourceTest, CountsWhatWasCutShortAndWhatIsBrokenInside) {
  auto peer = connect();
  peer->send(jpeg_.substr(0, jpeg_.size() - 10) + "\xff\xd8\xff\xd9" + jpeg_);
  wait_for_frames(1);
  EXPECT_EQ(dropped("cut"), 1u);
  EXPECT_EQ(dropped("broken"), 1u);
  EXPECT_EQ(link().traffic.rounds, 3u);
  EXPECT_EQ(link().traffic.accepted, 1u);
}

TEST_F(RawSourceTest, KeepsManyClientsApart) {
  auto one = connect();
  auto other = connect();
  wait_for_peers(2);
  one->send(jpeg_.substr(0, 150));
  other->send(jpeg_.substr(0, 50));
  wait_until([&] { return link().traffic.bytes_received == 200; });
  other->send(jpeg_.substr(50));
  one->send(jpeg_.substr(150));
  wait_for_frames(2);
  for (const Frame& frame : frames_) EXPECT_EQ(as_text(frame.jpeg.bytes()), jpeg_);
}

TEST_F(RawSourceTest, ReadsWhatNobodyWants) {
  auto peer = connect();
  peer->send(jpeg_);
  wait_for_frames(1);  // the all-clear
  wanted_ = false;
  peer->send(jpeg_);
  wait_until([&] { return link().traffic.accepted == 2; });
  EXPECT_EQ(frames_.size(), 1u);
  EXPECT_EQ(source_->facts().pictures, 2u);
}

TEST_F(RawSourceTest, EndsAConnectionWithAFrameWithoutEnd) {
  auto peer = connect();
  wait_for_peers(1);
  peer->send(jpeg_.substr(0, jpeg_.size() - 2));
  const std::string more(64 * 1024, 'x');
  wait_until([&] {
    if (peer->read(), peer->end_seen()) return true;
    peer->try_send(more);
    return false;
  });
  EXPECT_EQ(ended("oversize"), 1u);
}

TEST_F(RawSourceTest, SendsATextToEveryPeer) {
  EXPECT_EQ(source_->send_text("hello").error().text, "nobody is connected to the raw link");
  auto one = connect();
  auto other = connect();
  wait_for_peers(2);
  ASSERT_TRUE(source_->send_text("hello").ok());
  for (Peer* peer : {one.get(), other.get()}) {
    wait_until([&] { return peer->read() == greeting_ + "\nhello"; });
  }
  EXPECT_EQ(link().texts, 2u);
}

TEST_F(RawSourceTest, DropsAPeerThatReadsNoTexts) {
  auto deaf = connect();
  auto other = connect();
  wait_for_peers(2);
  const std::string text(4096, 'x');
  wait_until([&] {
    EXPECT_TRUE(source_->send_text(text).ok());
    other->read();
    return link().peers.size() == 1;
  });
  EXPECT_EQ(ended("unread"), 1u);
}

TEST_F(RawSourceTest, SaysThatNobodyIsConnected) {
  EXPECT_EQ(source_->facts().fault, "raw:" + address_.text() + ": no sender is connected");
  wait_until([this] { return lost_.size() == 1; });
  auto peer = connect();
  peer->send(jpeg_);
  wait_for_frames(1);
  EXPECT_EQ(source_->facts().fault, "");
  peer->leave();
  wait_until([this] { return lost_.size() == 2; });
  EXPECT_EQ(lost_[1], source_->facts().fault);
  EXPECT_EQ(ended("closed"), 1u);
  EXPECT_EQ(link().traffic.accepted, 1u) << "of connections that have ended";
}

TEST_F(RawSourceTest, SaysWhereItCannotListen) {
  auto taken = make_raw_source(
      loop_, address_, [] { return std::string(); }, pool_, *this);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().text, "cannot listen on " + address_.text() + ": Address already in use");
}

// A host of one peer, for what takes longer than a test may.
class RawPeerTest : public testing::Test, private RawHost {
 protected:
  ~RawPeerTest() override { loop_.drain(); }
  Result<> take_jpeg(Bytes, int64_t) override { return {}; }
  void peer_ended(RawPeer&, RawEnd) override {}
  RawHost& host() { return *this; }
  Loop loop_;
};

TEST_F(RawPeerTest, IsSilentWhenNothingHasComeForLong) {
  TcpPair pair = make_tcp_pair();
  Peer far_end(pair.theirs);
  RawPeer peer(Stream::adopt(loop_, pair.ours, pair.peer, {}), "", host());
  int64_t now_us = monotonic_us();
  EXPECT_FALSE(peer.silent(now_us + RawPeer::kSilenceMax_us - kSecond_us));
  EXPECT_TRUE(peer.silent(now_us + RawPeer::kSilenceMax_us + kSecond_us));
  far_end.send("x");
  EXPECT_TRUE(turn_until(loop_, [&] { return peer.counts().rubbish_bytes == 1; }));
  EXPECT_FALSE(peer.silent(now_us + RawPeer::kSilenceMax_us));
}

}  // namespace
}  // namespace camloop
