// The sink of the raw link: keeps a connection to the server, sends it the newest frames in a
// quality of the link's own, and logs the texts that come back.
#pragma once

#include "base/clock.h"
#include "base/link_facts.h"
#include "io/idle.h"
#include "io/stream.h"
#include "io/timer.h"
#include "io/uplink.h"
#include "media/hub.h"
#include "media/mailbox.h"
#include "media/transcoder.h"
#include "proto/link_text.h"

#include <functional>
#include <string>

namespace camloop {

class RawSender : private Viewer, private UplinkHandler, private StreamHandler {
 public:
  /// A server that restarts is found again soon, one that is gone is not pestered.
  static constexpr Backoff::Limits kBackoff{500 * kMillisecond_us, 30 * kSecond_us};

  struct Options {
    Endpoint endpoint;
    int quality;  // JPEG, 1 to 100; frames of a lower one are sent as they are
    Backoff::Limits backoff = kBackoff;
    std::function<void(const std::string&)> on_text = {};  // each text that comes back
  };

  /// Connects from the loop, for ever. Attached to the hub while it is connected.
  RawSender(Loop& loop, Hub& hub, const Options& options);
  ~RawSender();
  RawSender(const RawSender&) = delete;
  RawSender& operator=(const RawSender&) = delete;

  /// From the next frame on.
  void set_quality(int quality) { quality_ = quality; }
  LinkFacts facts(int64_t now_us) const;

 private:
  bool wants(int64_t) override { return true; }
  void on_frame(const Frame& frame) override;

  void on_connected(Owned<Stream> stream) override;
  Result<> on_bytes(Bytes bytes) override;
  Result<> on_writable() override;
  void on_end(const Error& why) override;

  void go_on();
  void begin(const Frame& frame);
  void turn();
  void drop(const Error& why);
  void send();
  void on_tick();
  void lose(const Error& why);
  void disconnect();

  Hub& hub_;
  const std::function<void(const std::string&)> on_text_;
  int quality_;
  BufferPool pool_{2};  // one on its way, one being encoded
  Transcoder transcoder_;
  Owned<Idle> turns_;  // run while it transcodes
  Owned<Timer> tick_;  // runs while connected
  Owned<Stream> stream_;
  Mailbox mailbox_;
  Frame ready_;            // in the link's quality, not taken by the socket yet
  bool underway_ = false;  // a frame of which the socket has not taken all
  LinkText text_;

  uint64_t acknowledged_ = 0;  // bytes, when that last changed
  int64_t progress_at_us_ = 0;
  LinkTraffic traffic_;  // but for what the connection counts
  uint64_t superseded_ = 0;
  uint64_t broken_ = 0;
  bool complained_ = false;  // of a frame, on this connection
  uint64_t cut_ = 0;
  uint64_t texts_ = 0;
  Uplink uplink_;
};

}  // namespace camloop
