// Small questions about text that users write.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camloop {

/// The whole of `text` as a number, or nothing.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// By strtod(), which is there anyway: std::from_chars() has 20 KB of its own for this. Finite
/// numbers only.
template <>
std::optional<double> parse_number(std::string_view text);

/// Of an ASCII letter; any other stays as it is.
char to_lower(char c);
bool equals_ignoring_case(std::string_view a, std::string_view b);

/// The pieces between separators, but for an empty one at the end: "" gives none. Views into
/// `text`.
std::vector<std::string_view> split(std::string_view text, char separator);

/// `text` as one line for a log: a '?' for each control character.
std::string printable(std::string_view text);

/// The candidate with the fewest letters to change, where that is few enough for a typing error.
std::optional<std::string_view> nearest_name(std::string_view name,
                                             const std::vector<std::string_view>& candidates);

}  // namespace camloop
