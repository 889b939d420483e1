// Reference-counted byte buffers and the pool they return to: a JPEG is one of these, shared by all
// its readers, never copied for one. Single-threaded: the counts are plain integers.
#pragma once

#include "base/bytes.h"

#include <utility>
#include <vector>

namespace camloop {

class BufferPool;
struct PoolCore;

/// Memory of a fixed capacity with a size that its one writer sets. Only BufferRef holds it.
struct Buffer {
  uint32_t references = 0;
  size_t size = 0;
  size_t capacity = 0;
  PoolCore* home = nullptr;  // where it returns to

  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
};

/// A share of a Buffer. Empty by default. Once it has been shared nobody writes to it.
class BufferRef {
 public:
  BufferRef() = default;
  explicit BufferRef(Buffer* buffer) : buffer_(buffer) {
    if (buffer_) ++buffer_->references;
  }
  BufferRef(const BufferRef& other) : BufferRef(other.buffer_) {}
  BufferRef(BufferRef&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  BufferRef& operator=(BufferRef other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~BufferRef() { reset(); }

  explicit operator bool() const { return buffer_ != nullptr; }
  /// Valid while any share lives.
  Bytes bytes() const { return buffer_ ? Bytes{buffer_->data(), buffer_->size} : Bytes{}; }
  size_t size() const { return buffer_ ? buffer_->size : 0; }

  /// For the one writer, before sharing: the whole capacity, and how much of it counts.
  MutableBytes storage() { return {buffer_->data(), buffer_->capacity}; }
  void set_size(size_t size);
  void reset();

 private:
  Buffer* buffer_ = nullptr;
};

/// Keeps a few returned buffers for the next frame, so that a steady stream allocates nothing.
/// Buffers may outlive their pool: the last one to return frees what is left.
class BufferPool {
 public:
  /// `kept_max`: how many returned buffers are held back for reuse.
  explicit BufferPool(size_t kept_max);
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// A buffer of size 0 with at least `capacity` bytes; the contents are undefined.
  BufferRef take(size_t capacity);

 private:
  PoolCore* core_;
};

}  // namespace camloop
