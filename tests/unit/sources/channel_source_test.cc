#include "sources/channel_source.h"

#include "proto/stamped_wire.h"
#include "unit/media/test_pictures.h"
#include "unit/sinks/loop_client.h"
#include "unit/sources/source_fixture.h"

#include <algorithm>

namespace camloop {
namespace {

std::string padded(std::string text, size_t size = kStampedFieldSize) {
  text.resize(size, ' ');
  return text;
}

const std::string kAcceptance = "1" + padded("received and not delay", kStampedReplySize);

class ChannelSourceTest : public SourceTest {
 protected:
  void SetUp() override {
    Address any = parse_listen_address("127.0.0.1:0").value();
    SourceHandler& handler = *this;
    source_ = make_channel_source(loop_, {any, kStampedLagMax_us}, pool_, handler).value();
    JpegEncoder encoder;
    jpeg_ =
        as_text(encode(encoder, make_picture(PixelFormat::kYu12, 64, 48).view, 80, pool_).bytes());
  }

  Address address() const { return parse_listen_address(link().address).value(); }
  LinkFacts link() const { return source_->link_facts().value(); }
  bool wait_for(const std::function<bool()>& condition) { return turn_until(loop_, condition); }
  /// All that the sender has got, once it is as much as `size`.
  std::string wait_for_bytes(LoopClient& sender, size_t size) {
    EXPECT_TRUE(wait_for([&] { return sender.read().size() >= size || sender.closed(); }));
    return sender.read();
  }
  /// A first round with this body.
  void answer_first_stamp(LoopClient& sender, const std::string& body) {
    std::string stamp = wait_for_bytes(sender, kStampedFieldSize);
    ASSERT_TRUE(sender.send(padded(std::to_string(body.size())) + body + stamp));
  }
  static uint64_t count_of(const std::vector<ReasonCount>& counts, std::string_view reason) {
    auto is_it = [reason](const ReasonCount& each) { return each.reason == reason; };
    auto found = std::find_if(counts.begin(), counts.end(), is_it);
    return found == counts.end() ? UINT64_MAX : found->count;
  }

  BufferPool pool_{2};
  std::string jpeg_;
};

TEST_F(ChannelSourceTest, FrameThatCameInTimeIsAFrameOfOurs) {
  LoopClient sender(address());
  int64_t before_us = monotonic_us();
  answer_first_stamp(sender, jpeg_);
  ASSERT_TRUE(wait_for([&] { return !frames_.empty(); }));
  EXPECT_EQ(as_text(frames_[0].jpeg.bytes()), jpeg_);
  EXPECT_EQ(frames_[0].width, 64);
  EXPECT_EQ(frames_[0].height, 48);
  EXPECT_GE(frames_[0].captured_us, before_us);
  EXPECT_LE(frames_[0].captured_us, monotonic_us());
  EXPECT_EQ(source_->facts().pictures, 1u);
  EXPECT_EQ(link().traffic.accepted, 1u);
  EXPECT_EQ(link().traffic.lag.count(), 1u);
  EXPECT_EQ(link().peers.at(0).traffic.accepted, 1u);
}

TEST_F(ChannelSourceTest, VerdictReplyAndStampAreOneWrite) {
  LoopClient sender(address());
  answer_first_stamp(sender, jpeg_);
  std::string all = wait_for_bytes(sender, 2 * kStampedFieldSize + kAcceptance.size());
  EXPECT_EQ(all.substr(kStampedFieldSize, kAcceptance.size()), kAcceptance);
  EXPECT_EQ(all.size(), link().traffic.bytes_sent);
}

TEST_F(ChannelSourceTest, FrameThatNobodyWantsIsAcceptedAllTheSame) {
  LoopClient first(address()), second(address());
  answer_first_stamp(first, jpeg_);
  ASSERT_TRUE(wait_for([&] { return frames_.size() == 1; }));
  wanted_ = false;
  answer_first_stamp(second, jpeg_);
  ASSERT_TRUE(wait_for([&] { return link().traffic.accepted == 2; }));
  EXPECT_EQ(frames_.size(), 1u);
}

TEST_F(ChannelSourceTest, FirstFrameIsTheAllClearThoughNobodyWantsIt) {
  wanted_ = false;
  EXPECT_NE(source_->facts().fault, "");
  LoopClient sender(address());
  answer_first_stamp(sender, jpeg_);
  ASSERT_TRUE(wait_for([&] { return !frames_.empty(); }));
  EXPECT_EQ(source_->facts().fault, "");
}

TEST_F(ChannelSourceTest, SenderOfNoJpegGetsNoVerdictAndIsClosed) {
  for (bool wanted : {true, false}) {
    wanted_ = wanted;
    LoopClient sender(address());
    answer_first_stamp(sender, jpeg_.substr(0, jpeg_.size() - 2));
    ASSERT_TRUE(wait_for([&] { return sender.read().size() != 32 || sender.closed(); }));
    EXPECT_EQ(sender.read().size(), kStampedFieldSize);
  }
  ASSERT_TRUE(wait_for([&] { return link().peers.empty(); }));
  EXPECT_EQ(count_of(link().traffic.dropped, "not_jpeg"), 2u);
  EXPECT_EQ(count_of(link().ended, "not_jpeg"), 2u);
  EXPECT_TRUE(frames_.empty());
}

TEST_F(ChannelSourceTest, SenderThatForgesAnEchoHurtsNoOther) {
  LoopClient good(address()), bad(address());
  wait_for_bytes(bad, kStampedFieldSize);
  ASSERT_TRUE(bad.send(padded(std::to_string(jpeg_.size())) + jpeg_ + padded("1700000000.5")));
  answer_first_stamp(good, jpeg_);
  ASSERT_TRUE(wait_for([&] { return !frames_.empty() && link().peers.size() == 1; }));
  EXPECT_EQ(count_of(link().ended, "forged_echo"), 1u);
  EXPECT_EQ(frames_.size(), 1u);
}

TEST_F(ChannelSourceTest, TellsFromTheLoopThatNobodySends) {
  EXPECT_TRUE(lost_.empty());
  {
    LoopClient sender(address());
    answer_first_stamp(sender, jpeg_);
    ASSERT_TRUE(wait_for([&] { return !frames_.empty(); }));
  }
  ASSERT_TRUE(wait_for([&] { return !lost_.empty(); }));
  EXPECT_EQ(lost_.back(), "channel:" + link().address + ": no sender is connected");
  EXPECT_EQ(link().fault, lost_.back());
}

TEST_F(ChannelSourceTest, TurnsAwayMoreSendersThanItHasPlacesFor) {
  std::vector<std::unique_ptr<LoopClient>> senders;
  for (int i = 0; i < 65; ++i) senders.push_back(std::make_unique<LoopClient>(address()));
  ASSERT_TRUE(wait_for([&] { return link().failures == 1; }));
  EXPECT_EQ(link().peers.size(), 64u);
  EXPECT_EQ(link().connects, 64u);
}

TEST_F(ChannelSourceTest, AddressThatIsTakenIsAnErrorThatNamesIt) {
  SourceHandler& handler = *this;
  auto second = make_channel_source(loop_, {address(), kStampedLagMax_us}, pool_, handler);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().text.find(link().address), std::string::npos);
}

}  // namespace
}  // namespace camloop
