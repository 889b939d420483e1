#include "proto/link_text.h"

#include "base/utf8.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace camloop {
namespace {

// How many bytes at the end of `text` may be the beginning of a character of more.
size_t cut_short_size(std::string_view text) {
  for (size_t size = 1; size <= 3 && size <= text.size(); ++size) {
    auto byte = static_cast<unsigned char>(text[text.size() - size]);
    if ((byte & 0xc0) == 0x80) continue;
    size_t whole = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return whole > size ? size : 0;
  }
  return 0;
}

}  // namespace

std::string LinkText::feed(Bytes& bytes) {
  std::string_view text = as_text(bytes);
  size_t line = std::min(text.find_first_of("\r\n"), text.size());
  size_t taken = std::min(line, kMessageMax - cut_short_.size());
  bool line_ends = taken == line && line < text.size();
  std::string message = std::exchange(cut_short_, {});
  message.append(text.substr(0, taken));
  bytes = bytes.subspan(taken + (line_ends ? 1 : 0));
  if (!line_ends) {
    size_t kept = message.size() - cut_short_size(message);
    cut_short_ = message.substr(kept);
    message.resize(kept);
  }
  return to_utf8(message);
}

}  // namespace camloop
