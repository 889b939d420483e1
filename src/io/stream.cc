#include "io/stream.h"

#include "base/check.h"
#include "io/tls_context.h"
#include "io/tls_socket.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace camloop {
namespace {

// Unsent bytes the kernel may hold before it stops taking more: little enough that a slow client's
// next frame is chosen late, enough that the line never runs dry between two wake-ups.
constexpr int kUnsentMax = 4096;
// A peer that vanished is given up when what we sent stays unacknowledged for this long.
constexpr int kUnacknowledgedMax_ms = 20'000;

void set_option(int socket, int level, int option, int value) {
  // A kernel that lacks the option still streams, only less well: nothing to fail for.
  setsockopt(socket, level, option, &value, sizeof value);
}

// What is left of `bytes` when `taken` bytes have gone; `taken` is lowered by what this piece used.
Bytes rest_of(Bytes bytes, size_t& taken) {
  size_t used = std::min(bytes.size(), taken);
  taken -= used;
  return bytes.subspan(used);
}

}  // namespace

Owned<Stream> Stream::adopt(Loop& loop, int socket, const Address& peer, Admission::Pass pass) {
  return Owned<Stream>(new Stream(loop, socket, peer, std::move(pass)));
}

Stream::Stream(Loop& loop, int socket, const Address& peer, Admission::Pass pass)
    : Handle(loop), socket_(socket), peer_(peer), pass_(std::move(pass)) {
  CHECK(uv_poll_init(loop.uv(), &poll_, socket) == 0);
  poll_.data = static_cast<Handle*>(this);
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentMax);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMax_ms);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
}

Stream::~Stream() = default;

void Stream::secure(std::shared_ptr<const TlsContext> context, std::string_view server_name) {
  CHECK(handler_ == nullptr);
  tls_ = std::make_unique<TlsSocket>(loop(), socket_, std::move(context), server_name,
                                     [this](const Result<>& result) { on_handshake(result); });
  waiting_ = true;
}

void Stream::set_quick_acks() {
  quick_acks_ = true;
  set_option(socket_, IPPROTO_TCP, TCP_QUICKACK, 1);
}

void Stream::set_unsent_max(int bytes) {
  set_option(socket_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, bytes);
}

void Stream::start(StreamHandler& handler) {
  handler_ = &handler;
  reading_ = true;
  if (tls_) tls_->start();
  watch();
}

void Stream::watch() {
  if (!live()) return;
  bool wants_bytes = reading_ && !paused_;
  int events = (wants_bytes ? UV_READABLE : 0) | (waiting_ ? UV_WRITABLE : 0);
  if (tls_ && !tls_->established()) events = tls_->events();
  auto on_poll = [](uv_poll_t* poll, int status, int ready) {
    static_cast<Stream*>(static_cast<Handle*>(poll->data))->on_event(status, ready);
  };
  // With no event asked for, a peer that resets is noticed at the next write.
  CHECK(uv_poll_start(&poll_, events, on_poll) == 0);
}

void Stream::on_event(int status, int events) {
  Loop::Turn turn(loop());
  if (status < 0) {
    int code = 0;
    socklen_t size = sizeof code;
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &code, &size);
    return fail(system_error("connection lost", code ? code : ECONNRESET));
  }
  if (tls_ && !tls_->established()) return tls_->on_event();
  if (events & UV_WRITABLE) flush();
  if ((events & UV_READABLE) && !paused_ && live()) read();
}

void Stream::on_handshake(const Result<>& progress) {
  heed(progress);
  if (!live()) return;
  watch();
  // What came with the end of the handshake is not in the socket any more.
  if (tls_->established()) read();
}

// One read an event: a client that sends without end gets no more of the loop than the others.
void Stream::read() {
  MutableBytes buffer = loop().read_buffer();
  auto received = tls_ ? tls_->receive(buffer) : receive_some(socket_, buffer);
  if (!received.ok()) return end(received.error());
  auto [size, at_end] = received.value();
  // The kernel goes back to delayed ones by itself (tcp(7)).
  if (quick_acks_) set_option(socket_, IPPROTO_TCP, TCP_QUICKACK, 1);
  bytes_received_ += size;
  if (size > 0 && !finishing_) heed(handler_->on_bytes(Bytes(buffer.data(), size)));
  if (!live()) return;
  if (at_end) {
    reading_ = false;
    if (shut_) return end(Error{"finished"});
    watch();
    if (!finishing_) heed(handler_->on_eof());
  } else if (ciphertext_waits()) {
    wait_for_socket();
  }
}

// As sendmsg() does, whatever lies between.
Result<size_t> Stream::send(std::span<iovec> pieces) {
  if (tls_) return tls_->send(pieces);
  size_t taken = TRY(send_pieces(socket_, pieces));
  bytes_taken_ += taken;
  return taken;
}

