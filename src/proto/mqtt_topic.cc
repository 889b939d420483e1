#include "proto/mqtt_topic.h"

#include "base/utf8.h"

#include <array>
#include <cstdint>

namespace camloop {
namespace {

// What a byte may be to a topic; kinds add up to the sum of a text.
constexpr uint8_t kWildcard = 1, kNul = 2, kNotAscii = 4;

constexpr std::array<uint8_t, 256> kKinds = [] {
  std::array<uint8_t, 256> kinds{};
  for (size_t byte = 0x80; byte < kinds.size(); ++byte) kinds[byte] = kNotAscii;
  kinds['\0'] = kNul;
  kinds['+'] = kinds['#'] = kWildcard;
  return kinds;
}();

uint8_t kinds_in(std::string_view text) {
  uint8_t kinds = 0;
  for (char c : text) kinds |= kKinds[static_cast<uint8_t>(c)];
  return kinds;
}

// Most texts are ASCII, and looked at but once.
bool is_string_of(uint8_t kinds, std::string_view text) {
  if (text.size() > kMqttStringMax || kinds & kNul) return false;
  return !(kinds & kNotAscii) || is_utf8(text);
}

std::string_view first_level(std::string_view text) {
  return text.substr(0, text.find('/'));
}

}  // namespace

bool is_mqtt_string(std::string_view text) {
  return is_string_of(kinds_in(text), text);
}

bool is_topic_name(std::string_view text) {
  uint8_t kinds = kinds_in(text);
  return !text.empty() && !(kinds & kWildcard) && is_string_of(kinds, text);
}

bool is_topic_filter(std::string_view text) {
  if (text.empty() || !is_mqtt_string(text)) return false;
  while (true) {
    std::string_view level = first_level(text);
    bool last = level.size() == text.size();
    if (level == "#") return last;
    if (level != "+" && kinds_in(level) & kWildcard) return false;
    if (last) return true;
    text.remove_prefix(level.size() + 1);
  }
}

bool topic_matches(std::string_view filter, std::string_view name) {
  if (name.starts_with('$') && !filter.starts_with('$')) return false;
  while (true) {
    std::string_view wanted = first_level(filter), level = first_level(name);
    if (wanted == "#") return true;
    if (wanted != "+" && wanted != level) return false;
    filter.remove_prefix(wanted.size());
    name.remove_prefix(level.size());
    if (name.empty()) return filter.empty() || filter == "/#";  // "a/#" lets "a" through, too
    if (filter.empty()) return false;
    filter.remove_prefix(1);
    name.remove_prefix(1);
  }
}

}  // namespace camloop
