// The sink of the stamped channel: keeps a connection to the receiver and answers its stamps with
// the newest frames.
#pragma once

#include "base/clock.h"
#include "base/link_facts.h"
#include "io/stream.h"
#include "io/timer.h"
#include "io/uplink.h"
#include "media/hub.h"
#include "proto/stamped_sender.h"

namespace camloop {

class ChannelSender : private Viewer, private UplinkHandler, private StreamHandler {
 public:
  /// A receiver that restarts is found again soon, one that is gone is not pestered.
  static constexpr Backoff::Limits kBackoff{500 * kMillisecond_us, 30 * kSecond_us};

  struct Options {
    Endpoint endpoint;
    int64_t lag_max_us;                               // that the receiver accepts
    std::shared_ptr<const TlsContext> tls = nullptr;  // a client's; none: no TLS
    Backoff::Limits backoff = kBackoff;
  };

  /// Connects from the loop, for ever. Attached to the hub from a connection's first stamp to its
  /// end: without a receiver nothing is encoded for it.
  ChannelSender(Loop& loop, Hub& hub, const Options& options);
  ~ChannelSender();
  ChannelSender(const ChannelSender&) = delete;
  ChannelSender& operator=(const ChannelSender&) = delete;

  LinkFacts facts(int64_t now_us) const;

 private:
  bool wants(int64_t) override { return true; }
  void on_frame(const Frame& frame) override;

  void on_connected(Owned<Stream> stream) override;
  Result<> on_bytes(Bytes bytes) override;
  Result<> on_writable() override;
  void on_end(const Error& why) override;

  void answer();
  void on_tick();
  void lose(const Error& why);
  void disconnect();
  uint64_t bytes_sent() const;
  uint64_t bytes_received() const;

  Hub& hub_;
  StampedSender sender_;
  Owned<Timer> tick_;  // runs while connected
  Owned<Stream> stream_;
  bool attached_ = false;
  bool complained_ = false;  // of a frame, on this connection
  uint64_t progress_ = 0;    // bytes received and acknowledged, when that last changed
  int64_t progress_at_us_ = 0;
  uint64_t gone_sent_ = 0;  // on connections that have ended
  uint64_t gone_received_ = 0;
  Uplink uplink_;
};

}  // namespace camloop
