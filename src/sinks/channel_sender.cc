#include "sinks/channel_sender.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <utility>

namespace camloop {
namespace {

// A receiver whose turn it is and that neither says nor takes a byte for this long has stopped.
// One of ours holds a stamp back for a second at most.
constexpr int64_t kSilenceMax_us = 10 * kSecond_us;
constexpr int64_t kTick_us = kSecond_us;

}  // namespace

ChannelSender::ChannelSender(Loop& loop, Hub& hub, const Options& options)
    : hub_(hub),
      sender_(options.lag_max_us),
      tick_(Timer::create(loop, [this] { on_tick(); })),
      uplink_(loop, {options.endpoint, options.backoff, options.tls}, *this) {
  uplink_.start();
}

ChannelSender::~ChannelSender() {
  disconnect();
}

LinkFacts ChannelSender::facts(int64_t now_us) const {
  const StampedSender::Facts& rounds = sender_.facts();
  LinkFacts facts = uplink_.link_facts("channel", now_us);
  facts.traffic = {.rounds = rounds.rounds,
                   .accepted = rounds.accepted,
                   .dropped = {{"replaced", rounds.dropped_replaced},
                               {"late", rounds.dropped_late},
                               {"flushed", rounds.flushed},
                               {"cut", rounds.dropped_cut},
                               {"oversize", rounds.dropped_oversize}},
                   .bytes_received = bytes_received(),
                   .bytes_sent = bytes_sent(),
                   .lag = rounds.lag,
                   .age = rounds.age};
  return facts;
}

uint64_t ChannelSender::bytes_sent() const {
  return gone_sent_ + (stream_ ? stream_->bytes_acknowledged() : 0);
}

uint64_t ChannelSender::bytes_received() const {
  return gone_received_ + (stream_ ? stream_->bytes_received() : 0);
}

// ---- The connection ----

void ChannelSender::on_connected(Owned<Stream> stream) {
  stream_ = std::move(stream);
  // The receivers in the field write verdict, reply and stamp one by one, without TCP_NODELAY.
  stream_->set_quick_acks();
  stream_->start(*this);
  complained_ = false;
  progress_ = 0;
  progress_at_us_ = monotonic_us();
  tick_->start_periodic(kTick_us);
}

Result<> ChannelSender::on_bytes(Bytes bytes) {
  using Step = StampedSender::Step;
  int64_t now_us = monotonic_us();
  while (!bytes.empty()) {
    switch (TRY(sender_.feed(bytes, now_us))) {
      case Step::kStamp:
        if (!std::exchange(attached_, true)) hub_.attach(*this);
        break;
      case Step::kAccepted:
      case Step::kRefused:
      case Step::kFlushed:
        uplink_.proven();
        break;
      case Step::kReply:
        log_debug("%s: %s", stream_->peer().text().c_str(), printable(sender_.reply()).c_str());
        break;
      case Step::kNeedMore:
        break;
    }
  }
  answer();
  return {};
}

Result<> ChannelSender::on_writable() {
  answer();
  return {};
}

void ChannelSender::on_tick() {
  int64_t now_us = monotonic_us();
  uint64_t progress = stream_->bytes_received() + stream_->bytes_acknowledged();
  if (std::exchange(progress_, progress) != progress || !sender_.awaits_receiver()) {
    progress_at_us_ = now_us;
  } else if (now_us - progress_at_us_ > kSilenceMax_us) {
    lose(Error{"the receiver has not moved for 10 s"});
  }
}

void ChannelSender::on_end(const Error& why) {
  lose(why);
}

void ChannelSender::lose(const Error& why) {
  disconnect();
  uplink_.lost(why);
}

void ChannelSender::disconnect() {
  if (std::exchange(attached_, false)) hub_.detach(*this);
  gone_sent_ = bytes_sent();
  gone_received_ = bytes_received();
  tick_->stop();
  stream_.reset();
  sender_.reset();
}

// ---- Frames ----

void ChannelSender::on_frame(const Frame& frame) {
  if (sender_.put(frame.jpeg, frame.captured_us)) return answer();
  if (std::exchange(complained_, true)) return;
  log_warning("channel: frames of more than %zu bytes cannot be sent", kStampedLengthMax);
}

// What the socket does not take now is chosen anew once it does.
void ChannelSender::answer() {
  auto round = sender_.round(monotonic_us());
  if (round && stream_->try_send(as_bytes(round->length), round->body, round->stamp))
    sender_.on_sent(*round);
}

}  // namespace camloop
