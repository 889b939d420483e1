#include "io/stream.h"

#include "base/check.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
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

bool would_block(int code) {
  return code == EAGAIN || code == EWOULDBLOCK || code == ENOBUFS;
}

// How much of the pieces the kernel took, or -1 and errno.
ssize_t send_pieces(int socket, iovec* pieces, size_t count) {
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = count;
  ssize_t taken = 0;
  do taken = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (taken < 0 && errno == EINTR);
  return taken;
}

iovec piece(Bytes bytes) {
  return {const_cast<uint8_t*>(bytes.data()), bytes.size()};
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

void Stream::set_quick_acks() {
  quick_acks_ = true;
  set_option(socket_, IPPROTO_TCP, TCP_QUICKACK, 1);
}

void Stream::start(StreamHandler& handler) {
  handler_ = &handler;
  reading_ = true;
  watch();
}

void Stream::watch() {
  if (!live()) return;
  int events = (reading_ ? UV_READABLE : 0) | (waiting_ ? UV_WRITABLE : 0);
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
    return end(system_error("connection lost", code ? code : ECONNRESET));
  }
  if (events & UV_WRITABLE) flush();
  if ((events & UV_READABLE) && live()) read();
}

// One read an event: a client that sends without end gets no more of the loop than the others.
void Stream::read() {
  MutableBytes buffer = loop().read_buffer();
  ssize_t count = 0;
  do count = recv(socket_, buffer.data(), buffer.size(), 0);
  while (count < 0 && errno == EINTR);
  if (count < 0) {
    if (!would_block(errno)) end(system_error("receive", errno));
    return;
  }
  if (count == 0) {
    reading_ = false;
    if (shut_) return end(Error{"finished"});
    watch();
    if (!finishing_) heed(handler_->on_eof());
    return;
  }
  // The kernel goes back to delayed ones by itself (tcp(7)).
  if (quick_acks_) set_option(socket_, IPPROTO_TCP, TCP_QUICKACK, 1);
  bytes_received_ += static_cast<size_t>(count);
  if (!finishing_) heed(handler_->on_bytes(Bytes(buffer.data(), static_cast<size_t>(count))));
}

bool Stream::write(Bytes bytes) {
  CHECK(!finishing_);
  if (!live()) return true;  // into the void, as with any connection that is ending
  // Before any is sent: what the kernel has taken a part of could not be refused any more.
  if (bytes.size() > kQueueMax) return false;
  ByteQueue& queue = body_ ? after_ : before_;
  if (waiting_) return queue.append(bytes);
  iovec all = piece(bytes);
  ssize_t taken = send_pieces(socket_, &all, 1);
  if (taken < 0 && !would_block(errno)) {
    end(system_error("send", errno));
    return true;
  }
  auto count = static_cast<size_t>(std::max<ssize_t>(taken, 0));
  bytes_taken_ += count;
  if (count == bytes.size()) return true;
  waiting_ = true;
  watch();
  return queue.append(bytes.subspan(count));
}

bool Stream::try_send(Bytes head, const BufferRef& body, Bytes tail) {
  CHECK(!finishing_);
  if (waiting_ || !live()) return false;
  iovec pieces[] = {piece(head), piece(body.bytes()), piece(tail)};
  ssize_t taken = send_pieces(socket_, pieces, 3);
  if (taken < 0 && !would_block(errno)) {
    end(system_error("send", errno));
    return false;
  }
  auto count = static_cast<size_t>(std::max<ssize_t>(taken, 0));
  bytes_taken_ += count;
  if (count == head.size() + body.size() + tail.size()) return true;
  waiting_ = true;
  watch();
  if (taken <= 0) return false;
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
  ssize_t taken = total == 0 ? 0 : send_pieces(socket_, pieces, 3);
  if (taken < 0) {
    if (!would_block(errno)) end(system_error("send", errno));
    return;
  }
  auto count = static_cast<size_t>(taken);
  bytes_taken_ += count;
  bool all_out = count == total;
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

void Stream::finish() {
  finishing_ = true;
  if (!waiting_ && live()) shut_down();
}

void Stream::shut_down() {
  shut_ = true;
  shutdown(socket_, SHUT_WR);
  if (!reading_) return end(Error{"finished"});
  watch();
}

void Stream::heed(const Result<>& result) {
  if (!result.ok()) end(result.error());
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
  before_.clear();
  body_.reset();
  after_.clear();
  pass_ = {};
}

void Stream::on_ended() {
  handler_->on_end(why_ended_);
}

size_t Stream::kernel_queue() const {
  int bytes = 0;
  if (socket_ < 0 || ioctl(socket_, SIOCOUTQ, &bytes) < 0) return 0;
  return static_cast<size_t>(bytes);
}

uint64_t Stream::bytes_acknowledged() const {
  return bytes_taken_ - std::min<uint64_t>(bytes_taken_, kernel_queue());
}

size_t Stream::bytes_queued() const {
  return before_.size() + (body_.size() - body_sent_) + after_.size() + kernel_queue();
}

}  // namespace camloop
