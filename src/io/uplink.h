// Uplink: keeps one connection to a server, for ever. The name is resolved anew for each try.
#pragma once

#include "base/backoff.h"
#include "base/link_facts.h"
#include "io/dial.h"
#include "io/tls_context.h"

#include <memory>
#include <string>

namespace camloop {

class UplinkHandler {
 public:
  /// A connection is there, secured where that was asked for: take it and start() it. Its end is
  /// told to Uplink::lost().
  virtual void on_connected(Owned<Stream> stream) = 0;

 protected:
  ~UplinkHandler() = default;
};

struct UplinkFacts {
  std::string peer;         // as the user wrote it
  std::string state;        // "resolving", "connecting", "connected", "waiting"
  std::string fault;        // why there is no connection, or the last one has ended
  uint64_t connects = 0;    // connections there were
  uint64_t failures = 0;    // tries that gave none
  int64_t retry_in_us = 0;  // while waiting
};

class Uplink {
 public:
  struct Options {
    Endpoint endpoint;
    Backoff::Limits backoff;
    std::shared_ptr<const TlsContext> tls = nullptr;  // none: no TLS
  };

  Uplink(Loop& loop, const Options& options, UplinkHandler& handler);

  /// The first try, from the loop.
  void start();
  /// The connection handed out is over, and why; another one comes after a pause, which lasts
  /// `pause_min_us` at least.
  void lost(const Error& why, int64_t pause_min_us = 0);
  /// The connection has done its work once: if it is lost, the pause is a short one.
  void proven();
  /// No more tries. A connection that was handed out stays what it is.
  void stop();

  const Endpoint& endpoint() const { return options_.endpoint; }
  bool secure() const { return options_.tls != nullptr; }
  UplinkFacts facts(int64_t now_us) const;
  /// The same as a sender of links of `kind` tells it; what passes is its own to add.
  LinkFacts link_facts(const char* kind, int64_t now_us) const;

 private:
  void dial();
  void on_dialled(Result<Owned<Stream>> stream);
  void wait(const Error& why, int64_t pause_min_us);

  Loop& loop_;
  Options options_;
  UplinkHandler& handler_;
  Backoff backoff_;
  Owned<Timer> retry_;
  std::unique_ptr<Dial> dial_;
  bool connected_ = false;
  int64_t retry_at_us_ = 0;
  std::string fault_;  // of this outage, or of a server that takes us and drops us
  uint64_t connects_ = 0;
  uint64_t failures_ = 0;
};

}  // namespace camloop
