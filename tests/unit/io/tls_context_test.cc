#include "io/tls_context.h"

#include "unit/io/tls_certificates.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

class TlsContextTest : public testing::Test {
 protected:
  TlsContextTest() { files_.make("camera", {}); }

  std::string server_error(const std::string& cert, const std::string& key,
                           const std::string& client_ca = "") {
    auto made = TlsContext::server({cert, key, client_ca});
    return made.ok() ? "" : made.error().text;
  }
  std::string client_error(const TlsClientFiles& client) {
    auto made = TlsContext::client(client);
    return made.ok() ? "" : made.error().text;
  }
  std::string write(const std::string& name, const std::string& text) {
    return files_.folder().write(name, text);
  }

  TlsFiles files_;
};

TEST_F(TlsContextTest, TakesACertificateAndItsKey) {
  EXPECT_EQ(server_error(files_.cert("camera"), files_.key("camera")), "");
  EXPECT_EQ(server_error(files_.cert("camera"), files_.key("camera"), files_.cert("authority")),
            "");
  EXPECT_EQ(client_error({.ca = files_.cert("authority")}), "");
  EXPECT_EQ(client_error({files_.cert("authority"), files_.cert("camera"), files_.key("camera")}),
            "");
}

TEST_F(TlsContextTest, NamesAFileThatIsMissing) {
  std::string missing = files_.cert("missing");
  std::string said = missing + ": No such file or directory";
  EXPECT_EQ(server_error(missing, files_.key("camera")), said);
  EXPECT_EQ(server_error(files_.cert("camera"), missing), said);
  EXPECT_EQ(server_error(files_.cert("camera"), files_.key("camera"), missing), said);
  EXPECT_EQ(client_error({.ca = missing}), said);
  EXPECT_EQ(client_error({.ca = files_.folder().path()}),
            files_.folder().path() + ": Is a directory");
}

TEST_F(TlsContextTest, SaysWhatIsNotPem) {
  std::string text = write("text", "hello\n");
  EXPECT_EQ(server_error(text, files_.key("camera")), text + ": no PEM certificate in it");
  EXPECT_EQ(server_error(files_.key("camera"), files_.key("camera")),
            files_.key("camera") + ": no PEM certificate in it");
  EXPECT_EQ(server_error(files_.cert("camera"), text), text + ": no PEM key in it");
  EXPECT_EQ(server_error(files_.cert("camera"), files_.cert("camera")),
            files_.cert("camera") + ": no PEM key in it");
}

TEST_F(TlsContextTest, SaysThatACertificateIsDamaged) {
  const std::string head = "-----BEGIN CERTIFICATE-----\n", tail = "-----END CERTIFICATE-----\n";
  std::string bad = write("bad", head + "MIIBszCCAVmgAwIBAgIJ\n" + tail);
  EXPECT_TRUE(server_error(bad, files_.key("camera")).starts_with(bad + ": not a usable"))
      << server_error(bad, files_.key("camera"));
  std::string cut = write("cut", head + "MIIB\n");
  EXPECT_NE(server_error(cut, files_.key("camera")), "");
}

TEST_F(TlsContextTest, TakesNoFileWithADamagedCertificateAmongGoodOnes) {
  files_.folder().append("authority.crt",
                         "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIJ\n"
                         "-----END CERTIFICATE-----\n");
  std::string ca = files_.cert("authority");
  EXPECT_EQ(client_error({.ca = ca}), ca + ": 1 of its certificates cannot be used");
}

TEST_F(TlsContextTest, SaysThatAKeyIsOfAnotherCertificate) {
  files_.make("other", {});
  EXPECT_EQ(
      server_error(files_.cert("camera"), files_.key("other")),
      files_.key("other") + ": the key does not match the certificate " + files_.cert("camera"));
}

TEST_F(TlsContextTest, SaysThatAKeyIsEncrypted) {
  for (const char* text : {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII\n",
                           "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"}) {
    std::string key = write("secret", text);
    EXPECT_EQ(server_error(files_.cert("camera"), key),
              key + ": the key is encrypted; it must be in the clear");
  }
}

TEST_F(TlsContextTest, WantsCertificateAndKeyTogether) {
  std::string ca = files_.cert("authority"), cert = files_.cert("camera");
  EXPECT_EQ(client_error({ca, cert, ""}), cert + ": a certificate without a key");
  EXPECT_EQ(client_error({ca, "", files_.key("camera")}),
            files_.key("camera") + ": a key without a certificate");
}

TEST_F(TlsContextTest, ReadsNoFileWithoutEnd) {
  EXPECT_EQ(client_error({.ca = "/dev/zero"}), "/dev/zero: larger than 1 MiB");
}

}  // namespace
}  // namespace camloop
