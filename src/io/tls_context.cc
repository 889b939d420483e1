#include "io/tls_context.h"

#include "base/check.h"
#include "io/tls_fault.h"

#include <cerrno>
#include <cstdio>

#include <mbedtls/platform_util.h>
#include <psa/crypto.h>

namespace camloop {
namespace {

// The largest PEM file: the bundle of all public authorities is a quarter of it.
constexpr size_t kFileBytesMax = 1024 * 1024;
// A key that encrypts tickets is followed by another after this long: what a stolen key opens is
// bounded (mbedTLS does it; RFC 8446, 4.6.1 allows a week).
constexpr uint32_t kTicketLife_s = 86'400;
// Servers whose sessions are kept: a program here has two or three.
constexpr size_t kSessionsMax = 8;

// Where systems keep their bundle: Debian and OpenWrt, Alpine and BSD, Red Hat.
constexpr const char* kSystemTrust[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem",
                                        "/etc/pki/tls/certs/ca-bundle.crt"};

// Best first. A small ARM has no instructions for AES: ChaCha20 is faster there, and does not tell
// of the key by its timing.
constexpr int kSuites[] = {
#ifdef __arm__
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
#endif
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
#ifndef __arm__
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
#endif
    0,
};

// P-256 first: mbedTLS is fastest at it.
constexpr uint16_t kGroups[] = {
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_NONE};

int random_bytes(void*, uint8_t* bytes, size_t size) {
  return psa_generate_random(bytes, size) == PSA_SUCCESS ? 0 : MBEDTLS_ERR_SSL_NO_RNG;
}

Error file_error(const std::string& path, const std::string& what) {
  return Error{path + ": " + what};
}

/// The bytes of a PEM file and a zero, as mbedTLS wants it; wiped when dropped, for it may be a
/// key.
class PemText {
 public:
  PemText() = default;
  PemText(PemText&&) = default;
  ~PemText() { mbedtls_platform_zeroize(text_.data(), text_.size()); }

  static Result<PemText> read(const std::string& path) {
    FILE* file = std::fopen(path.c_str(), "re");
    if (!file) return system_error(path, errno);
    PemText pem;
    pem.text_.resize(kFileBytesMax + 1);
    errno = 0;
    pem.text_.resize(std::fread(pem.text_.data(), 1, pem.text_.size(), file));
    int code = std::ferror(file) ? errno : 0;
    std::fclose(file);
    if (code != 0) return system_error(path, code);
    if (pem.text_.size() > kFileBytesMax) return file_error(path, "larger than 1 MiB");
    return pem;
  }

  bool has(std::string_view word) const { return text_.find(word) != std::string::npos; }
  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(text_.c_str()); }
  size_t size() const { return text_.size() + 1; }

 private:
  std::string text_;
};

/// How many certificates of the file cannot be used; an Error where none can.
Result<int> parse_certificates(const std::string& path, mbedtls_x509_crt* into) {
  PemText pem = TRY(PemText::read(path));
  if (!pem.has("-----BEGIN CERTIFICATE-----")) return file_error(path, "no PEM certificate in it");
  int unusable = mbedtls_x509_crt_parse(into, pem.data(), pem.size());
  if (unusable < 0) return file_error(path, "not a usable certificate: " + tls_code_text(unusable));
  if (into->version == 0) return file_error(path, "no usable certificate in it");
  return unusable;
}

/// Of what a user named, all must be usable.
Result<> parse_own_certificates(const std::string& path, mbedtls_x509_crt* into) {
  int unusable = TRY(parse_certificates(path, into));
  if (unusable == 0) return {};
  return file_error(path, std::to_string(unusable) + " of its certificates cannot be used");
}

}  // namespace

// ---- Cryptography ----

namespace {
int cryptography_users = 0;
}  // namespace

TlsContext::Cryptography::Cryptography() {
  // It fails for want of randomness or of memory: nothing could be promised then.
  if (cryptography_users++ == 0) CHECK(psa_crypto_init() == PSA_SUCCESS);
}

TlsContext::Cryptography::~Cryptography() {
  if (--cryptography_users == 0) mbedtls_psa_crypto_free();
}

// ---- Making one ----

