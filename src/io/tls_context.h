// TlsContext: what connections with TLS have in common: certificate, key, whom to trust, and the
// sessions that can be taken up again. Made once from PEM files, shared by its connections.
//
// TLS 1.2 and 1.3 with ECDHE and AEAD only. A client always checks the server's certificate and
// name.
#pragma once

#include "base/result.h"
#include "io/tls_object.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>

namespace camloop {

struct TlsServerFiles {
  std::string cert;       // the certificate, then those between it and the authority
  std::string key;        // not encrypted
  std::string client_ca;  // clients must have a certificate of these authorities; empty: none asked
};

struct TlsClientFiles {
  std::string ca;    // authorities to trust; empty: those that the system trusts
  std::string cert;  // with `key`: ours, for servers that ask; both or none
  std::string key;
};

class TlsContext {
  struct Private {};  // only server() and client() construct

 public:
  /// The error names the file and says what is wrong with it.
  static Result<std::shared_ptr<TlsContext>> server(const TlsServerFiles& files);
  static Result<std::shared_ptr<TlsContext>> client(const TlsClientFiles& files);

  explicit TlsContext(Private) {}

  bool is_server() const { return is_server_; }
  bool has_certificate() const { return certificate_->version != 0; }
  /// For a connection, which must not outlive this.
  const mbedtls_ssl_config* config() const { return config_.get(); }
  /// A client: the last session with this server, nullptr where there is none.
  const mbedtls_ssl_session* session(std::string_view server_name) const;
  /// A client: `connection` can be taken up again. Sharing a context is no change to it.
  void keep_session(std::string_view server_name, const mbedtls_ssl_context* connection) const;

 private:
  using Certificates = TlsObject<mbedtls_x509_crt, mbedtls_x509_crt_init, mbedtls_x509_crt_free>;
  using Session =
      TlsObject<mbedtls_ssl_session, mbedtls_ssl_session_init, mbedtls_ssl_session_free>;

  /// mbedTLS's cryptography, started by the first context and ended with the last.
  struct Cryptography {
    Cryptography();
    ~Cryptography();
    Cryptography(const Cryptography&) = delete;
    Cryptography& operator=(const Cryptography&) = delete;
  };

  Result<> configure(int endpoint);
  Result<> load_own(const std::string& cert, const std::string& key);
  Result<> load_trusted(const std::string& ca);
  Result<> load_system_trust();
  Result<> issue_tickets();

  Cryptography cryptography_;  // before all that rests on it
  bool is_server_ = false;
  Certificates certificate_;
  Certificates trusted_;
  TlsObject<mbedtls_pk_context, mbedtls_pk_init, mbedtls_pk_free> key_;
  TlsObject<mbedtls_ssl_ticket_context, mbedtls_ssl_ticket_init, mbedtls_ssl_ticket_free> tickets_;
  TlsObject<mbedtls_ssl_config, mbedtls_ssl_config_init, mbedtls_ssl_config_free> config_;
  mutable std::map<std::string, Session, std::less<>> sessions_;  // by the server's name
};

}  // namespace camloop
