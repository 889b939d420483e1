#include "base/utf8.h"

namespace camloop {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

}  // namespace

size_t utf8_length(std::string_view text) {
  auto byte = [text](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  auto follows = [byte](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  unsigned lead = byte(0);
  unsigned second = byte(1);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf && follows(1)) return 2;
  bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  bool outside = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
  if (overlong || outside || !follows(1) || !follows(2)) return 0;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 && follows(3) ? 4 : 0;
}

bool is_utf8(std::string_view text) {
  size_t length = 1;
  for (; !text.empty() && length > 0; text.remove_prefix(length)) length = utf8_length(text);
  return length > 0;
}

std::string to_utf8(std::string_view text) {
  std::string repaired;
  while (!text.empty()) {
    size_t length = utf8_length(text);
    repaired.append(length > 0 ? text.substr(0, length) : kReplacement);
    text.remove_prefix(length > 0 ? length : 1);
  }
  return repaired;
}

}  // namespace camloop
