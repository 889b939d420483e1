// What went wrong with TLS, in words for a person.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace camloop {

/// Why the peer's certificate is refused.
struct CertificateFault {
  uint32_t flags = 0;  // MBEDTLS_X509_BADCERT_...
  bool self_signed = false;
  std::string_view server_name;  // that it should have been for
};

/// `now_s`: the wall clock, in seconds since 1970, by which its dates were judged.
std::string certificate_fault_text(const CertificateFault& fault, int64_t now_s);
/// An alert of the peer (RFC 8446, 6): what it means for us.
std::string alert_text(int alert);
/// A return code of mbedTLS.
std::string tls_code_text(int code);

}  // namespace camloop
