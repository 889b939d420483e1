// The table of variables. A new one is a member of Config, a line of kVariables and perhaps, where
// no kind of value there is fits, a function that takes its value.
#pragma once

#include <span>
#include <string_view>

namespace camloop {

struct Config;
struct PemFile;

/// One line of the table.
struct Variable {
  const char* name;
  const char* fallback;  // the default, as a user would write it
  const char* values;    // what is right, in words
  const char* meaning;   // one line
  /// Takes a value over into the config; false: it is not one of `values`.
  bool (*apply)(Config& config, std::string_view value);
  /// Its value is shown nowhere, and may stand in a file that the variable NAME_FILE names.
  bool secret = false;
  /// Of a path: the file in the config, whose stamp tells whether it was renewed.
  PemFile Config::*pem_file = nullptr;
};

std::span<const Variable> config_variables();

}  // namespace camloop
