// TlsEngine: one connection's TLS, without a socket: ciphertext in, plaintext out, and back.
//
// It reads no socket and makes no call; mbedTLS reads the wall clock, to judge certificates. Its
// errors are texts that begin with "TLS: "; after one nothing more is to be done but to send what
// is outgoing (it may be an alert that tells the peer why).
#pragma once

#include "base/byte_queue.h"
#include "base/result.h"
#include "io/tls_context.h"

#include <memory>
#include <string>
#include <string_view>

#include <mbedtls/ssl.h>

namespace camloop {

class TlsEngine {
 public:
  /// What encrypt() puts into a record: 16 KiB (RFC 8446, 5.1) but for what TLS 1.3 adds inside.
  static constexpr size_t kRecordMax = 16 * 1024 - 64;
  /// What feed() takes at once.
  static constexpr size_t kFeedMax = 16 * 1024;
  /// What decrypt() may give at once: all that was fed, and the record that it completes.
  static constexpr size_t kPlainMax = kFeedMax + 16 * 1024;

  enum class Progress {
    kMore,       // there is a next step
    kNeedsPeer,  // not before more has been fed
    kDone,       // the handshake is over
  };

  /// `server_name`: a client's name or address of the server, which its certificate must be for.
  TlsEngine(std::shared_ptr<const TlsContext> context, std::string_view server_name);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  /// Takes ciphertext; only while hungry().
  void feed(Bytes ciphertext);
  /// All that was fed has been used.
  bool hungry() const { return incoming_.empty(); }

  /// One step of the handshake: the unit of work between two turns of the loop.
  Result<Progress> step();
  bool established() const { return established_; }
  /// Version and cipher suite, and whether a client took up a session; once established.
  std::string description() const;

  /// After the handshake: all plaintext there is of what was fed. `plain` has room for kPlainMax.
  Result<size_t> decrypt(MutableBytes plain);
  /// The peer has said that it will send no more (close_notify).
  bool closed() const { return closed_; }

  /// Makes one record of at most kRecordMax bytes; how many it took. Only while nothing is
  /// outgoing, so that not more than a record lies ahead of the socket.
  Result<size_t> encrypt(Bytes plain);
  /// Says that we will send no more.
  void close();

  /// Ciphertext for the peer; valid until the next call.
  Bytes outgoing() const { return outgoing_.front(); }
  void consume(size_t count) { outgoing_.consume(count); }

 private:
  static int on_send(void* self, const uint8_t* bytes, size_t size);
  static int on_receive(void* self, uint8_t* bytes, size_t size);
  static int on_verify(void* self, mbedtls_x509_crt* certificate, int depth, uint32_t* flags);

  bool is_for_address(const mbedtls_x509_crt& certificate) const;
  void keep_session();
  /// What an error code of mbedTLS means here.
  Error fault(int code) const;
  /// The alert that the peer meant, -1: none.
  int alert_behind(int code) const;
  bool is_tls12() const;

  std::shared_ptr<const TlsContext> context_;
  std::string server_name_;
  std::string address_;  // the server's, in network byte order, where its name is one
  mbedtls_ssl_context ssl_;
  ByteQueue incoming_;
  ByteQueue outgoing_;
  bool spoken_ = false;       // the peer's first byte has been seen
  bool foreign_ = false;      // and it was not TLS
  bool verified_ = false;     // the peer's certificate was looked at
  bool self_signed_ = false;  // that certificate
  bool asked_ = false;        // the server wants a client certificate
  bool heard_ = false;        // something of the peer's was decrypted
  bool established_ = false;
  bool closed_ = false;
};

}  // namespace camloop
