// Text from elsewhere that should be UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace camloop {

/// The length of the well-formed UTF-8 sequence at the front of `text` (Unicode, table 3-7), 0 for
/// none.
size_t utf8_length(std::string_view text);

/// Whether all of `text` is such sequences.
bool is_utf8(std::string_view text);

/// `text` with U+FFFD in place of each byte that belongs to no such sequence: up to three times as
/// long.
std::string to_utf8(std::string_view text);

}  // namespace camloop
