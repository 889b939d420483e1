// Base64 is decoded only from what an encoder makes of the bytes, and from all of that.

#include "base/check.h"
#include "proto/base64.h"

#include <cstddef>
#include <cstdint>

static std::string encoded(std::string_view bytes) {
  static const char* const kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    auto byte = [&](size_t at) { return at < bytes.size() ? static_cast<uint8_t>(bytes[at]) : 0; };
    int group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (int shift = 18; shift >= 0; shift -= 6) text += kLetters[group >> shift & 63];
  }
  for (size_t i = 0; i < (3 - bytes.size() % 3) % 3; ++i) text[text.size() - 1 - i] = '=';
  return text;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  auto decoded = camloop::base64_decode(input);
  CHECK(!decoded || encoded(*decoded) == input);
  CHECK(camloop::base64_decode(encoded(input)) == input);
  return 0;
}
