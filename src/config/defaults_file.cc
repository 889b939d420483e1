#include "config/defaults_file.h"

#include "base/result.h"
#include "base/text.h"

#include <algorithm>
#include <utility>

namespace camloop {
namespace {

// A file that is something else altogether need not be described line by line.
constexpr size_t kFaultsMax = 10;

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kExport = "export";
// Outside of quotes a shell does something about each of these; the quotes have their own cases.
constexpr std::string_view kUnquotedSpecial = "$`~;&|<>()";
constexpr std::string_view kExpandedInQuotes = "$`";
constexpr std::string_view kEscapedInQuotes = "$`\"\\";

bool is_one_of(std::string_view set, char c) {
  return set.find(c) != std::string_view::npos;
}

bool is_name_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
}

Error special(char c) {
  return Error{std::string("'") + c + "' means something to a shell: put it between single quotes"};
}

// What is left of one line; each take_ moves on behind what it takes.
class Line {
 public:
  explicit Line(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty() || rest_.front() == '#'; }
  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
  }
  void skip_export() {
    if (!rest_.starts_with(kExport)) return;
    Line behind(rest_.substr(kExport.size()));
    behind.skip_blanks();
    if (behind.rest_.size() + kExport.size() < rest_.size()) *this = behind;
  }
  Result<std::string> take_name();
  Result<std::string> take_value();

 private:
  char take() {
    char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  Result<> take_single_quoted(std::string& value);
  Result<> take_double_quoted(std::string& value);

  std::string_view rest_;
};

Result<std::string> Line::take_name() {
  auto end = std::find_if_not(rest_.begin(), rest_.end(), is_name_letter);
  std::string name(rest_.begin(), end);
  bool good = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
  if (!good || end == rest_.end() || *end != '=') return Error{"this is not NAME=VALUE"};
  rest_.remove_prefix(name.size() + 1);
  return name;
}

Result<std::string> Line::take_value() {
  std::string value;
  while (!rest_.empty() && !is_one_of(kBlanks, rest_.front())) {
    char c = take();
    if (c == '\'') {
      TRY(take_single_quoted(value));
    } else if (c == '"') {
      TRY(take_double_quoted(value));
    } else if (is_one_of(kUnquotedSpecial, c)) {
      return special(c);
    } else if (c == '\\') {
      if (rest_.empty()) return Error{"nothing follows the last \\"};
      value += take();
    } else {
      value += c;
    }
  }
  return value;
}

Result<> Line::take_single_quoted(std::string& value) {
  size_t end = rest_.find('\'');
  if (end == std::string_view::npos) return Error{"a ' has no partner on its line"};
  value += rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return {};
}

Result<> Line::take_double_quoted(std::string& value) {
  while (!rest_.empty()) {
    char c = take();
    if (c == '"') return {};
    if (is_one_of(kExpandedInQuotes, c)) return special(c);
    bool escapes = c == '\\' && !rest_.empty() && is_one_of(kEscapedInQuotes, rest_.front());
    value += escapes ? take() : c;
  }
  return Error{"a \" has no partner on its line"};
}

Result<> parse_line(std::string_view text, std::map<std::string, std::string>& values) {
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return Error{"a control character: this is to be plain text with the line ends of Unix"};
  }
  Line line(text);
  line.skip_blanks();
  if (line.at_end()) return {};
  line.skip_export();
  std::string name = TRY(line.take_name());
  std::string value = TRY(line.take_value());
  line.skip_blanks();
  if (!line.at_end())
    return Error{"something follows the value: put a value with blanks in quotes"};
  values[name] = value;
  return {};
}

}  // namespace

DefaultsReading parse_defaults(std::string_view text, std::string_view path) {
  DefaultsReading reading;
  size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    Result<> parsed = parse_line(line, reading.values);
    if (parsed.ok()) continue;
    std::string place = std::string(path) + ":" + std::to_string(number) + ": ";
    reading.faults.push_back(place + parsed.error().text);
    if (reading.faults.size() == kFaultsMax) break;
  }
  return reading;
}

}  // namespace camloop
