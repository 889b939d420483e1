#include "io/output.h"

#include "io/socket_io.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace camloop {
namespace {

// A non-blocking description of our own of the same pipe or terminal; not of a file, where we
// should be in another place then. -1: it may not be opened, or nobody reads it any more.
int open_again(int descriptor) {
  std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  return open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

bool takes_a_piece(int descriptor) {
  pollfd ask{descriptor, POLLOUT, 0};
  return poll(&ask, 1, 0) == 1;
}

}  // namespace

Output::Output(Loop& loop, int descriptor, OutputHandler& handler)
    : handler_(handler),
      shared_(descriptor),
      readiness_(loop, descriptor, Poll::Event::kWritable, [this] { on_writable(); }),
      turn_(Idle::create(loop, [this] { on_turn(); })) {
  choose_way();
}

Output::~Output() {
  if (own_ >= 0) close(own_);
}

void Output::choose_way() {
  struct stat about {};
  if (fstat(shared_, &about) < 0) return;  // as the first write will tell
  if (S_ISSOCK(about.st_mode)) way_ = Way::kSend;
  if (!S_ISFIFO(about.st_mode) && !isatty(shared_)) return;
  own_ = open_again(shared_);
  if (own_ < 0) way_ = Way::kPieces;
}

void Output::put(Bytes bytes) {
  if (failed()) return;
  if (!full_ && waiting_.size() + bytes.size() >= kBatch) return write_out(bytes);
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
  turn_->start();
}

void Output::flush() {
  if (!full_) write_out({});
}

void Output::on_turn() {
  flush();
  turn_->stop();
  if (!failed()) return;
  readiness_.stop();
  handler_.on_output_failed(failure_);
}

void Output::on_writable() {
  write_out({});
  if (full_ || failed()) return;
  readiness_.stop();
  handler_.on_drained();
}

// Writes what waits, then `bytes`, and keeps what is not taken.
void Output::write_out(Bytes bytes) {
  full_ = false;
  while (!empty() || !bytes.empty()) {
    Bytes waiting = Bytes(waiting_).subspan(begin_);
    iovec pieces[] = {piece(waiting), piece(bytes)};
    auto taken = write_some(pieces);
    if (!taken.ok()) return fail(taken.error());
    if (taken.value() == 0) return wait_for_room(bytes);
    size_t old = std::min(taken.value(), waiting.size());
    begin_ += old;
    bytes = bytes.subspan(taken.value() - old);
  }
  forget_written();
}

void Output::wait_for_room(Bytes bytes) {
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
  full_ = true;
  readiness_.start();
}

// Memory is kept for a batch, not for what a slow reader has made of it.
void Output::forget_written() {
  begin_ = 0;
  waiting_.clear();
  if (waiting_.capacity() > 2 * kBatch) waiting_ = {};
}

void Output::fail(const Error& why) {
  failure_ = why;
  forget_written();
  turn_->start();
}

// 0: it takes nothing now.
Result<size_t> Output::write_some(std::span<iovec> pieces) {
  if (way_ == Way::kSend) return send_pieces(shared_, pieces);
  if (way_ == Way::kPieces) {
    if (!takes_a_piece(shared_)) return size_t{0};
    // A pipe that can be written takes that much without blocking (pipe(7)).
    if (pieces[0].iov_len == 0) pieces = pieces.subspan(1);
    pieces = pieces.first(1);
    pieces[0].iov_len = std::min<size_t>(pieces[0].iov_len, PIPE_BUF);
  }
  int descriptor = own_ >= 0 ? own_ : shared_;
  ssize_t taken = writev(descriptor, pieces.data(), static_cast<int>(pieces.size()));
  if (taken >= 0) return static_cast<size_t>(taken);
  if (errno == EAGAIN || errno == EINTR) return size_t{0};
  return system_error("writing the output", errno);
}

}  // namespace camloop
