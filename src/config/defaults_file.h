// The file of settings that an init script sources, such as /etc/default/camloop, read without a
// shell.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace camloop {

/// What is in such a file. Each fault is one line that begins with "PATH:LINE: ".
struct DefaultsReading {
  std::map<std::string, std::string> values;
  std::vector<std::string> faults;
};

/// A line is blank, a comment, or NAME=VALUE, perhaps behind "export". VALUE is quoted as POSIX.1
/// (2.2, Quoting) has it, and ends at the first blank that is not; of two for one NAME the last
/// counts. What is taken is what a shell would take: where a shell would do more than take the
/// text, expand or run something, there is a fault.
DefaultsReading parse_defaults(std::string_view text, std::string_view path);

}  // namespace camloop
