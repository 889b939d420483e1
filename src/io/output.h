// Output: what this program prints for others to read, on standard output above all: a pipe, a
// terminal, a socket or a file. Written in batches, and never waited for.
#pragma once

#include "base/result.h"
#include "io/shared_poll.h"

#include <cstdint>
#include <span>
#include <vector>

#include <sys/uio.h>

namespace camloop {

class OutputHandler {
 public:
  /// All is written, after full() had said that it was not; from the loop.
  virtual void on_drained() = 0;
  /// Nothing can be written any more, from the loop; EPIPE: nobody reads. What waited is lost.
  virtual void on_output_failed(const Error& why) = 0;

 protected:
  ~OutputHandler() = default;
};

/// Borrows the descriptor and leaves it as it was.
class Output {
 public:
  /// What is put is written once that much has come together, or at the end of the turn.
  static constexpr size_t kBatch = 64 * 1024;

  Output(Loop& loop, int descriptor, OutputHandler& handler);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Behind all that waits. There is no bound: whoever puts heeds full().
  void put(Bytes bytes);
  /// Writes what waits now, as far as it goes.
  void flush();
  /// Whoever reads is behind: put no more until on_drained().
  bool full() const { return full_; }
  bool empty() const { return begin_ == waiting_.size(); }

 private:
  enum class Way {
    kSend,   // to a socket
    kWrite,  // to a file, or to a pipe or terminal that we could open once more as non-blocking
    kPieces  // to one that we could not
  };

  void choose_way();
  void on_turn();
  void on_writable();
  void write_out(Bytes bytes);
  Result<size_t> write_some(std::span<iovec> pieces);
  void wait_for_room(Bytes bytes);
  void forget_written();
  bool failed() const { return !failure_.text.empty(); }
  void fail(const Error& why);

  OutputHandler& handler_;
  const int shared_;
  int own_ = -1;  // what shared_ is, opened once more; or -1
  Way way_ = Way::kWrite;
  SharedPoll readiness_;  // while full_
  Owned<Idle> turn_;
  std::vector<uint8_t> waiting_;
  size_t begin_ = 0;  // what lies before it is written
  bool full_ = false;
  Error failure_;
};

}  // namespace camloop
