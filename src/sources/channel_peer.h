// One sender on the stamped channel: a Stream, the state machine between them, and its counts.
#pragma once

#include "base/link_facts.h"
#include "io/stream.h"
#include "io/timer.h"
#include "proto/stamped_receiver.h"

namespace camloop {

class ChannelPeer;

/// Why a connection is over; channel_end_name() has the words. A sender that goes while a stamp
/// lies unread in its socket resets the connection, so "closed" is all that can be told of the
/// first.
enum class ChannelEnd { kClosed, kStalled, kUnread, kBadLength, kForgedEcho, kNotJpeg };
constexpr size_t kChannelEnds = 6;
const char* channel_end_name(ChannelEnd end);

/// What a peer asks of its source.
class ChannelHost {
 public:
  /// A body that came in time; valid until the return. The picture was there at `pictured_us`. The
  /// Error says that it is no JPEG.
  virtual Result<> take_jpeg(Bytes jpeg, int64_t pictured_us) = 0;
  /// The connection is over; the peer must be dropped, and may be inside the call.
  virtual void peer_ended(ChannelPeer& peer, ChannelEnd end) = 0;
  /// The counts over all peers.
  virtual LinkTraffic& traffic() = 0;

 protected:
  ~ChannelHost() = default;
};

/// The counts of a channel before anything has passed.
LinkTraffic no_channel_traffic();

class ChannelPeer : public StreamHandler {
 public:
  ChannelPeer(Owned<Stream> stream, const StampedReceiver::Limits& limits, ChannelHost& host);

  void set_lag_max(int64_t lag_max_us) { receiver_.set_lag_max(lag_max_us); }
  LinkPeerFacts facts() const { return {stream_->peer().text(), traffic_}; }

 private:
  Result<> on_bytes(Bytes bytes) override;
  void on_end(const Error& why) override;

  void on_timer();
  Result<> take(StampedReceiver::Event event);
  Result<> take_frame();
  Result<> send_output();
  Error ending(ChannelEnd end, const std::string& why);
  template <class Change>
  void count(Change change);

  Owned<Stream> stream_;
  ChannelHost& host_;
  StampedReceiver receiver_;
  Owned<Timer> timer_;  // until the receiver's deadline
  int64_t timer_due_us_ = 0;
  LinkTraffic traffic_ = no_channel_traffic();
  ChannelEnd end_ = ChannelEnd::kClosed;
};

}  // namespace camloop
