#include "sources/channel_peer.h"

#include "base/clock.h"
#include "base/log.h"

#include <utility>

namespace camloop {
namespace {

// Places in LinkTraffic::dropped.
enum Dropped : size_t { kLate, kFlushed, kNotJpeg };

StampedTime time_now() {
  return {monotonic_us(), wall_us()};
}

}  // namespace

const char* channel_end_name(ChannelEnd end) {
  constexpr const char* kNames[kChannelEnds] = {"closed",     "stalled",     "unread",
                                                "bad_length", "forged_echo", "not_jpeg"};
  return kNames[static_cast<size_t>(end)];
}

LinkTraffic no_channel_traffic() {
  LinkTraffic traffic;
  traffic.dropped = {{"late", 0}, {"flushed", 0}, {"not_jpeg", 0}};
  return traffic;
}

ChannelPeer::ChannelPeer(Owned<Stream> stream, const StampedReceiver::Limits& limits,
                         ChannelHost& host)
    : stream_(std::move(stream)),
      host_(host),
      receiver_(limits, time_now()),
      timer_(Timer::create(stream_->loop(), [this] { on_timer(); })) {
  stream_->set_quick_acks();
  stream_->start(*this);
  // The socket is new and empty: a stamp fits.
  (void)send_output();
}

template <class Change>
void ChannelPeer::count(Change change) {
  change(traffic_);
  change(host_.traffic());
}

Result<> ChannelPeer::on_bytes(Bytes bytes) {
  count([&](LinkTraffic& traffic) { traffic.bytes_received += bytes.size(); });
  while (!bytes.empty()) {
    uint64_t rounds_before = receiver_.rounds();
    StampedReceiver::Event event = receiver_.feed(bytes, time_now());
    uint64_t begun = receiver_.rounds() - rounds_before;
    count([&](LinkTraffic& traffic) { traffic.rounds += begun; });
    TRY(take(event));
  }
  return send_output();
}

Result<> ChannelPeer::take(StampedReceiver::Event event) {
  using Event = StampedReceiver::Event;
  switch (event) {
    case Event::kNone:
      return {};
    case Event::kFrame:
      return take_frame();
    case Event::kLate:
    case Event::kFlushed:
      count([&](LinkTraffic& traffic) {
        ++traffic.dropped[event == Event::kLate ? kLate : kFlushed].count;
        traffic.lag.add(receiver_.lag_us());
      });
      return {};
    case Event::kBadLength:
      return ending(ChannelEnd::kBadLength, "its length is none, or too much");
    case Event::kForgedEcho:
      return ending(ChannelEnd::kForgedEcho, "its echo is not the stamp of this round");
    case Event::kStalled:
      break;
  }
  return ending(ChannelEnd::kStalled, "it sends nothing, or not all");
}

Result<> ChannelPeer::take_frame() {
  Result<> taken = host_.take_jpeg(receiver_.body(), receiver_.answered_us());
  if (!taken.ok()) {
    count([](LinkTraffic& traffic) { ++traffic.dropped[kNotJpeg].count; });
    return ending(ChannelEnd::kNotJpeg, taken.error().text);
  }
  count([&](LinkTraffic& traffic) {
    ++traffic.accepted;
    traffic.lag.add(receiver_.lag_us());
  });
  return {};
}

// Verdict, reply and the next stamp leave together: an old sender has delayed ACKs.
Result<> ChannelPeer::send_output() {
  Bytes output = receiver_.output();
  if (!output.empty()) {
    if (!stream_->write(output)) return ending(ChannelEnd::kUnread, "it reads no verdicts");
    count([&](LinkTraffic& traffic) { traffic.bytes_sent += output.size(); });
    receiver_.clear_output();
  }
  if (int64_t due_us = receiver_.deadline_us(); due_us != std::exchange(timer_due_us_, due_us)) {
    timer_->start(due_us - monotonic_us());
  }
  return {};
}

void ChannelPeer::on_timer() {
  timer_due_us_ = 0;
  Result<> result = take(receiver_.on_time(time_now()));
  if (result.ok()) result = send_output();
  if (!result.ok()) on_end(result.error());
}

Error ChannelPeer::ending(ChannelEnd end, const std::string& why) {
  end_ = end;
  return Error{why};
}

void ChannelPeer::on_end(const Error& why) {
  log_info("channel: %s left after %llu frames: %s", stream_->peer().text().c_str(),
           static_cast<unsigned long long>(traffic_.accepted), why.text.c_str());
  host_.peer_ended(*this, end_);
}

}  // namespace camloop
