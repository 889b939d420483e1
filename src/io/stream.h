// Stream: one TCP connection on the loop, with one frame in flight.
//
// The mailbox law begins here: try_send() refuses while the socket cannot take a frame, and the
// kernel is told to queue next to nothing unsent (TCP_NOTSENT_LOWAT), so the sender's next choice
// is always the newest frame. What a socket takes in part is finished, from shared memory, before
// anything else.
#pragma once

#include "base/buffer.h"
#include "base/byte_queue.h"
#include "base/result.h"
#include "io/address.h"
#include "io/admission.h"
#include "io/handle.h"
#include "io/socket_io.h"

#include <cstdint>
#include <memory>
#include <string_view>

#include <uv.h>

namespace camloop {

class TlsContext;
class TlsSocket;

/// What happens on a Stream. Returning an Error ends the connection, with that as the reason.
class StreamHandler {
 public:
  /// Bytes arrived; the view lasts until the return.
  virtual Result<> on_bytes(Bytes bytes) = 0;
  /// The peer will send no more (it may still read). By default that ends the connection.
  virtual Result<> on_eof() { return Error{"closed by the peer"}; }
  /// All that was queued is with the kernel, and it takes more. Comes after a try_send() that said
  /// false or a write that could not be finished at once; never from inside either.
  virtual Result<> on_writable() { return {}; }
  /// The connection is over; the last call, exactly once, unless the owner dropped the Stream
  /// first.
  virtual void on_end(const Error& why) = 0;

 protected:
  ~StreamHandler() = default;
};

class Stream : public Handle {
 public:
  /// The largest reply or message that may wait for a slow peer, besides the frame in flight.
  static constexpr size_t kQueueMax = 256 * 1024;

  /// Takes over a connected non-blocking socket. `pass` is its place among the server's clients.
  static Owned<Stream> adopt(Loop& loop, int socket, const Address& peer, Admission::Pass pass);

  /// Acknowledges at once what arrives, instead of up to 40 ms later: for a peer that sends in
  /// small pieces and without TCP_NODELAY.
  void set_quick_acks();
  /// Lets the kernel hold that many bytes unsent, so that the line is never waiting for us: where
  /// every message counts, and not the newest alone.
  void set_unsent_max(int bytes);
  /// Puts TLS between the Stream and its socket; before start(). `server_name`: what a client calls
  /// the server, "" on a server. Until the handshake is over all that is written waits and frames
  /// are refused; on_writable() comes then. If it fails, on_end() gets an Error "TLS: ...".
  void secure(std::shared_ptr<const TlsContext> context, std::string_view server_name);
  /// Begins to read; `handler` must live until on_end() or until the Stream is dropped.
  void start(StreamHandler& handler);

  /// Sends bytes behind all that is queued. False: more than kQueueMax might have to wait; nothing
  /// was sent or queued.
  [[nodiscard]] bool write(Bytes bytes);
  /// Sends `head`, the shared `body` and `tail` as one: by one call to the kernel where the socket
  /// takes it. False: it takes nothing now (or is ending); on_writable() will say when to offer
  /// again.
  [[nodiscard]] bool try_send(Bytes head, const BufferRef& body, Bytes tail);
  /// Takes nothing from the peer, who is held up by its own socket then, until resume(); once the
  /// connection has started, and with TLS is secure. An end of the connection may show only then.
  void pause();
  void resume();
  /// No more will be written: once all is out the peer is told (FIN), and its own FIN ends the
  /// connection. What it still sends is ignored.
  void finish();

  /// Nothing waits in this program and the socket is not known to be full.
  bool writable() const { return !waiting_; }
  const Address& peer() const { return peer_; }
  /// The peer's end was no end of TLS: what came may lack its last part. Known in on_eof().
  bool cut() const;
  /// As handed over: plaintext.
  uint64_t bytes_received() const { return bytes_received_; }
  /// Bytes that the peer's side has acknowledged, TLS's own included: does not grow for a peer that
  /// takes nothing.
  uint64_t bytes_acknowledged() const;
  /// Bytes not yet acknowledged, in this program and in the kernel.
  size_t bytes_queued() const;

 private:
  Stream(Loop& loop, int socket, const Address& peer, Admission::Pass pass);
  ~Stream() override;

  uv_handle_t* uv() override { return reinterpret_cast<uv_handle_t*>(&poll_); }
  void on_closing() override;
  void on_ended() override;

  void watch();
  void on_event(int status, int events);
  void on_handshake(const Result<>& progress);
  void read();
  Result<size_t> send(std::span<iovec> pieces);
  bool ciphertext_waits() const;
  void wait_for_socket();
  void flush();
  void shut_down();
  /// The end, for the socket failed.
  void fail(const Error& why);
  void end(Error why);
  /// What `result` says: on, or the end.
  void heed(const Result<>& result);
  size_t kernel_queue() const;

  uv_poll_t poll_{};
  int socket_;
  Address peer_;
  Admission::Pass pass_;
  StreamHandler* handler_ = nullptr;
  std::unique_ptr<TlsSocket> tls_;  // nullptr: none
  Error why_ended_;

  // What waits, in this order. A frame goes out whole before what was written after it.
  ByteQueue before_{kQueueMax};
  BufferRef body_;
  size_t body_sent_ = 0;
  ByteQueue after_{kQueueMax};

  bool reading_ = false;  // the peer has not ended
  bool paused_ = false;
  bool quick_acks_ = false;
  bool waiting_ = false;    // for the socket to take more
  bool finishing_ = false;  // finish() was called
  bool shut_ = false;       // our FIN is sent
  uint64_t bytes_received_ = 0;
  uint64_t bytes_taken_ = 0;  // by the kernel, without TLS
};

}  // namespace camloop
