// InputFile: a regular file that is read at any place and may change while it is read.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <utility>

namespace camloop {

/// Owns the descriptor. Errors do not name the path: the caller knows it. Reads block, so every
/// reader bounds what it asks for in a turn and announces what it will want next.
class InputFile {
 public:
  /// `path`, relative to `folder` (a descriptor or AT_FDCWD). Fails on whatever is not a regular
  /// file.
  static Result<InputFile> open(int folder, const char* path);
  InputFile(InputFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile();

  Result<size_t> size() const;
  /// The bytes at `offset`, a view of `into`: shorter than that only at the end of the file.
  Result<Bytes> read(uint64_t offset, MutableBytes into) const;
  /// The same in one system call into two places: `head` is filled first.
  Result<size_t> read(uint64_t offset, MutableBytes head, MutableBytes body) const;
  /// Has the kernel fetch these bytes, and some behind them, in the meantime.
  void announce(uint64_t offset, size_t size);

 private:
  explicit InputFile(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
  uint64_t announced_begin_ = 0;
  uint64_t announced_end_ = 0;
};

}  // namespace camloop
