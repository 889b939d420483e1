#include "unit/io/tls_certificates.h"

#include "base/check.h"

#include <deque>
#include <random>

#include <mbedtls/ecp.h>

namespace camloop {
namespace {

int random_bytes(void*, uint8_t* bytes, size_t size) {
  std::random_device random;
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(random());
  return 0;
}

/// The alternative names of a certificate, linked as mbedTLS wants them.
struct AlternativeNames {
  explicit AlternativeNames(const TestCertificate& certificate) {
    for (const std::string& host : certificate.hosts) add(MBEDTLS_X509_SAN_DNS_NAME, host);
    for (const std::string& ip : certificate.addresses) add(MBEDTLS_X509_SAN_IP_ADDRESS, ip);
  }
  void add(int type, const std::string& text) {
    mbedtls_x509_san_list name{};
    name.node.type = type;
    name.node.san.unstructured_name.p =
        const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data()));
    name.node.san.unstructured_name.len = text.size();
    names.push_back(name);
    if (names.size() > 1) names[names.size() - 2].next = &names.back();
  }
  std::deque<mbedtls_x509_san_list> names;  // a deque: they point to each other
};

}  // namespace

struct TlsFiles::Key : TlsObject<mbedtls_pk_context, mbedtls_pk_init, mbedtls_pk_free> {};

TlsFiles::TlsFiles() {
  make("authority",
       {.name = "CN=Test Authority", .hosts = {}, .issuer = "self", .is_authority = true});
}

TlsFiles::~TlsFiles() = default;

void TlsFiles::make(const std::string& name, const TestCertificate& wanted) {
  auto key = std::make_unique<Key>();
  CHECK(mbedtls_pk_setup(key->get(), mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) == 0);
  CHECK(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key->get()), random_bytes,
                            nullptr) == 0);
  bool own = wanted.issuer == "self";
  TlsObject<mbedtls_x509write_cert, mbedtls_x509write_crt_init, mbedtls_x509write_crt_free> made;
  uint8_t serial[8];
  random_bytes(nullptr, serial, sizeof serial);
  serial[0] = 1;
  AlternativeNames names(wanted);
  mbedtls_x509write_crt_set_version(made.get(), MBEDTLS_X509_CRT_VERSION_3);
  mbedtls_x509write_crt_set_md_alg(made.get(), MBEDTLS_MD_SHA256);
  mbedtls_x509write_crt_set_subject_key(made.get(), key->get());
  mbedtls_x509write_crt_set_issuer_key(made.get(), (own ? key : keys_.at(wanted.issuer))->get());
  const std::string& issuer = own ? wanted.name : names_.at(wanted.issuer);
  CHECK(mbedtls_x509write_crt_set_serial_raw(made.get(), serial, sizeof serial) == 0 &&
        mbedtls_x509write_crt_set_subject_name(made.get(), wanted.name.c_str()) == 0 &&
        mbedtls_x509write_crt_set_issuer_name(made.get(), issuer.c_str()) == 0 &&
        mbedtls_x509write_crt_set_validity(made.get(), wanted.from.c_str(), wanted.until.c_str()) ==
            0 &&
        mbedtls_x509write_crt_set_basic_constraints(made.get(), wanted.is_authority, -1) == 0);
  if (!names.names.empty()) {
    CHECK(mbedtls_x509write_crt_set_subject_alternative_name(made.get(), &names.names[0]) == 0);
  }
  uint8_t pem[4096];
  CHECK(mbedtls_x509write_crt_pem(made.get(), pem, sizeof pem, random_bytes, nullptr) == 0);
  folder_.write(name + ".crt", reinterpret_cast<const char*>(pem));
  CHECK(mbedtls_pk_write_key_pem(key->get(), pem, sizeof pem) == 0);
  folder_.write(name + ".key", reinterpret_cast<const char*>(pem));
  keys_[name] = std::move(key);
  names_[name] = wanted.name;
}

std::shared_ptr<TlsContext> TlsFiles::server(const std::string& name, bool asks) const {
  auto made = TlsContext::server({.cert = cert(name),
                                  .key = key(name),
                                  .client_ca = asks ? cert("authority") : std::string()});
  EXPECT_TRUE(made.ok()) << made.error().text;
  return made.value();
}

std::shared_ptr<TlsContext> TlsFiles::client(const std::string& name) const {
  auto made = TlsContext::client({.ca = cert("authority"),
                                  .cert = name.empty() ? name : cert(name),
                                  .key = name.empty() ? name : key(name)});
  EXPECT_TRUE(made.ok()) << made.error().text;
  return made.value();
}

void allow_only_tls12(TlsContext& context) {
  auto* config = const_cast<mbedtls_ssl_config*>(context.config());
  mbedtls_ssl_conf_max_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
}

}  // namespace camloop
