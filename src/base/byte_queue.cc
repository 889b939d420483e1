#include "base/byte_queue.h"

#include "base/check.h"

namespace camloop {

bool ByteQueue::append(Bytes bytes) {
  if (bytes.size() > size_max_ - size()) return false;
  if (begin_ > 0 && bytes_.size() + bytes.size() > size_max_) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(begin_));
    begin_ = 0;
  }
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return true;
}

void ByteQueue::consume(size_t count) {
  CHECK(count <= size());
  begin_ += count;
  if (empty()) clear();
}

void ByteQueue::clear() {
  // Swapped, not cleared: an idle client must not keep the memory of its busiest moment.
  std::vector<uint8_t>().swap(bytes_);
  begin_ = 0;
}

}  // namespace camloop
