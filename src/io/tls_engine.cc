#include "io/tls_engine.h"

#include "base/check.h"
#include "base/clock.h"
#include "io/tls_fault.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <mbedtls/ssl_ciphersuites.h>

namespace camloop {
namespace {

// A step of the handshake, or a record, and an alert behind it: a flight with the longest chain of
// certificates that mbedTLS sends is one record of each message.
constexpr size_t kOutgoingMax = 4 * TlsEngine::kRecordMax;
// RFC 8446, 5.1: the first byte of a connection is that of a handshake, or of an alert.
constexpr uint8_t kAlertRecord = 21;
constexpr uint8_t kHandshakeRecord = 22;

/// `name` as an address in network byte order; empty where it is none.
std::string address_bytes(const std::string& name) {
  for (auto [family, size] : {std::pair(AF_INET, 4), std::pair(AF_INET6, 16)}) {
    std::string bytes(static_cast<size_t>(size), '\0');
    if (inet_pton(family, name.c_str(), bytes.data()) == 1) return bytes;
  }
  return {};
}

}  // namespace

TlsEngine::TlsEngine(std::shared_ptr<const TlsContext> context, std::string_view server_name)
    : context_(std::move(context)),
      server_name_(server_name),
      address_(address_bytes(server_name_)),
      incoming_(kFeedMax),
      outgoing_(kOutgoingMax) {
  mbedtls_ssl_init(&ssl_);
  // These fail for want of memory, or for a name that no resolver would have taken.
  CHECK(mbedtls_ssl_setup(&ssl_, context_->config()) == 0);
  mbedtls_ssl_set_bio(&ssl_, this, &on_send, &on_receive, nullptr);
  mbedtls_ssl_set_verify(&ssl_, &on_verify, this);
  if (context_->is_server()) return;
  // An address is no name to ask for (RFC 6066, 3): on_verify() looks for it.
  const char* name = address_.empty() ? server_name_.c_str() : nullptr;
  CHECK(mbedtls_ssl_set_hostname(&ssl_, name) == 0);
  const mbedtls_ssl_session* session = context_->session(server_name_);
  // One that is too old is not taken: the handshake is a full one then.
  if (session) (void)mbedtls_ssl_set_session(&ssl_, session);
}

TlsEngine::~TlsEngine() {
  mbedtls_ssl_free(&ssl_);
}

// ---- What mbedTLS calls ----

int TlsEngine::on_send(void* self, const uint8_t* bytes, size_t size) {
  auto* engine = static_cast<TlsEngine*>(self);
  return engine->outgoing_.append({bytes, size}) ? static_cast<int>(size)
                                                 : MBEDTLS_ERR_SSL_WANT_WRITE;
}

int TlsEngine::on_receive(void* self, uint8_t* bytes, size_t size) {
  auto* engine = static_cast<TlsEngine*>(self);
  Bytes fed = engine->incoming_.front();
  size = std::min(size, fed.size());
  if (size == 0) return MBEDTLS_ERR_SSL_WANT_READ;
  std::memcpy(bytes, fed.data(), size);
  engine->incoming_.consume(size);
  return static_cast<int>(size);
}

// Once for each certificate of the chain; 0 is the peer's own. The flags decide.
int TlsEngine::on_verify(void* self, mbedtls_x509_crt* certificate, int depth, uint32_t* flags) {
  auto* engine = static_cast<TlsEngine*>(self);
  engine->verified_ = true;
  if (depth != 0) return 0;
  Bytes issuer(certificate->issuer_raw.p, certificate->issuer_raw.len);
  Bytes subject(certificate->subject_raw.p, certificate->subject_raw.len);
  engine->self_signed_ = std::ranges::equal(issuer, subject);
  if (!engine->address_.empty() && !engine->is_for_address(*certificate)) {
    *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
  }
  return 0;
}

// RFC 5280, 4.2.1.6: as bytes in network order.
bool TlsEngine::is_for_address(const mbedtls_x509_crt& certificate) const {
  for (auto* name = &certificate.subject_alt_names; name != nullptr; name = name->next) {
    bool is_address = (name->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) == MBEDTLS_X509_SAN_IP_ADDRESS;
    if (is_address && address_ == as_text(Bytes(name->buf.p, name->buf.len))) return true;
  }
  return false;
}

// ---- The handshake ----

void TlsEngine::feed(Bytes ciphertext) {
  CHECK(hungry());
  CHECK(incoming_.append(ciphertext));
  if (!spoken_ && !ciphertext.empty()) {
    spoken_ = true;
    foreign_ = ciphertext[0] != kHandshakeRecord && ciphertext[0] != kAlertRecord;
  }
}

Result<TlsEngine::Progress> TlsEngine::step() {
  CHECK(!established_);
  if (foreign_) return Error{"TLS: the peer does not speak TLS"};
  bool may_show_certificate = ssl_.MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_CLIENT_CERTIFICATE;
  size_t outgoing = outgoing_.size();
  int code = mbedtls_ssl_handshake_step(&ssl_);
  // In that state a client sends something only if it was asked, though it be no certificate.
  if (may_show_certificate && !context_->is_server()) asked_ |= outgoing_.size() > outgoing;
  if (code == MBEDTLS_ERR_SSL_WANT_READ) return Progress::kNeedsPeer;
  if (code == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE && is_tls12()) {
    // RFC 5246, 7.4.6; mbedTLS leaves without a word.
    (void)mbedtls_ssl_send_alert_message(&ssl_, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                         MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE);
  }
  if (code != 0) return fault(code);
  established_ = mbedtls_ssl_is_handshake_over(&ssl_) != 0;
  if (!established_) return Progress::kMore;
  // In TLS 1.3 the ticket comes later, when it likes.
  if (is_tls12()) keep_session();
  return Progress::kDone;
}

void TlsEngine::keep_session() {
  if (!context_->is_server()) context_->keep_session(server_name_, &ssl_);
}

std::string TlsEngine::description() const {
  std::string text = mbedtls_ssl_get_version(&ssl_);
  text.append(" ").append(mbedtls_ssl_get_ciphersuite(&ssl_));
  if (!context_->is_server() && !verified_) text += ", resumed";
  return text;
}

Error TlsEngine::fault(int code) const {
  if (code == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
    CertificateFault why{mbedtls_ssl_get_verify_result(&ssl_), self_signed_, server_name_};
    return Error{"TLS: " + certificate_fault_text(why, wall_us() / kSecond_us)};
  }
  if (code == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE) {
    return Error{"TLS: the peer sent no client certificate"};
  }
  if (int alert = alert_behind(code); alert >= 0) return Error{"TLS: " + alert_text(alert)};
  return Error{"TLS: " + tls_code_text(code)};
}

// mbedTLS as a TLS 1.3 peer sends its alerts with keys that are over or not there yet: a client's
// about the server's certificate come in the clear, a server's about the client's with the keys of
// the handshake, which cannot be read any more.
int TlsEngine::alert_behind(int code) const {
  const uint8_t* record = ssl_.MBEDTLS_PRIVATE(in_hdr);
  bool asked_in_vain = asked_ && !context_->has_certificate();
  switch (code) {
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
      return MBEDTLS_SSL_ALERT_MSG_CLOSE_NOTIFY;
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
      if (asked_in_vain && !established_) return MBEDTLS_SSL_ALERT_MSG_CERT_REQUIRED;
      return ssl_.MBEDTLS_PRIVATE(in_msg)[1];
    case MBEDTLS_ERR_SSL_INVALID_MAC:
      if (record[0] == kAlertRecord && record[3] == 0 && record[4] == 2) return record[6];
      if (!asked_ || !established_ || heard_) return -1;
      return asked_in_vain ? MBEDTLS_SSL_ALERT_MSG_CERT_REQUIRED
                           : MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN;
    default:
      return -1;
  }
}

bool TlsEngine::is_tls12() const {
  return mbedtls_ssl_get_version_number(&ssl_) == MBEDTLS_SSL_VERSION_TLS1_2;
}

// ---- The connection ----

Result<size_t> TlsEngine::decrypt(MutableBytes plain) {
  CHECK(plain.size() >= kPlainMax);
  size_t size = 0;
  while (!closed_) {
    int code = mbedtls_ssl_read(&ssl_, plain.data() + size, plain.size() - size);
    heard_ |= code > 0 || code == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
    if (code > 0) {
      size += static_cast<size_t>(code);
    } else if (code == MBEDTLS_ERR_SSL_WANT_READ) {
      // It says so too when it has set a ticket aside, to be taken by the next call.
      if (!mbedtls_ssl_check_pending(&ssl_)) return size;
    } else if (code == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
      keep_session();
    } else if (code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
      closed_ = true;
    } else {
      return fault(code);
    }
  }
  incoming_.clear();  // what follows the end is nobody's
  return size;
}

Result<size_t> TlsEngine::encrypt(Bytes plain) {
  CHECK(established_ && outgoing_.empty());
  int code = mbedtls_ssl_write(&ssl_, plain.data(), std::min(plain.size(), kRecordMax));
  if (code < 0) return fault(code);
  return static_cast<size_t>(code);
}

void TlsEngine::close() {
  // It fails where the connection is broken, and then there is nothing to be said.
  (void)mbedtls_ssl_close_notify(&ssl_);
}

}  // namespace camloop
