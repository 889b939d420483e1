// Where the settings come from: the environment and the defaults file, which is read again whenever
// a reload is asked for.
//
// A variable that is in the environment with another value than in the file, when the program
// starts, is the user's own and stays as it is. Every other one is what the file says at the time
// of reading, or else the default: so it makes no difference whether an init script sources the
// file or passes its name.
#pragma once

#include "config/config.h"
#include "config/defaults_file.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace camloop {

class Settings {
 public:
  /// `named_file`: read at the start and at reloads. Without one the environment is all at the
  /// start, and reloads read kDefaultsPath, of which an init script may have made the environment;
  /// it need not exist.
  Settings(std::span<const std::string_view> environment, std::optional<std::string> named_file);

  static constexpr const char* kDefaultsPath = "/etc/default/camloop";

  /// To start with.
  ConfigReading read() const;
  /// As they are by now. Faults are those of the file and of the values.
  ConfigReading reread() const;

 private:
  using Values = std::map<std::string, std::string>;

  DefaultsReading read_file() const;
  static ConfigReading read_values(Values values, const DefaultsReading& below);

  const std::optional<std::string> named_file_;
  const DefaultsReading file_at_start_;
  Values environment_;
  Values own_;  // of environment_, what does not come from the file
};

}  // namespace camloop
