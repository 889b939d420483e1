#include "sources/channel_source.h"

#include "base/clock.h"
#include "base/log.h"
#include "io/listener.h"
#include "media/jpeg_scan.h"
#include "sources/channel_peer.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace camloop {
namespace {

// As many as one machine may run cameras for; each may hold a body of kStampedLengthMax. They may
// all be behind one address.
constexpr size_t kSendersMax = 64;
// No frame for that long is a fault. There are cameras that take one every few seconds.
constexpr int64_t kSilenceMax_us = 5 * kSecond_us;
// A sender that lost its connection is back within that, mostly.
constexpr int64_t kReturnWait_us = kSecond_us;

class ChannelSource : public Source, private ChannelHost {
 public:
  ChannelSource(Loop& loop, const ChannelReceiverOptions& options, BufferPool& pool,
                SourceHandler& handler);
  Result<> listen(Loop& loop, const ChannelReceiverOptions& options);

  // Rounds go on whoever watches: a sender's frame is accepted when it came in time.
  void set_active(bool) override {}
  void set_lag_max(int64_t lag_max_us) override;
  const SourceFacts& facts() const override { return facts_; }
  std::optional<LinkFacts> link_facts() const override;
  Listener* listener() override { return listener_.get(); }

 private:
  Result<> take_jpeg(Bytes jpeg, int64_t pictured_us) override;
  void peer_ended(ChannelPeer& peer, ChannelEnd end) override;
  LinkTraffic& traffic() override { return traffic_; }

  void accept(Owned<Stream> stream);
  Result<> use(Bytes jpeg, int64_t pictured_us);
  void on_silence();

  BufferPool& pool_;
  SourceHandler& handler_;
  std::shared_ptr<const TlsContext> tls_;
  StampedReceiver::Limits limits_;
  SourceFacts facts_;
  LinkTraffic traffic_ = no_channel_traffic();
  std::array<uint64_t, kChannelEnds> ended_{};
  uint64_t connects_ = 0;
  Owned<Timer> silence_;
  Owned<Listener> listener_;
  std::vector<std::unique_ptr<ChannelPeer>> peers_;
};

ChannelSource::ChannelSource(Loop& loop, const ChannelReceiverOptions& options, BufferPool& pool,
                             SourceHandler& handler)
    : pool_(pool),
      handler_(handler),
      tls_(options.tls),
      limits_{.lag_max_us = options.lag_max_us},
      silence_(Timer::create(loop, [this] { on_silence(); })) {
  facts_.format = "JPEG";
  silence_->start(kReturnWait_us);
}

Result<> ChannelSource::listen(Loop& loop, const ChannelReceiverOptions& options) {
  auto on_accept = [this](Owned<Stream> stream) { accept(std::move(stream)); };
  listener_ = TRY(Listener::open(loop, options.address, {kSendersMax, kSendersMax}, "", on_accept,
                                 options.before));
  facts_.name = "channel:" + listener_->address().text();
  facts_.fault = facts_.name + ": no sender is connected";
  log_info("%s: waiting for senders", facts_.name.c_str());
  return {};
}

// ---- Senders ----

void ChannelSource::accept(Owned<Stream> stream) {
  ++connects_;
  log_info("channel: %s connected", stream->peer().text().c_str());
  if (tls_) stream->secure(tls_, "");
  ChannelHost& host = *this;
  peers_.push_back(std::make_unique<ChannelPeer>(std::move(stream), limits_, host));
  if (!facts_.fault.empty()) silence_->start(kSilenceMax_us);
}

void ChannelSource::peer_ended(ChannelPeer& peer, ChannelEnd end) {
  ++ended_[static_cast<size_t>(end)];
  std::erase_if(peers_, [&peer](const auto& each) { return each.get() == &peer; });
  if (peers_.empty()) silence_->start(kReturnWait_us);
}

void ChannelSource::set_lag_max(int64_t lag_max_us) {
  limits_.lag_max_us = lag_max_us;
  for (const auto& each : peers_) each->set_lag_max(lag_max_us);
}

// ---- Frames ----

// What nobody wants is still looked at, as the sender is told that it was taken; while there is a
// fault it is wanted in any case, as the all-clear.
Result<> ChannelSource::take_jpeg(Bytes jpeg, int64_t pictured_us) {
  if (handler_.wants(pictured_us) || !facts_.fault.empty()) {
    TRY(use(jpeg, pictured_us));
  } else {
    TRY(scan_jpeg(jpeg));
    ++facts_.pictures;
  }
  silence_->start(kSilenceMax_us);
  return {};
}

Result<> ChannelSource::use(Bytes jpeg, int64_t pictured_us) {
  JpegLayout layout;
  BufferRef mended = TRY(repair_jpeg(jpeg, pool_, &layout));
  facts_.fault.clear();
  facts_.width = layout.width;
  facts_.height = layout.height;
  handler_.on_jpeg({mended, layout.width, layout.height, pictured_us, facts_.pictures++});
  return {};
}

void ChannelSource::on_silence() {
  facts_.fault = facts_.name +
                 (peers_.empty() ? ": no sender is connected" : ": no frame came in time for 5 s");
  handler_.on_lost(Error{facts_.fault});
}

std::optional<LinkFacts> ChannelSource::link_facts() const {
  LinkFacts link{.kind = "channel", .role = "receiver", .address = listener_->address().text()};
  link.secure = tls_ != nullptr;
  link.state = "listening";
  link.fault = facts_.fault;
  link.connects = connects_;
  link.failures = listener_->admission().refused() + listener_->starved();
  link.traffic = traffic_;
  for (size_t i = 0; i < kChannelEnds; ++i) {
    link.ended.push_back({channel_end_name(static_cast<ChannelEnd>(i)), ended_[i]});
  }
  for (const auto& each : peers_) link.peers.push_back(each->facts());
  return link;
}

}  // namespace

Result<std::unique_ptr<Source>> make_channel_source(Loop& loop,
                                                    const ChannelReceiverOptions& options,
                                                    BufferPool& pool, SourceHandler& handler) {
  auto source = std::make_unique<ChannelSource>(loop, options, pool, handler);
  TRY(source->listen(loop, options));
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace camloop
