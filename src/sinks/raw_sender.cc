#include "sinks/raw_sender.h"

#include "base/log.h"

#include <utility>

namespace camloop {
namespace {

// A server that takes no byte for this long has stopped.
constexpr int64_t kStallMax_us = 10 * kSecond_us;
constexpr int64_t kTick_us = kSecond_us;
// How long one slice of transcoding holds the loop: half of the 2 ms that a callback may take on
// the board, since a slice ends with the step during which the time ran out.
constexpr int64_t kSlice_us = 1000;

}  // namespace

RawSender::RawSender(Loop& loop, Hub& hub, const Options& options)
    : hub_(hub),
      on_text_(options.on_text),
      quality_(options.quality),
      turns_(Idle::create(loop, [this] { turn(); })),
      tick_(Timer::create(loop, [this] { on_tick(); })),
      uplink_(loop, {options.endpoint, options.backoff}, *this) {
  uplink_.start();
}

RawSender::~RawSender() {
  if (stream_) disconnect();
}

LinkFacts RawSender::facts(int64_t now_us) const {
  LinkFacts facts = uplink_.link_facts("raw", now_us);
  facts.traffic = traffic_;
  facts.traffic.accepted = traffic_.rounds - cut_;
  facts.traffic.dropped = {
      {"replaced", mailbox_.replaced() + superseded_}, {"broken", broken_}, {"cut", cut_}};
  if (stream_) {
    facts.traffic.bytes_sent += stream_->bytes_acknowledged();
    facts.traffic.bytes_received += stream_->bytes_received();
  }
  facts.texts = texts_;
  return facts;
}

// ---- The connection ----

void RawSender::on_connected(Owned<Stream> stream) {
  stream_ = std::move(stream);
  stream_->start(*this);
  complained_ = false;
  acknowledged_ = 0;
  progress_at_us_ = monotonic_us();
  tick_->start_periodic(kTick_us);
  hub_.attach(*this);
}

Result<> RawSender::on_bytes(Bytes bytes) {
  while (!bytes.empty()) {
    std::string text = text_.feed(bytes);
    if (text.empty()) continue;
    ++texts_;
    log_info("raw link: %s says: %s", stream_->peer().text().c_str(), text.c_str());
    if (on_text_) on_text_(text);
  }
  return {};
}

Result<> RawSender::on_writable() {
  underway_ = false;
  go_on();
  return {};
}

void RawSender::on_tick() {
  int64_t now_us = monotonic_us();
  uint64_t acknowledged = stream_->bytes_acknowledged();
  if (acknowledged > 0) uplink_.proven();
  if (std::exchange(acknowledged_, acknowledged) != acknowledged || stream_->writable()) {
    progress_at_us_ = now_us;
  } else if (now_us - progress_at_us_ > kStallMax_us) {
    lose(Error{"the server has taken no byte for 10 s"});
  }
}

void RawSender::on_end(const Error& why) {
  lose(why);
}

void RawSender::lose(const Error& why) {
  disconnect();
  uplink_.lost(why);
}

void RawSender::disconnect() {
  hub_.detach(*this);
  tick_->stop();
  turns_->stop();
  transcoder_.end();
  mailbox_.take();
  ready_ = {};
  text_.reset();
  if (std::exchange(underway_, false)) ++cut_;
  traffic_.bytes_sent += stream_->bytes_acknowledged();
  traffic_.bytes_received += stream_->bytes_received();
  stream_.reset();
}

// ---- Frames ----

void RawSender::on_frame(const Frame& frame) {
  mailbox_.put(frame);
  go_on();
}

// A frame is transcoded once the socket takes one, and the newest at that moment.
void RawSender::go_on() {
  if (transcoder_.busy() || !stream_->writable()) return;
  if (mailbox_.empty()) {
    if (ready_) send();
    return;
  }
  if (std::exchange(ready_, {})) ++superseded_;
  begin(mailbox_.take());
}

void RawSender::begin(const Frame& frame) {
  Result<bool> begun = transcoder_.begin(frame, quality_, pool_);
  if (!begun.ok()) return drop(begun.error());
  if (begun.value()) return turns_->start();
  ready_ = frame;
  send();
}

void RawSender::turn() {
  int64_t begin_us = monotonic_us();
  Result<bool> done = false;
  while (done.ok() && !done.value() && monotonic_us() - begin_us < kSlice_us) {
    done = transcoder_.step();
  }
  if (done.ok() && !done.value()) return;
  turns_->stop();
  if (done.ok()) {
    ready_ = transcoder_.take();
    send();
  } else {
    drop(done.error());
  }
  go_on();
}

void RawSender::drop(const Error& why) {
  ++broken_;
  if (std::exchange(complained_, true)) return;
  log_warning("raw link: frames cannot be sent: %s", why.text.c_str());
}

// What the socket does not take now is chosen anew once it does.
void RawSender::send() {
  if (!stream_->try_send({}, ready_.jpeg, {})) return;
  ++traffic_.rounds;
  traffic_.age.add(monotonic_us() - ready_.captured_us);
  ready_ = {};
  underway_ = !stream_->writable();
}

}  // namespace camloop
