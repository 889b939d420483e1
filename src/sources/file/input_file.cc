#include "sources/file/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

namespace camloop {
namespace {

// Saves a system call a frame; little beside what the kernel reads ahead anyway.
constexpr size_t kAnnouncedMin = 1u << 20;

Error fault(const char* what) {
  return system_error(what, errno);
}

}  // namespace

// Looked at before it is opened: opening a pipe could wait, opening a device could start something.
Result<InputFile> InputFile::open(int folder, const char* path) {
  struct stat about {};
  if (fstatat(folder, path, &about, 0) < 0) return fault("cannot open");
  if (!S_ISREG(about.st_mode)) return Error{"neither a regular file nor a folder"};
  int descriptor = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return fault("cannot open");
  return InputFile(descriptor);
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<size_t> InputFile::size() const {
  struct stat about {};
  if (fstat(descriptor_, &about) < 0) return fault("cannot look at it");
  return static_cast<size_t>(about.st_size);
}

Result<Bytes> InputFile::read(uint64_t offset, MutableBytes into) const {
  size_t count = TRY(read(offset, {}, into));
  return Bytes(into.first(count));
}

Result<size_t> InputFile::read(uint64_t offset, MutableBytes head, MutableBytes body) const {
  size_t total = 0;
  while (total < head.size() + body.size()) {
    MutableBytes head_left = head.subspan(std::min(total, head.size()));
    MutableBytes body_left = body.subspan(total - (head.size() - head_left.size()));
    iovec parts[] = {{head_left.data(), head_left.size()}, {body_left.data(), body_left.size()}};
    ssize_t count = preadv(descriptor_, parts, 2, static_cast<off_t>(offset + total));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fault("cannot read");
    if (count == 0) break;
    total += static_cast<size_t>(count);
  }
  return total;
}

void InputFile::announce(uint64_t offset, size_t size) {
  if (offset >= announced_begin_ && offset + size <= announced_end_) return;
  // A film that loops is in memory: announcing a megabyte of it costs 12 us on a PC, this look one.
  // The last byte stands for all, as the kernel fetches and drops in the order of reading. A kernel
  // before 4.14 cannot look, and is told in any case.
  uint8_t last = 0;
  iovec look{&last, 1};
  auto last_at = static_cast<off_t>(offset + size - 1);
  if (preadv2(descriptor_, &look, 1, last_at, RWF_NOWAIT) == 1) return;
  size = std::max(size, kAnnouncedMin);
  posix_fadvise(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(size),
                POSIX_FADV_WILLNEED);
  announced_begin_ = offset;
  announced_end_ = offset + size;
}

}  // namespace camloop