void Stream::wait_for_socket() {
  waiting_ = true;
  watch();
}

bool Stream::write(Bytes bytes) {
  CHECK(!finishing_);
  if (!live()) return true;  // into the void, as with any connection that is ending
  // Before any is sent: what the kernel has taken a part of could not be refused any more.
  if (bytes.size() > kQueueMax) return false;
  ByteQueue& queue = body_ ? after_ : before_;
  if (waiting_) return queue.append(bytes);
  iovec all = piece(bytes);
  auto taken = send({&all, 1});
  if (!taken.ok()) {
    fail(taken.error());
    return true;
  }
  size_t count = taken.value();
  if (count == bytes.size() && !ciphertext_waits()) return true;
  wait_for_socket();
  return queue.append(bytes.subspan(count));
}

bool Stream::try_send(Bytes head, const BufferRef& body, Bytes tail) {
  CHECK(!finishing_);
  if (waiting_ || !live()) return false;
  iovec pieces[] = {piece(head), piece(body.bytes()), piece(tail)};
  auto taken = send(pieces);
  if (!taken.ok()) {
    fail(taken.error());
    return false;
  }
  size_t count = taken.value();
  size_t total = head.size() + body.size() + tail.size();
  if (count == total && !ciphertext_waits()) return true;
  wait_for_socket();
  if (count == 0 || count == total) return count == total;
  CHECK(before_.append(rest_of(head, count)));
  body_ = body;
  body_sent_ = body.size() - rest_of(body.bytes(), count).size();
  CHECK((body_ ? after_ : before_).append(rest_of(tail, count)));
  return true;
}

void Stream::flush() {
  iovec pieces[] = {piece(before_.front()), piece(body_.bytes().subspan(body_sent_)),
                    piece(after_.front())};
  size_t total = pieces[0].iov_len + pieces[1].iov_len + pieces[2].iov_len;
  auto taken = total > 0 || tls_ ? send(pieces) : Result<size_t>(size_t{0});
  if (!taken.ok()) return fail(taken.error());
  size_t count = taken.value();
  bool all_out = count == total && !ciphertext_waits();
  before_.consume(before_.size() - rest_of(before_.front(), count).size());
  body_sent_ = body_.size() - rest_of(body_.bytes().subspan(body_sent_), count).size();
  after_.consume(after_.size() - rest_of(after_.front(), count).size());
  if (body_ && body_sent_ == body_.size()) {
    body_.reset();
    body_sent_ = 0;
    std::swap(before_, after_);
  }
  if (!all_out) return;
  waiting_ = false;
  if (finishing_) return shut_down();
  heed(handler_->on_writable());
  if (live() && !waiting_) watch();
}

void Stream::pause() {
  paused_ = true;
  watch();
}

void Stream::resume() {
  paused_ = false;
  watch();
}

void Stream::finish() {
  finishing_ = true;
  paused_ = false;
  if (!waiting_ && live()) shut_down();
}

void Stream::shut_down() {
  if (tls_) {
    auto said = tls_->say_goodbye();
    if (!said.ok()) return fail(said.error());
    if (!said.value()) return wait_for_socket();
  }
  shut_ = true;
  shutdown(socket_, SHUT_WR);
  if (!reading_) return end(Error{"finished"});
  watch();
}

void Stream::heed(const Result<>& result) {
  if (!result.ok()) end(result.error());
}

void Stream::fail(const Error& why) {
  end(tls_ ? tls_->last_word(why) : why);
}

void Stream::end(Error why) {
  if (!live()) return;
  why_ended_ = std::move(why);
  close();
}

void Stream::on_closing() {
  // libuv has forgotten the descriptor inside uv_close(); whoever looks from now on sees an empty
  // stream.
  ::close(std::exchange(socket_, -1));
  if (tls_) tls_->stop();
  before_.clear();
  body_.reset();
  after_.clear();
  pass_ = {};
}

void Stream::on_ended() {
  handler_->on_end(why_ended_);
}

bool Stream::ciphertext_waits() const {
  return tls_ && tls_->pending() > 0;
}

bool Stream::cut() const {
  return tls_ && tls_->cut();
}

size_t Stream::kernel_queue() const {
  int bytes = 0;
  if (socket_ < 0 || ioctl(socket_, SIOCOUTQ, &bytes) < 0) return 0;
  return static_cast<size_t>(bytes);
}

uint64_t Stream::bytes_acknowledged() const {
  uint64_t taken = tls_ ? tls_->bytes_taken() : bytes_taken_;
  return taken - std::min<uint64_t>(taken, kernel_queue());
}

size_t Stream::bytes_queued() const {
  size_t here = before_.size() + (body_.size() - body_sent_) + after_.size();
  return here + (tls_ ? tls_->pending() : 0) + kernel_queue();
}

}  // namespace camloop
