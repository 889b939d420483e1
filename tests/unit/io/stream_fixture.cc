#include "unit/io/stream_fixture.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/syscall.h>

namespace camloop {
namespace {

SendSeam* seam = nullptr;  // of the test that runs

}  // namespace
}  // namespace camloop

// In place of the C library's.
extern "C" ssize_t sendmsg(int socket, const msghdr* message, int flags) {
  camloop::SendSeam* seam = camloop::seam;
  std::vector<iovec> pieces(message->msg_iov, message->msg_iov + message->msg_iovlen);
  msghdr cut = *message;
  cut.msg_iov = pieces.data();
  if (seam) seam->calls.push_back(pieces);
  if (seam && (seam->full || !seam->answers.empty())) {
    ssize_t answer = -EAGAIN;
    if (!seam->answers.empty()) {
      answer = seam->answers.front();
      seam->answers.pop_front();
    }
    if (answer < 0) {
      errno = static_cast<int>(-answer);
      return -1;
    }
    auto left = static_cast<size_t>(answer);
    for (iovec& piece : pieces) left -= piece.iov_len = std::min(piece.iov_len, left);
  }
  return syscall(SYS_sendmsg, socket, &cut, flags);
}

namespace camloop {

StreamTest::StreamTest() {
  seam = &seam_;
}

StreamTest::~StreamTest() {
  seam = nullptr;
  stream_.reset();
  loop_.drain();
}

void StreamTest::connect(int peer_receive_bytes) {
  TcpPair pair = make_tcp_pair(peer_receive_bytes);
  peer_ = std::make_unique<Peer>(pair.theirs);
  socket_ = pair.ours;
  stream_ = Stream::adopt(loop_, pair.ours, pair.peer, std::move(pass_));
  stream_->start(*this);
  received_.clear();
  ended_.clear();
  eofs_ = writable_ = 0;
}

BufferRef StreamTest::filled(std::string_view text) {
  BufferRef buffer = pool_.take(text.size());
  std::copy(text.begin(), text.end(), buffer.storage().begin());
  buffer.set_size(text.size());
  return buffer;
}

size_t StreamTest::fill(const BufferRef& frame) {
  size_t sent = 0;
  while (try_send("", frame)) sent += frame.size();
  return sent;
}

}  // namespace camloop
