#include "sources/picture_buffers.h"

#include "base/check.h"

namespace camloop {
namespace {

constexpr size_t kPageSize = 4096;

}  // namespace

PictureBuffers::~PictureBuffers() {
  for (const Slot& slot : slots_) CHECK(!slot.lent);
}

// The lowest first: memory for the second is taken only when it is needed.
std::optional<int> PictureBuffers::find(size_t size) {
  for (int index = 0; index < kCount; ++index) {
    Slot& slot = this->slot(index);
    if (slot.lent) continue;
    if (slot.size != size) {
      size_t whole_pages = (size + kPageSize - 1) / kPageSize * kPageSize;
      slot.memory.reset(static_cast<uint8_t*>(std::aligned_alloc(kPageSize, whole_pages)));
      CHECK(slot.memory != nullptr);
      slot.size = size;
    }
    return index;
  }
  return std::nullopt;
}

Picture PictureBuffers::lend(const PictureView& view, int index) {
  CHECK(!slot(index).lent);
  slot(index).lent = true;
  return {view, *this, index};
}

void PictureBuffers::take_back(int index) {
  CHECK(slot(index).lent);
  slot(index).lent = false;
}

}  // namespace camloop
