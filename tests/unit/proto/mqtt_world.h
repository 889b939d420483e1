// What tests of MQTT share: packets as hexadecimal digits, as the standard prints them.
#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace camloop {

/// The bytes of "20 02 00 00"; other letters than hexadecimal digits are left out.
inline std::vector<uint8_t> unhex(std::string_view text) {
  std::vector<uint8_t> bytes;
  int high = -1;
  for (char c : text) {
    size_t digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) continue;
    if (high < 0) {
      high = static_cast<int>(digit);
    } else {
      bytes.push_back(static_cast<uint8_t>(high << 4 | static_cast<int>(digit)));
      high = -1;
    }
  }
  return bytes;
}

/// "20 02 00 00".
inline std::string hex(Bytes bytes) {
  std::string text;
  for (uint8_t byte : bytes) {
    char digits[4];
    std::snprintf(digits, sizeof digits, text.empty() ? "%02x" : " %02x", byte);
    text += digits;
  }
  return text;
}

}  // namespace camloop
