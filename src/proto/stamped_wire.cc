#include "proto/stamped_wire.h"

#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace camloop {
namespace {

constexpr int64_t kSecond_us = 1'000'000;

StampedField blank_field() {
  StampedField field;
  field.fill(' ');
  return field;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

StampedField format_stamped_length(size_t length) {
  StampedField field = blank_field();
  std::to_chars(field.begin(), field.end(), length);
  return field;
}

std::optional<size_t> parse_stamped_length(Bytes field) {
  std::string_view text = as_text(field);
  std::string_view digits = text.substr(0, text.find_last_not_of(' ') + 1);
  // parse_number() would take a sign.
  if (!std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  return parse_number<size_t>(digits);
}

StampedField format_stamp(int64_t wall_us) {
  wall_us = std::max<int64_t>(wall_us, 0);
  char text[kStampedFieldSize];
  int size =
      std::snprintf(text, sizeof text, "%lld.%06d", static_cast<long long>(wall_us / kSecond_us),
                    static_cast<int>(wall_us % kSecond_us));
  StampedField field = blank_field();
  std::copy_n(text, size, field.begin());
  return field;
}

}  // namespace camloop
