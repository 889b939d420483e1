#include "io/tls_engine.h"

#include "unit/io/tls_certificates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <arpa/inet.h>

namespace camloop {
namespace {

using Progress = TlsEngine::Progress;

std::string address_bytes(int family, const char* text) {
  std::string bytes(family == AF_INET ? 4 : 16, '\0');
  EXPECT_EQ(inet_pton(family, text, bytes.data()), 1);
  return bytes;
}

/// An engine and what it has come to.
struct End {
  std::unique_ptr<TlsEngine> engine;
  std::string fault;
  std::string received;

  /// Takes all steps it can.
  void go() {
    while (fault.empty() && !engine->established()) {
      auto progress = engine->step();
      if (!progress.ok()) fault = progress.error().text;
      if (progress.ok() && progress.value() == Progress::kNeedsPeer) return;
    }
    if (fault.empty()) read();
  }
  void read() {
    std::vector<uint8_t> plain(TlsEngine::kPlainMax);
    auto size = engine->decrypt(plain);
    if (!size.ok()) fault = size.error().text;
    if (size.ok()) received.append(as_text(Bytes(plain).first(size.value())));
  }
};

class TlsEngineTest : public testing::Test {
 protected:
  TlsEngineTest() {
    files_.make("camera", {.addresses = {address_bytes(AF_INET, "192.0.2.7"),
                                         address_bytes(AF_INET6, "2001:db8::7")}});
  }

  void join(std::shared_ptr<TlsContext> server, std::shared_ptr<TlsContext> client,
            const std::string& name = "camera.test") {
    server_ = {std::make_unique<TlsEngine>(std::move(server), ""), "", ""};
    client_ = {std::make_unique<TlsEngine>(std::move(client), name), "", ""};
  }
  void join(const std::string& name = "camera.test") {
    join(files_.server("camera"), files_.client(), name);
  }

  /// What one end has for the other, in pieces of `most` bytes.
  static bool pass(End& from, End& to, size_t most) {
    Bytes all = from.engine->outgoing();
    if (all.empty()) return false;
    std::vector<uint8_t> piece(all.begin(), all.begin() + std::min(most, all.size()));
    from.engine->consume(piece.size());
    if (!to.fault.empty()) return true;  // it does not listen any more
    if (to.engine->hungry()) to.engine->feed(piece);
    to.go();
    return true;
  }
  /// Until neither has anything to say.
  void talk(size_t most = TlsEngine::kFeedMax) {
    client_.go();
    server_.go();
    while (pass(client_, server_, most) || pass(server_, client_, most)) {
    }
  }
  void expect_established() {
    EXPECT_TRUE(server_.engine->established()) << server_.fault;
    EXPECT_TRUE(client_.engine->established()) << client_.fault;
    EXPECT_EQ(server_.fault + client_.fault, "");
  }

