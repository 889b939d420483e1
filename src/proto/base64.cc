#include "proto/base64.h"

#include <algorithm>
#include <cstdint>

namespace camloop {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string base64_encode(Bytes bytes) {
  std::string encoded;
  encoded.reserve((bytes.size() + 2) / 3 * 4);
  for (; !bytes.empty(); bytes = bytes.subspan(std::min<size_t>(bytes.size(), 3))) {
    size_t count = std::min<size_t>(bytes.size(), 3);
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < count ? bytes[i] : 0u);
    for (size_t i = 0; i < 4; ++i) {
      encoded.push_back(i <= count ? kAlphabet[bits >> (18 - 6 * i) & 63] : '=');
    }
  }
  return encoded;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  std::string decoded;
  uint32_t bits = 0;
  int bit_count = 0;  // of `bits`, those that are in no byte yet
  for (char letter : text) {
    size_t value = kAlphabet.find(letter);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    decoded.push_back(static_cast<char>(bits >> bit_count & 0xff));
    bits &= (1u << bit_count) - 1;
  }
  return bits == 0 ? std::optional(decoded) : std::nullopt;
}

}  // namespace camloop