Result<std::shared_ptr<TlsContext>> TlsContext::server(const TlsServerFiles& files) {
  auto context = std::make_shared<TlsContext>(Private());
  TRY(context->configure(MBEDTLS_SSL_IS_SERVER));
  TRY(context->load_own(files.cert, files.key));
  if (!files.client_ca.empty()) TRY(context->load_trusted(files.client_ca));
  mbedtls_ssl_conf_authmode(context->config_.get(), files.client_ca.empty()
                                                        ? MBEDTLS_SSL_VERIFY_NONE
                                                        : MBEDTLS_SSL_VERIFY_REQUIRED);
  TRY(context->issue_tickets());
  return context;
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(const TlsClientFiles& files) {
  auto context = std::make_shared<TlsContext>(Private());
  TRY(context->configure(MBEDTLS_SSL_IS_CLIENT));
  TRY(files.ca.empty() ? context->load_system_trust() : context->load_trusted(files.ca));
  if (!files.cert.empty() || !files.key.empty()) TRY(context->load_own(files.cert, files.key));
  mbedtls_ssl_conf_authmode(context->config_.get(), MBEDTLS_SSL_VERIFY_REQUIRED);
  mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
      context->config_.get(), MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
  return context;
}

Result<> TlsContext::configure(int endpoint) {
  is_server_ = endpoint == MBEDTLS_SSL_IS_SERVER;
  mbedtls_ssl_config* config = config_.get();
  int code = mbedtls_ssl_config_defaults(config, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM,
                                         MBEDTLS_SSL_PRESET_DEFAULT);
  if (code != 0) return Error{"TLS: " + tls_code_text(code)};
  mbedtls_ssl_conf_rng(config, random_bytes, nullptr);
  mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
  mbedtls_ssl_conf_ciphersuites(config, kSuites);
  mbedtls_ssl_conf_groups(config, kGroups);
  // Also a session that is taken up again gets keys of its own.
  mbedtls_ssl_conf_tls13_key_exchange_modes(config,
                                            MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ALL);
  return {};
}

Result<> TlsContext::load_own(const std::string& cert, const std::string& key) {
  if (cert.empty()) return file_error(key, "a key without a certificate");
  if (key.empty()) return file_error(cert, "a certificate without a key");
  TRY(parse_own_certificates(cert, certificate_.get()));
  PemText pem = TRY(PemText::read(key));
  if (pem.has("ENCRYPTED")) return file_error(key, "the key is encrypted; it must be in the clear");
  if (!pem.has("PRIVATE KEY-----")) return file_error(key, "no PEM key in it");
  int code =
      mbedtls_pk_parse_key(key_.get(), pem.data(), pem.size(), nullptr, 0, random_bytes, nullptr);
  if (code != 0) return file_error(key, "not a usable key: " + tls_code_text(code));
  if (mbedtls_pk_check_pair(&certificate_->pk, key_.get(), random_bytes, nullptr) != 0) {
    return file_error(key, "the key does not match the certificate " + cert);
  }
  code = mbedtls_ssl_conf_own_cert(config_.get(), certificate_.get(), key_.get());
  return code == 0 ? Result<>() : file_error(cert, tls_code_text(code));
}

Result<> TlsContext::load_trusted(const std::string& ca) {
  TRY(parse_own_certificates(ca, trusted_.get()));
  mbedtls_ssl_conf_ca_chain(config_.get(), trusted_.get(), nullptr);
  return {};
}

// A public bundle may hold an authority whose key is of a kind that we lack: the others will do.
Result<> TlsContext::load_system_trust() {
  for (const char* path : kSystemTrust) {
    if (!parse_certificates(path, trusted_.get()).ok()) continue;
    mbedtls_ssl_conf_ca_chain(config_.get(), trusted_.get(), nullptr);
    return {};
  }
  return Error{std::string(kSystemTrust[0]) +
               ": the system has no certificates of authorities; name a file of those to trust"};
}

Result<> TlsContext::issue_tickets() {
  int code = mbedtls_ssl_ticket_setup(tickets_.get(), random_bytes, nullptr,
                                      MBEDTLS_CIPHER_AES_256_GCM, kTicketLife_s);
  if (code != 0) return Error{"TLS: " + tls_code_text(code)};
  mbedtls_ssl_conf_session_tickets_cb(config_.get(), mbedtls_ssl_ticket_write,
                                      mbedtls_ssl_ticket_parse, tickets_.get());
  return {};
}

// ---- Sessions ----

const mbedtls_ssl_session* TlsContext::session(std::string_view server_name) const {
  auto found = sessions_.find(server_name);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void TlsContext::keep_session(std::string_view server_name,
                              const mbedtls_ssl_context* connection) const {
  auto found = sessions_.find(server_name);
  if (found != sessions_.end()) sessions_.erase(found);
  if (sessions_.size() >= kSessionsMax) sessions_.erase(sessions_.begin());
  auto kept = sessions_.try_emplace(std::string(server_name)).first;
  if (mbedtls_ssl_get_session(connection, kept->second.get()) != 0) sessions_.erase(kept);
}

}  // namespace camloop
