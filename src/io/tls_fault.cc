#include "io/tls_fault.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <span>

#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509.h>

namespace camloop {
namespace {

// 2025-01-01: this program is younger, so a clock that says less is wrong.
constexpr int64_t kProgramBegan_s = 1'735'689'600;

struct Name {
  int code;
  const char* text;
};

// Where mbedTLS's own words would not help.
constexpr Name kCodes[] = {
    {MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, "nothing in common with the peer"},
    {MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, "the peer does not speak our versions, 1.2 and 1.3"},
    {MBEDTLS_ERR_SSL_INVALID_MAC, "a record was damaged"},
};

constexpr Name kAlerts[] = {
    {MBEDTLS_SSL_ALERT_MSG_CLOSE_NOTIFY, "the peer closed the connection during the handshake"},
    {MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE, "the peer did not expect our message"},
    {MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC, "the peer got a damaged record"},
    {MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, "the peer found nothing in common with us"},
    {MBEDTLS_SSL_ALERT_MSG_NO_CERT, "the peer asked for a client certificate"},
    {MBEDTLS_SSL_ALERT_MSG_BAD_CERT, "the peer refuses our certificate"},
    {MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT, "the peer cannot use our kind of certificate"},
    {MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED, "the peer says that our certificate was revoked"},
    {MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED, "the peer says that our certificate has expired"},
    {MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN, "the peer does not accept our certificate"},
    {MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA, "the peer does not trust our certificate's authority"},
    {MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED, "the peer denies access"},
    {MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION, "the peer does not speak our versions, 1.2 and 1.3"},
    {MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR, "the peer had an internal error"},
    {MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME, "the peer is no server of that name"},
    {MBEDTLS_SSL_ALERT_MSG_CERT_REQUIRED, "the peer asked for a client certificate"},
};

const char* find(std::span<const Name> names, int code) {
  auto found = std::ranges::find(names, code, &Name::code);
  return found == names.end() ? nullptr : found->text;
}

std::string year_of(int64_t now_s) {
  auto seconds = static_cast<time_t>(now_s);
  tm parts{};
  gmtime_r(&seconds, &parts);
  return std::to_string(parts.tm_year + 1900);
}

std::string hexadecimal(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%X", value);
  return text;
}

}  // namespace

// The first that holds: with a wrong clock nothing that follows means anything.
std::string certificate_fault_text(const CertificateFault& fault, int64_t now_s) {
  auto has = [&fault](uint32_t flags) { return (fault.flags & flags) != 0; };
  if (has(MBEDTLS_X509_BADCERT_FUTURE) && now_s < kProgramBegan_s) {
    return "the clock says " + year_of(now_s) + ", so no certificate can be valid yet";
  }
  if (has(MBEDTLS_X509_BADCERT_FUTURE)) return "the certificate is not valid yet";
  if (has(MBEDTLS_X509_BADCERT_EXPIRED)) return "the certificate has expired";
  if (has(MBEDTLS_X509_BADCERT_NOT_TRUSTED)) {
    return fault.self_signed ? "the certificate is not trusted (self-signed)"
                             : "the certificate is not trusted (of an unknown authority)";
  }
  if (has(MBEDTLS_X509_BADCERT_CN_MISMATCH)) {
    return "the certificate is not for " + std::string(fault.server_name);
  }
  if (has(MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE)) {
    return "the certificate is for another use";
  }
  if (has(MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK |
          MBEDTLS_X509_BADCERT_BAD_KEY)) {
    return "the certificate's key or signature is of a kind too weak or unknown";
  }
  return "the certificate is refused (" + hexadecimal(fault.flags) + ")";
}

std::string alert_text(int alert) {
  if (const char* text = find(kAlerts, alert)) return text;
  return "the peer sent alert " + std::to_string(alert);
}

std::string tls_code_text(int code) {
  if (const char* known = find(kCodes, code)) return known;
  char text[128];
  mbedtls_strerror(code, text, sizeof text);
  return text;
}

}  // namespace camloop
