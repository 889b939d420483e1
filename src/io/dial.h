// Dial: one try to reach a host, from its name to a connection.
#pragma once

#include "base/clock.h"
#include "io/endpoint.h"
#include "io/poll.h"
#include "io/stream.h"
#include "io/timer.h"

#include <functional>
#include <string>
#include <vector>

namespace camloop {

/// Resolves the name, then tries each address it stands for in turn. Dropping the Dial ends the
/// try; one that is resolved at that moment keeps a thread of libuv's pool until the system's
/// resolver gives up, and the loop is not drained before.
class Dial {
 public:
  using OnDone = std::function<void(Result<Owned<Stream>> stream)>;

  /// A host that does not answer by then is taken for dead: two lost SYNs (1 s, 2 s) are forgiven.
  static constexpr int64_t kPatience_us = 5 * kSecond_us;

  /// `on_done` comes once, from the loop, and may drop the Dial. `patience_us`: for the resolver,
  /// and for each address.
  Dial(Loop& loop, const Endpoint& endpoint, OnDone on_done, int64_t patience_us = kPatience_us);
  ~Dial();
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;

  bool resolving() const { return lookup_ != nullptr; }

 private:
  struct Lookup;

  void look_up();
  void on_resolved(int status, const addrinfo* found);
  void try_next();
  void on_connected(const Address& address);
  void on_overdue();
  void forget_socket();
  void fail(const std::string& why);
  void finish(Result<Owned<Stream>> result);

  Loop& loop_;
  Endpoint endpoint_;
  OnDone on_done_;
  int64_t patience_us_;
  Lookup* lookup_ = nullptr;  // while the resolver is at work; freed by its callback
  Owned<Timer> overdue_;
  std::vector<Address> addresses_;  // still to be tried, the next one last
  int socket_ = -1;                 // that is connecting
  Owned<Poll> connecting_;
  std::string why_;  // the last address failed
};

}  // namespace camloop
