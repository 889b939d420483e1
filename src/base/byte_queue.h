// A bounded first-in-first-out queue of bytes, for what a socket could not take yet.
#pragma once

#include "base/bytes.h"

#include <vector>

namespace camloop {

class ByteQueue {
 public:
  /// Holds at most `size_max` bytes; memory is taken as it fills.
  explicit ByteQueue(size_t size_max) : size_max_(size_max) {}

  bool empty() const { return begin_ == bytes_.size(); }
  size_t size() const { return bytes_.size() - begin_; }

  /// Appends all of `bytes`, or nothing and returns false where they would not fit.
  [[nodiscard]] bool append(Bytes bytes);
  /// All that is queued; valid until the next append, consume or clear.
  Bytes front() const { return Bytes(bytes_).subspan(begin_); }
  /// Drops the first `count` bytes; the memory goes once the queue is empty.
  void consume(size_t count);
  void clear();

 private:
  size_t size_max_;
  std::vector<uint8_t> bytes_;
  size_t begin_ = 0;  // what lies before it has been consumed
};

}  // namespace camloop
