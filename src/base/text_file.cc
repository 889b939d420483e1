#include "base/text_file.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace camloop {
namespace {

// Every setting at its longest, with its comment, is a tenth of it.
constexpr size_t kTextMax = 64 * 1024;

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
  // A FIFO would hold the loop until somebody writes to it.
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return system_error(path, errno);
  std::string text(kTextMax + 1, '\0');
  size_t size = 0;
  ssize_t count = 1;
  while (count > 0 && size < text.size()) {
    count = ::read(descriptor, text.data() + size, text.size() - size);
    if (count > 0) size += static_cast<size_t>(count);
  }
  int code = errno;
  ::close(descriptor);
  if (count < 0) return system_error(path, code);
  if (size > kTextMax) return Error{path + ": larger than 64 KiB"};
  text.resize(size);
  return text;
}

}  // namespace camloop
