#include "io/tls_fault.h"

#include <gtest/gtest.h>

#include <mbedtls/ssl.h>
#include <mbedtls/x509.h>

namespace camloop {
namespace {

constexpr int64_t kBoot_s = 5;
constexpr int64_t kToday_s = 1'800'000'000;

TEST(TlsFaultTest, BlamesAClockThatWasNeverSet) {
  CertificateFault early{.flags = MBEDTLS_X509_BADCERT_FUTURE | MBEDTLS_X509_BADCERT_NOT_TRUSTED};
  EXPECT_EQ(certificate_fault_text(early, kBoot_s),
            "the clock says 1970, so no certificate can be valid yet");
  EXPECT_EQ(certificate_fault_text(early, kToday_s), "the certificate is not valid yet");
}

TEST(TlsFaultTest, SaysWhyACertificateIsRefused) {
  auto text = [](uint32_t flags, bool self_signed = false) {
    return certificate_fault_text({flags, self_signed, "camera.test"}, kToday_s);
  };
  EXPECT_EQ(text(MBEDTLS_X509_BADCERT_EXPIRED), "the certificate has expired");
  EXPECT_EQ(text(MBEDTLS_X509_BADCERT_NOT_TRUSTED),
            "the certificate is not trusted (of an unknown authority)");
  EXPECT_EQ(text(MBEDTLS_X509_BADCERT_NOT_TRUSTED | MBEDTLS_X509_BADCERT_CN_MISMATCH, true),
            "the certificate is not trusted (self-signed)");
  EXPECT_EQ(text(MBEDTLS_X509_BADCERT_CN_MISMATCH), "the certificate is not for camera.test");
  EXPECT_EQ(text(MBEDTLS_X509_BADCERT_EXT_KEY_USAGE), "the certificate is for another use");
  EXPECT_EQ(text(MBEDTLS_X509_BADCERT_BAD_KEY),
            "the certificate's key or signature is of a kind too weak or unknown");
  EXPECT_EQ(text(MBEDTLS_X509_BADCERT_REVOKED), "the certificate is refused (0x2)");
}

TEST(TlsFaultTest, NamesAlerts) {
  EXPECT_EQ(alert_text(MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED),
            "the peer says that our certificate has expired");
  EXPECT_EQ(alert_text(86), "the peer sent alert 86");
}

TEST(TlsFaultTest, HasWordsForEveryCode) {
  EXPECT_EQ(tls_code_text(MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE), "nothing in common with the peer");
  EXPECT_NE(tls_code_text(MBEDTLS_ERR_SSL_DECODE_ERROR), "");
}

}  // namespace
}  // namespace camloop
