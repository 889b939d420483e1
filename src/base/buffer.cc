#include "base/buffer.h"

#include "base/check.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace camloop {

struct PoolCore {
  size_t kept_max;
  std::vector<Buffer*> kept;
  size_t outside = 0;   // buffers that somebody holds
  bool orphan = false;  // the pool is gone: the last buffer home frees this

  void come_home(Buffer* buffer);
};

namespace {

// Sizes are rounded up to pages, so that frames of slightly different length reuse one another.
constexpr size_t kGranule = 4096;
// A kept buffer more than this many times larger than asked for is not tied up.
constexpr size_t kOversizeMax = 4;

void free_buffer(Buffer* buffer) {
  std::free(buffer);
}

Buffer* new_buffer(size_t capacity, PoolCore* home) {
  size_t total = (sizeof(Buffer) + capacity + kGranule - 1) / kGranule * kGranule;
  void* memory = std::malloc(total);
  CHECK(memory != nullptr);
  return new (memory) Buffer{0, 0, total - sizeof(Buffer), home};
}

}  // namespace

void PoolCore::come_home(Buffer* buffer) {
  --outside;
  if (!orphan && kept.size() < kept_max) {
    kept.push_back(buffer);
    return;
  }
  free_buffer(buffer);
  if (orphan && outside == 0) delete this;
}

void BufferRef::set_size(size_t size) {
  CHECK(buffer_ != nullptr && size <= buffer_->capacity && buffer_->references == 1);
  buffer_->size = size;
}

void BufferRef::reset() {
  Buffer* buffer = std::exchange(buffer_, nullptr);
  if (buffer && --buffer->references == 0) buffer->home->come_home(buffer);
}

BufferPool::BufferPool(size_t kept_max) : core_(new PoolCore{kept_max, {}}) {}

BufferPool::~BufferPool() {
  for (Buffer* buffer : core_->kept) free_buffer(buffer);
  core_->kept.clear();
  core_->orphan = true;
  if (core_->outside == 0) delete core_;
}

BufferRef BufferPool::take(size_t capacity) {
  size_t most = kOversizeMax * std::max(capacity, kGranule);
  auto fits = [=](const Buffer* each) {
    return each->capacity >= capacity && each->capacity <= most;
  };
  auto& kept = core_->kept;
  auto found = std::find_if(kept.rbegin(), kept.rend(), fits);
  Buffer* buffer = nullptr;
  if (found != kept.rend()) {
    buffer = *found;
    kept.erase(std::next(found).base());
    buffer->size = 0;
  } else {
    // What is kept does not serve the sizes now asked for: make room for buffers that do.
    if (!kept.empty() && kept.size() == core_->kept_max) {
      free_buffer(kept.front());
      kept.erase(kept.begin());
    }
    buffer = new_buffer(capacity, core_);
  }
  ++core_->outside;
  return BufferRef(buffer);
}

}  // namespace camloop
