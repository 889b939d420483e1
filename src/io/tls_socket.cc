#include "io/tls_socket.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace camloop {
namespace {

// From start() to the end of the handshake, waiting for a turn included: a phone on bad Wi-Fi makes
// it, a peer that says nothing does not hold its place.
constexpr int64_t kHandshakeMax_us = 10 * kSecond_us;
// Plaintext encrypted in one call: more would hold the loop on a small board. The rest follows when
// the socket is next found writable.
constexpr size_t kBurstMax = 64 * 1024;

/// The next record's plaintext behind the first `taken` bytes of the pieces: a view of one of them
/// where that is a whole record, else gathered in `record`.
Bytes next_record(std::span<const iovec> pieces, size_t taken, MutableBytes record) {
  size_t size = 0;
  for (const iovec& each : pieces) {
    Bytes bytes(static_cast<const uint8_t*>(each.iov_base), each.iov_len);
    size_t passed = std::min(bytes.size(), taken);
    taken -= passed;
    bytes = bytes.subspan(passed);
    if (size == 0 && bytes.size() >= record.size()) return bytes.first(record.size());
    bytes = bytes.first(std::min(bytes.size(), record.size() - size));
    if (!bytes.empty()) std::memcpy(record.data() + size, bytes.data(), bytes.size());
    size += bytes.size();
  }
  return record.first(size);
}

}  // namespace

TlsSocket::TlsSocket(Loop& loop, int socket, std::shared_ptr<const TlsContext> context,
                     std::string_view server_name, std::function<void(const Result<>&)> on_progress)
    : Member(context->is_server()),
      loop_(loop),
      socket_(socket),
      context_(std::move(context)),
      server_name_(server_name),
      on_progress_(std::move(on_progress)) {}

TlsSocket::~TlsSocket() {
  stop();
}

void TlsSocket::start() {
  turns_ = TlsTurns::of(loop_);
  time_limit_ = Timer::create(
      loop_, [this] { on_progress_(Error{"TLS: the handshake took longer than 10 s"}); });
  time_limit_->start(kHandshakeMax_us);
  if (!context_->is_server()) wait_for_turn();
}

void TlsSocket::stop() {
  if (turns_) turns_->leave(*this);
  turns_.reset();
  time_limit_.reset();
}

// ---- The handshake ----

int TlsSocket::events() const {
  return wait_ == Wait::kPeer ? UV_READABLE : wait_ == Wait::kSocket ? UV_WRITABLE : 0;
}

void TlsSocket::on_event() {
  if (wait_ == Wait::kTurn) return;
  wait_for_turn();
  on_progress_({});
}

void TlsSocket::wait_for_turn() {
  wait_ = Wait::kTurn;
  turns_->ask(*this);
}

void TlsSocket::on_turn() {
  if (!engine_) engine_.emplace(context_, server_name_);
  Result<> result = step();
  if (!result.ok()) {
    (void)flush();  // the alert that tells the peer why
    result = last_word(result.error());
  }
  if (!result.ok() || established()) stop();
  on_progress_(result);
}

Result<> TlsSocket::step() {
  TRY(flush());
  if (pending() == 0) {
    auto progress = TRY(engine_->step());
    TRY(flush());
    if (progress == TlsEngine::Progress::kDone) return {};
    bool goes_on = progress == TlsEngine::Progress::kMore || TRY(feed_from_socket());
    if (goes_on && pending() == 0) {
      wait_for_turn();
      return {};
    }
  }
  // What the peer has not got it cannot answer.
  wait_ = pending() > 0 ? Wait::kSocket : Wait::kPeer;
  return {};
}

Result<bool> TlsSocket::feed_from_socket() {
  MutableBytes buffer = loop_.read_buffer().first(TlsEngine::kFeedMax);
  Received received = TRY(receive_some(socket_, buffer));
  if (received.end) return Error{"TLS: the peer closed the connection during the handshake"};
  engine_->feed(buffer.first(received.size));
  return received.size > 0;
}

// ---- The connection ----

Result<size_t> TlsSocket::send(std::span<const iovec> pieces) {
  uint8_t record[TlsEngine::kRecordMax];
  TRY(flush());
  size_t taken = 0;
  while (pending() == 0 && taken < kBurstMax) {
    Bytes plain = next_record(pieces, taken, record);
    if (plain.empty()) break;
    taken += TRY(engine_->encrypt(plain));
    TRY(flush());
  }
  return taken;
}

Result<> TlsSocket::flush() {
  while (pending() > 0) {
    iovec all = piece(engine_->outgoing());
    size_t taken = TRY(send_pieces(socket_, {&all, 1}));
    bytes_taken_ += taken;
    engine_->consume(taken);
    if (taken < all.iov_len) break;
  }
  return {};
}

// What is left over from the handshake comes first: the socket may have no more to tell of.
Result<Received> TlsSocket::receive(MutableBytes buffer) {
  Received received;
  if (engine_->hungry()) {
    MutableBytes ciphertext = buffer.last(TlsEngine::kFeedMax);
    received = TRY(receive_some(socket_, ciphertext));
    engine_->feed(ciphertext.first(received.size));
  }
  auto decrypted = engine_->decrypt(buffer.first(TlsEngine::kPlainMax));
  Result<> flushed = flush();  // it may be an alert that tells why
  received.size = TRY(std::move(decrypted));
  TRY(std::move(flushed));
  received.end |= engine_->closed();
  cut_ = received.end && !engine_->closed();
  return received;
}

// Into memory of its own, for the caller may be looking at the loop's buffer.
Error TlsSocket::last_word(const Error& why) {
  bool is_of_socket = why.code != 0;
  if (!is_of_socket || !engine_) return why;
  std::vector<uint8_t> plain(TlsEngine::kPlainMax), ciphertext(TlsEngine::kFeedMax);
  while (!engine_->closed()) {
    if (engine_->hungry()) {
      auto received = receive_some(socket_, ciphertext);
      if (!received.ok() || received.value().size == 0) break;
      engine_->feed(Bytes(ciphertext).first(received.value().size));
    }
    if (established()) {
      auto decrypted = engine_->decrypt(plain);
      if (!decrypted.ok()) return decrypted.error();
    } else {
      auto progress = engine_->step();
      if (!progress.ok()) return progress.error();
    }
  }
  return why;
}

Result<bool> TlsSocket::say_goodbye() {
  TRY(flush());
  if (!said_goodbye_ && pending() == 0) {
    said_goodbye_ = true;
    engine_->close();
    TRY(flush());
  }
  return said_goodbye_ && pending() == 0;
}

}  // namespace camloop
