// A one-line service: tells each client one text and closes, as the daytime service does (RFC 867).
#pragma once

#include "base/clock.h"
#include "io/listener.h"
#include "io/timer.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace camloop {

class LineService {
 public:
  /// Asked anew for each client.
  using Text = std::function<std::string()>;
  /// By then a client has read the text and closed, or it is gone.
  static constexpr int64_t kPatience_us = 5 * kSecond_us;

  /// Listens on `address`; fails as Listener::open() does. A client that does not close is dropped
  /// after one or two times `patience_us`.
  static Result<std::unique_ptr<LineService>> open(Loop& loop, const Address& address, Text text,
                                                   int64_t patience_us = kPatience_us);
  ~LineService();

  const Address& address() const { return listener_->address(); }

 private:
  class Client;

  LineService(Loop& loop, Text text, int64_t patience_us);
  void serve(Owned<Stream> stream);
  void forget(const Client& client);
  void on_deadline();

  Text text_;
  int64_t patience_us_;
  Owned<Timer> deadline_;  // runs while there are clients
  Owned<Listener> listener_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace camloop
