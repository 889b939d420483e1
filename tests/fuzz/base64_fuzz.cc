// Base64 is decoded only from what an encoder makes of the bytes, and from all of that.

#include "base/check.h"
#include "proto/base64.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  auto decoded = camloop::base64_decode(input);
  CHECK(!decoded || camloop::base64_encode(camloop::as_bytes(*decoded)) == input);
  CHECK(camloop::base64_decode(camloop::base64_encode({data, size})) == input);
  return 0;
}
