// Any bytes from a peer, whole and byte by byte, bring an engine to the same end, as a server and
// as a client. The first byte says which: 's' or another.

#include "base/check.h"
#include "io/tls_engine.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

using camloop::Bytes;
using camloop::TlsContext;
using camloop::TlsEngine;
using Progress = camloop::TlsEngine::Progress;

namespace {

// Made for this test alone.
constexpr std::string_view kCertificate = R"(-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUWbjjlRuIB2DdqwuA/zzNj8JrBvowCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLY2FtZXJhLnRlc3QwIBcNMjYxMTIxMDYyNTMwWhgPMjEyNjEw
MjgwNjI1MzBaMBYxFDASBgNVBAMMC2NhbWVyYS50ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAE+Rv4Uav+EUQ+sF8xL8D1ZTMH4ONPQr1gWWdiGSn89tOu3Pj6
onlHr8MevFI7Pu08Nanv5etJie7wikiOtlgnTaNrMGkwHQYDVR0OBBYEFDcJPVED
4DxBZFQ1yW9J4v1abvi8MB8GA1UdIwQYMBaAFDcJPVED4DxBZFQ1yW9J4v1abvi8
MA8GA1UdEwEB/wQFMAMBAf8wFgYDVR0RBA8wDYILY2FtZXJhLnRlc3QwCgYIKoZI
zj0EAwIDSQAwRgIhAJlEbVTsxts5tmXOBBHPZYFgeQotGoAww35t2xhmtVrhAiEA
goFs9FC6XEzhLL68/Xd9t/6pC2QHNal0pUUClwEuZZA=
-----END CERTIFICATE-----
)";
constexpr std::string_view kKey = R"(-----BEGIN EC PRIVATE KEY-----
MHcCAQEEILtb0Rw+2rWIQ1izqkA66ujfcRJe50LWmD1tXXz6QROgoAoGCCqGSM49
AwEHoUQDQgAE+Rv4Uav+EUQ+sF8xL8D1ZTMH4ONPQr1gWWdiGSn89tOu3Pj6onlH
r8MevFI7Pu08Nanv5etJie7wikiOtlgnTQ==
-----END EC PRIVATE KEY-----
)";

/// A file that holds `text`, for as long as the program runs.
std::string file_of(std::string_view text) {
  int file = memfd_create("pem", 0);
  CHECK(write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  return "/proc/self/fd/" + std::to_string(file);
}

std::shared_ptr<TlsContext> context(bool server) {
  static const std::string cert = file_of(kCertificate), key = file_of(kKey);
  static const auto ours = TlsContext::server({cert, key, cert}).value();
  static const auto theirs = TlsContext::client({cert, cert, key}).value();
  return server ? ours : theirs;
}

/// One piece of what the peer says; the story so far grows by what came of it.
bool take(TlsEngine& engine, std::string& story) {
  while (!engine.established()) {
    auto progress = engine.step();
    engine.consume(engine.outgoing().size());
    if (!progress.ok()) {
      story += progress.error().text;
      return false;
    }
    if (progress.value() == Progress::kNeedsPeer) return true;
  }
  std::vector<uint8_t> plain(TlsEngine::kPlainMax);
  auto size = engine.decrypt(plain);
  story += size.ok() ? std::to_string(size.value()) : size.error().text;
  return size.ok();
}

std::string run(bool server, Bytes input, size_t step) {
  TlsEngine engine(context(server), server ? "" : "camera.test");
  std::string story;
  bool goes_on = take(engine, story);
  while (goes_on && !input.empty()) {
    Bytes piece = input.first(std::min(step, input.size()));
    input = input.subspan(piece.size());
    CHECK(engine.hungry());
    engine.feed(piece);
    goes_on = take(engine, story);
  }
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  bool server = data[0] == 's';
  Bytes input(data + 1, size - 1);
  CHECK(run(server, input, TlsEngine::kFeedMax) == run(server, input, 1));
  return 0;
}
