// The file of settings: what was taken, written down in single quotes, is taken the same again.

#include "base/check.h"
#include "config/defaults_file.h"

#include <algorithm>

using camloop::DefaultsReading;
using camloop::parse_defaults;

static std::string quoted(const std::string& value) {
  std::string text = "'";
  for (char c : value) text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  DefaultsReading reading = parse_defaults(text, "F");
  auto lines = static_cast<size_t>(std::ranges::count(text, '\n')) + 1;
  CHECK(reading.values.size() + reading.faults.size() <= lines);
  std::string written;
  for (const auto& [name, value] : reading.values) {
    CHECK(!name.empty() && value.size() < size);
    written += "export " + name + "=" + quoted(value) + " # set\n";
  }
  DefaultsReading again = parse_defaults(written, "F");
  CHECK(again.faults.empty() && again.values == reading.values);
  return 0;
}
