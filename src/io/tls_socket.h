// TlsSocket: TLS between a Stream and its socket, which it borrows. It sends and receives as the
// socket does, only in plaintext, once its handshake is over.
//
// At most one record lies encrypted ahead of the socket: what has been encrypted can no longer be
// exchanged for something newer.
#pragma once

#include "io/socket_io.h"
#include "io/timer.h"
#include "io/tls_engine.h"
#include "io/tls_turns.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace camloop {

class TlsSocket : private TlsTurns::Member {
 public:
  /// `on_progress` is called, never from within a call, after each step of the handshake: look at
  /// established() and events() again; or with why it failed.
  TlsSocket(Loop& loop, int socket, std::shared_ptr<const TlsContext> context,
            std::string_view server_name, std::function<void(const Result<>&)> on_progress);
  ~TlsSocket();

  /// Begins the handshake; on a server, once the client has sent something.
  void start();
  /// The socket is about to close: no call comes any more.
  void stop();
  bool established() const { return engine_ && engine_->established(); }
  /// During the handshake: the events of uv_poll to wait for.
  int events() const;
  /// During the handshake: one of them has come.
  void on_event();

  /// How many bytes of the pieces were taken: encrypted, and with the kernel but for pending().
  Result<size_t> send(std::span<const iovec> pieces);
  /// Ciphertext that the kernel did not take yet: nothing more is taken until it has.
  size_t pending() const { return engine_ ? engine_->outgoing().size() : 0; }
  /// One read of the socket, and all plaintext that it completes. `buffer`: a Loop's.
  Result<Received> receive(MutableBytes buffer);
  /// The socket failed, `why`: a peer that gives up may have said in an alert what for, which is
  /// the better reason.
  Error last_word(const Error& why);
  /// The end came without the peer having said so (RFC 8446, 6.1): something may be missing.
  bool cut() const { return cut_; }
  /// Tells the peer that no more comes. True: that is with the kernel; else to be called again.
  Result<bool> say_goodbye();

  /// Ciphertext that the kernel has taken.
  uint64_t bytes_taken() const { return bytes_taken_; }

 private:
  enum class Wait { kTurn, kPeer, kSocket };

  void on_turn() override;
  Result<> step();
  /// Whether anything came.
  Result<bool> feed_from_socket();
  Result<> flush();
  void wait_for_turn();

  Loop& loop_;
  int socket_;
  std::shared_ptr<const TlsContext> context_;
  std::string server_name_;
  std::function<void(const Result<>&)> on_progress_;
  std::shared_ptr<TlsTurns> turns_;  // during the handshake, as is the timer
  Owned<Timer> time_limit_;
  std::optional<TlsEngine> engine_;  // from the first turn on
  Wait wait_ = Wait::kPeer;
  bool cut_ = false;
  bool said_goodbye_ = false;
  uint64_t bytes_taken_ = 0;
};

}  // namespace camloop
