// Base64 as RFC 4648 has it in section 4, with padding.
#pragma once

#include "base/bytes.h"

#include <optional>
#include <string>
#include <string_view>

namespace camloop {

std::string base64_encode(Bytes bytes);

/// Nothing, unless `text` is exactly what an encoder gives: no line breaks or other letters, padded
/// to a multiple of four, and the bits that no byte needs are zero.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace camloop
