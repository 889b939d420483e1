#include "tools/payload.h"

#include <algorithm>
#include <utility>

namespace camloop {

void PayloadBuilder::append(Bytes bytes) {
  size_t old_size = size();
  size_t new_size = old_size + bytes.size();
  if (new_size <= kTextMax) {
    text_.append(as_text(bytes));
    return;
  }
  if (!body_ || body_.storage().size() < new_size) {
    size_t capacity = capacity_for(new_size);
    BufferRef larger = (capacity > kKeptSizeMax ? long_pool_ : pool_).take(capacity);
    Bytes begun = body_ ? body_.bytes() : as_bytes(text_);
    std::copy(begun.begin(), begun.end(), larger.storage().begin());
    body_ = std::move(larger);
    text_.clear();
  }
  std::copy(bytes.begin(), bytes.end(), body_.storage().begin() + static_cast<ptrdiff_t>(old_size));
  body_.set_size(new_size);
}

// One that comes in pieces will be as long as the last one, or grows by doubling.
size_t PayloadBuilder::capacity_for(size_t size) const {
  if (size <= last_size_ && last_size_ < 2 * size) return last_size_;
  return body_ ? 2 * size : size;
}

void PayloadBuilder::move_to(MqttPublication& message) {
  last_size_ = size();
  message.body = std::exchange(body_, {});
  message.text = std::exchange(text_, {});
}

}  // namespace camloop