  TlsFiles files_;
  End server_, client_;
};

// ---- Handshakes ----

TEST_F(TlsEngineTest, ShakesHandsInBothVersions) {
  join();
  talk();
  expect_established();
  EXPECT_TRUE(client_.engine->description().starts_with("TLSv1.3 "));
  EXPECT_EQ(client_.engine->description(), server_.engine->description());

  auto client = files_.client();
  allow_only_tls12(*client);
  join(files_.server("camera"), client);
  talk();
  expect_established();
  EXPECT_TRUE(client_.engine->description().starts_with("TLSv1.2 TLS-ECDHE-ECDSA-WITH-"));
}

TEST_F(TlsEngineTest, ShakesHandsByteByByte) {
  for (bool old : {false, true}) {
    auto client = files_.client();
    if (old) allow_only_tls12(*client);
    join(files_.server("camera"), client);
    talk(1);
    expect_established();
    ASSERT_TRUE(client_.engine->encrypt(as_bytes("hello")).ok());
    talk(1);
    EXPECT_EQ(server_.received, "hello");
  }
}

TEST_F(TlsEngineTest, TakesUpASessionAgain) {
  for (bool old : {false, true}) {
    auto server = files_.server("camera");
    auto client = files_.client();
    if (old) allow_only_tls12(*client);
    for (int times = 0; times < 3; ++times) {
      join(server, client);
      talk();
      expect_established();
      EXPECT_EQ(client_.engine->description().ends_with(", resumed"), times > 0) << old << times;
    }
    join(server, client, "192.0.2.7");
    talk();
    EXPECT_FALSE(client_.engine->description().ends_with(", resumed")) << "of another server";
    join(files_.server("camera"), client);
    talk();
    expect_established();
    EXPECT_FALSE(client_.engine->description().ends_with(", resumed")) << "it was started anew";
  }
}

TEST_F(TlsEngineTest, KeepsSessionsOfAFewServersOnly) {
  std::vector<std::string> hosts;
  for (int i = 0; i < 30; ++i) hosts.push_back("h" + std::to_string(i) + ".test");
  files_.make("many", {.hosts = hosts});
  auto server = files_.server("many");
  auto client = files_.client();
  for (const std::string& host : hosts) {
    join(server, client, host);
    talk();
    expect_established();
  }
  auto kept = [&](const std::string& host) { return client->session(host) != nullptr; };
  EXPECT_EQ(std::ranges::count_if(hosts, kept), 8);
  EXPECT_TRUE(kept(hosts.back()));
}

// ---- Names ----

TEST_F(TlsEngineTest, TakesACertificateForTheAddress) {
  for (const char* name : {"192.0.2.7", "2001:db8::7", "2001:db8:0::7"}) {
    join(name);
    talk();
    expect_established();
  }
}

TEST_F(TlsEngineTest, RefusesACertificateForAnother) {
  for (const std::string name : {"door.test", "test", "192.0.2.8", "2001:db8::8", ""}) {
    join(name);
    talk();
    EXPECT_EQ(client_.fault, "TLS: the certificate is not for " + name);
    EXPECT_FALSE(client_.engine->established());
    EXPECT_NE(server_.fault, "");
  }
}

// ---- Certificates that will not do ----

TEST_F(TlsEngineTest, RefusesWhatIsNotValidNow) {
  files_.make("old", {.from = "20000101000000", .until = "20010101000000"});
  files_.make("early", {.from = "99980101000000"});
  for (auto [name, fault] : {std::pair("old", "TLS: the certificate has expired"),
                             std::pair("early", "TLS: the certificate is not valid yet")}) {
    join(files_.server(name), files_.client());
    talk();
    EXPECT_EQ(client_.fault, fault);
    EXPECT_NE(server_.fault, "");
  }
}

TEST_F(TlsEngineTest, RefusesWhatItDoesNotTrust) {
  files_.make("self", {.issuer = "self"});
  files_.make("stranger",
              {.name = "CN=Stranger", .hosts = {}, .issuer = "self", .is_authority = true});
  files_.make("strange", {.issuer = "stranger"});
  for (auto [name, why] :
       {std::pair("self", "(self-signed)"), std::pair("strange", "(of an unknown authority)")}) {
    for (bool old : {false, true}) {
      auto client = files_.client();
      if (old) allow_only_tls12(*client);
      join(files_.server(name), client);
      talk();
      EXPECT_EQ(client_.fault, std::string("TLS: the certificate is not trusted ") + why);
      EXPECT_EQ(server_.fault, "TLS: the peer does not trust our certificate's authority");
    }
  }
}

// ---- Client certificates ----

TEST_F(TlsEngineTest, ShowsItsCertificateToAServerThatAsks) {
  for (bool old : {false, true}) {
    auto client = files_.client("camera");
    if (old) allow_only_tls12(*client);
    join(files_.server("camera", true), client);
    talk();
    expect_established();
  }
}

TEST_F(TlsEngineTest, LetsNobodyInWithoutACertificate) {
  for (bool old : {false, true}) {
    auto client = files_.client();
    if (old) allow_only_tls12(*client);
    join(files_.server("camera", true), client);
    talk();
    EXPECT_EQ(server_.fault, "TLS: the peer sent no client certificate");
    EXPECT_EQ(client_.fault, "TLS: the peer asked for a client certificate");
    EXPECT_FALSE(server_.engine->established());
  }
}

TEST_F(TlsEngineTest, LetsNobodyInWithACertificateOfAnother) {
  files_.make("self", {.issuer = "self"});
  join(files_.server("camera", true), files_.client("self"));
  talk();
  EXPECT_EQ(server_.fault, "TLS: the certificate is not trusted (self-signed)");
  EXPECT_EQ(client_.fault, "TLS: the peer does not accept our certificate");
}

// ---- Peers that misbehave ----

TEST_F(TlsEngineTest, SaysThatThePeerDoesNotSpeakTls) {
  join();
  for (End* end : {&server_, &client_}) {
    end->go();
    end->engine->feed(as_bytes("GET / HTTP/1.1\r\n\r\n"));
    end->go();
    EXPECT_EQ(end->fault, "TLS: the peer does not speak TLS");
  }
}

TEST_F(TlsEngineTest, NamesTheAlertOfThePeer) {
  join();
  client_.go();
  client_.engine->feed(as_bytes(std::string_view("\x15\x03\x03\x00\x02\x02\x70", 7)));
  client_.go();
  EXPECT_EQ(client_.fault, "TLS: the peer is no server of that name");
}

TEST_F(TlsEngineTest, RefusesOldVersions) {
  join();
  // A ClientHello of TLS 1.0 with one suite.
  std::string hello("\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x01", 11);
  hello.append(32, 'r').append("\x00\x00\x02\xc0\x09\x01\x00", 7);
  server_.engine->feed(as_bytes(hello));
  server_.go();
  EXPECT_EQ(server_.fault, "TLS: the peer does not speak our versions, 1.2 and 1.3");
  EXPECT_FALSE(server_.engine->outgoing().empty()) << "an alert says why";
}

TEST_F(TlsEngineTest, NoticesAByteThatWasChanged) {
  join();
  talk();
  ASSERT_TRUE(client_.engine->encrypt(as_bytes("hello")).ok());
  Bytes record = client_.engine->outgoing();
  std::vector<uint8_t> changed(record.begin(), record.end());
  changed.back() ^= 1;
  server_.engine->feed(changed);
  server_.read();
  EXPECT_EQ(server_.fault, "TLS: a record was damaged");
  EXPECT_EQ(server_.received, "");
}

// ---- Records ----

TEST_F(TlsEngineTest, CarriesRecordsBothWays) {
  for (size_t most : {size_t{1000}, size_t{TlsEngine::kFeedMax}}) {
    join();
    talk();
    std::string sent;
    for (size_t size : {size_t{1}, size_t{100}, TlsEngine::kRecordMax}) {
      std::string text(size, static_cast<char>('a' + size % 26));
      ASSERT_EQ(server_.engine->encrypt(as_bytes(text)).value(), size);
      ASSERT_EQ(client_.engine->encrypt(as_bytes(text)).value(), size);
      talk(most);
      sent += text;
    }
    EXPECT_TRUE(client_.received == sent);
    EXPECT_TRUE(server_.received == sent);
  }
}

TEST_F(TlsEngineTest, EncryptsNoMoreThanARecordAtOnce) {
  join();
  talk();
  std::string much(100'000, 'x');
  EXPECT_EQ(client_.engine->encrypt(as_bytes(much)).value(), TlsEngine::kRecordMax);
  EXPECT_LT(client_.engine->outgoing().size(), TlsEngine::kRecordMax + 100);
}

TEST_F(TlsEngineTest, TellsTheEndFromACut) {
  join();
  talk();
  ASSERT_TRUE(client_.engine->encrypt(as_bytes("bye")).ok());
  pass(client_, server_, TlsEngine::kFeedMax);
  EXPECT_FALSE(server_.engine->closed());
  client_.engine->close();
  talk();
  EXPECT_EQ(server_.received, "bye");
  EXPECT_TRUE(server_.engine->closed());
  EXPECT_EQ(server_.fault, "");
}

}  // namespace
}  // namespace camloop
