#include "sources/raw_source.h"

#include "base/clock.h"
#include "base/log.h"
#include "io/listener.h"
#include "io/timer.h"
#include "media/jpeg_scan.h"
#include "sources/raw_peer.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace camloop {
namespace {

// As many cameras as one page shows; each may hold a frame of kFrameSizeMax. They may all be behind
// one address.
constexpr size_t kPeersMax = 32;
// No frame for that long is a fault. There are cameras that take one every few seconds.
constexpr int64_t kSilenceMax_us = 5 * kSecond_us;
// A client that lost its connection is back within that, mostly.
constexpr int64_t kReturnWait_us = kSecond_us;
constexpr int64_t kTick_us = kSecond_us;

class RawSource : public Source, private RawHost {
 public:
  RawSource(Loop& loop, std::function<std::string()> greeting, BufferPool& pool,
            SourceHandler& handler);
  Result<> listen(Loop& loop, const Address& address, Listener* before);
  Listener* listener() override { return listener_.get(); }

  // What comes is read whoever watches: a client is not to wait for us.
  void set_active(bool) override {}
  Result<> send_text(std::string_view text) override;
  const SourceFacts& facts() const override { return facts_; }
  std::optional<LinkFacts> link_facts() const override;

 private:
  Result<> take_jpeg(Bytes jpeg, int64_t began_us) override;
  void peer_ended(RawPeer& peer, RawEnd end) override;

  void accept(Owned<Stream> stream);
  void drop(RawPeer& peer, RawEnd end, const char* why);
  void on_tick();
  Result<> use(Bytes jpeg, int64_t began_us);
  void on_silence();

  std::function<std::string()> greeting_;
  BufferPool& pool_;
  SourceHandler& handler_;
  SourceFacts facts_;
  RawCounts gone_;  // of connections that have ended
  std::array<uint64_t, kRawEnds> ended_{};
  uint64_t connects_ = 0;
  Owned<Timer> silence_;
  Owned<Timer> tick_;
  Owned<Listener> listener_;
  std::vector<std::unique_ptr<RawPeer>> peers_;
};

RawSource::RawSource(Loop& loop, std::function<std::string()> greeting, BufferPool& pool,
                     SourceHandler& handler)
    : greeting_(std::move(greeting)),
      pool_(pool),
      handler_(handler),
      silence_(Timer::create(loop, [this] { on_silence(); })),
      tick_(Timer::create(loop, [this] { on_tick(); })) {
  facts_.format = "JPEG";
  silence_->start(kReturnWait_us);
  tick_->start_periodic(kTick_us);
}

Result<> RawSource::listen(Loop& loop, const Address& address, Listener* before) {
  auto on_accept = [this](Owned<Stream> stream) { accept(std::move(stream)); };
  listener_ = TRY(Listener::open(loop, address, {kPeersMax, kPeersMax}, "", on_accept, before));
  facts_.name = "raw:" + listener_->address().text();
  facts_.fault = facts_.name + ": no sender is connected";
  log_info("%s: waiting for senders", facts_.name.c_str());
  return {};
}

// ---- Clients ----

void RawSource::accept(Owned<Stream> stream) {
  ++connects_;
  log_info("raw link: %s connected", stream->peer().text().c_str());
  RawHost& host = *this;
  peers_.push_back(std::make_unique<RawPeer>(std::move(stream), greeting_(), host));
  if (!facts_.fault.empty()) silence_->start(kSilenceMax_us);
}

void RawSource::peer_ended(RawPeer& peer, RawEnd end) {
  ++ended_[static_cast<size_t>(end)];
  gone_ += peer.counts();
  std::erase_if(peers_, [&peer](const auto& each) { return each.get() == &peer; });
  if (peers_.empty()) silence_->start(kReturnWait_us);
}

void RawSource::drop(RawPeer& peer, RawEnd end, const char* why) {
  peer.log_end(Error{why});
  peer_ended(peer, end);
}

void RawSource::on_tick() {
  int64_t now_us = monotonic_us();
  for (size_t i = peers_.size(); i-- > 0;) {
    if (peers_[i]->silent(now_us)) drop(*peers_[i], RawEnd::kSilent, "nothing came for 30 s");
  }
}

Result<> RawSource::send_text(std::string_view text) {
  if (peers_.empty()) return Error{"nobody is connected to the raw link"};
  for (size_t i = peers_.size(); i-- > 0;) {
    if (!peers_[i]->send_text(text)) drop(*peers_[i], RawEnd::kUnread, "it reads no texts");
  }
  return {};
}

// ---- Frames ----

// While there is a fault a frame is wanted in any case, as the all-clear.
Result<> RawSource::take_jpeg(Bytes jpeg, int64_t began_us) {
  if (handler_.wants(began_us) || !facts_.fault.empty()) {
    TRY(use(jpeg, began_us));
  } else {
    ++facts_.pictures;
  }
  silence_->start(kSilenceMax_us);
  return {};
}

Result<> RawSource::use(Bytes jpeg, int64_t began_us) {
  JpegLayout layout;
  auto mended = repair_jpeg(jpeg, pool_, &layout);
  if (!mended) {
    ++facts_.dropped_broken;
    return mended.error();
  }
  facts_.fault.clear();
  facts_.width = layout.width;
  facts_.height = layout.height;
  Frame frame{std::move(mended).value(), layout.width, layout.height, began_us, facts_.pictures++};
  handler_.on_jpeg(std::move(frame));
  return {};
}

void RawSource::on_silence() {
  const char* why = peers_.empty() ? ": no sender is connected" : ": no frame came for 5 s";
  facts_.fault = facts_.name + why;
  handler_.on_lost(Error{facts_.fault});
}

std::optional<LinkFacts> RawSource::link_facts() const {
  LinkFacts link{.kind = "raw", .role = "receiver", .address = listener_->address().text()};
  link.state = "listening";
  link.fault = facts_.fault;
  link.connects = connects_;
  link.failures = listener_->admission().refused() + listener_->starved();
  RawCounts total = gone_;
  for (const auto& each : peers_) {
    RawCounts counts = each->counts();
    total += counts;
    link.peers.push_back({each->address(), counts.traffic()});
  }
  link.traffic = total.traffic();
  link.texts = total.texts;
  link.rubbish_bytes = total.rubbish_bytes;
  for (size_t i = 0; i < kRawEnds; ++i) {
    link.ended.push_back({raw_end_name(static_cast<RawEnd>(i)), ended_[i]});
  }
  return link;
}

}  // namespace

Result<std::unique_ptr<Source>> make_raw_source(Loop& loop, const Address& address,
                                                std::function<std::string()> greeting,
                                                BufferPool& pool, SourceHandler& handler,
                                                Listener* before) {
  auto source = std::make_unique<RawSource>(loop, std::move(greeting), pool, handler);
  TRY(source->listen(loop, address, before));
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace camloop
