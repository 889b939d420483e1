#include "config/settings.h"

#include "base/text_file.h"

#include <cerrno>
#include <utility>
#include <vector>

namespace camloop {

Settings::Settings(std::span<const std::string_view> environment,
                   std::optional<std::string> named_file)
    : named_file_(std::move(named_file)), file_at_start_(read_file()) {
  for (std::string_view entry : environment) {
    size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    std::string name(entry.substr(0, equals)), value(entry.substr(equals + 1));
    environment_[name] = value;
    auto in_file = file_at_start_.values.find(name);
    if (in_file == file_at_start_.values.end() || in_file->second != value) own_[name] = value;
  }
}

ConfigReading Settings::read() const {
  return named_file_ ? read_values(own_, file_at_start_) : read_values(environment_, {});
}

ConfigReading Settings::reread() const {
  return read_values(own_, read_file());
}

DefaultsReading Settings::read_file() const {
  const std::string path = named_file_.value_or(kDefaultsPath);
  auto text = read_text_file(path);
  if (text.ok()) return parse_defaults(text.value(), path);
  if (!named_file_ && text.error().code == ENOENT) return {};
  return {{}, {text.error().text}};
}

ConfigReading Settings::read_values(Values values, const DefaultsReading& below) {
  values.insert(below.values.begin(), below.values.end());  // where there is none yet
  std::vector<std::string> entries;
  for (const auto& [name, value] : values) entries.push_back(name + "=" + value);
  ConfigReading reading =
      read_config(std::vector<std::string_view>(entries.begin(), entries.end()));
  reading.faults.insert(reading.faults.begin(), below.faults.begin(), below.faults.end());
  return reading;
}

}  // namespace camloop
