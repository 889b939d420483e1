#include "tools/arguments.h"

#include <algorithm>
#include <string>

namespace camloop {
namespace {

class Taker {
 public:
  Taker(std::span<const std::string_view> words, std::span<const std::string_view> known)
      : words_(words), known_(known) {}

  Result<ToolArguments> take() {
    while (!words_.empty() && words_[0].starts_with('-') && words_[0] != "-") {
      std::string_view word = next();
      if (word == "--") break;
      TRY(word.starts_with("--") ? take_long(word) : take_letters(word.substr(1)));
    }
    taken_.operands.assign(words_.begin(), words_.end());
    return taken_;
  }

 private:
  std::string_view next() {
    std::string_view word = words_[0];
    words_ = words_.subspan(1);
    return word;
  }

  bool is_known(std::string_view name) const {
    return std::find(known_.begin(), known_.end(), name) != known_.end();
  }

  Result<> take_long(std::string_view name) {
    if (!is_known(name)) return Error{"there is no option " + std::string(name)};
    taken_.options.push_back({name, {}});
    return {};
  }

  Result<> take_letters(std::string_view letters) {
    for (; !letters.empty(); letters.remove_prefix(1)) {
      std::string name{'-', letters[0]};
      auto found = std::find_if(known_.begin(), known_.end(),
                                [&](std::string_view each) { return each.substr(0, 2) == name; });
      if (found == known_.end()) return Error{"there is no option " + name};
      if (!found->ends_with(':')) {
        taken_.options.push_back({*found, {}});
        continue;
      }
      std::string_view value = letters.substr(1);
      if (value.empty() && words_.empty()) return Error{name + " needs a value"};
      taken_.options.push_back({found->substr(0, 2), value.empty() ? next() : value});
      break;
    }
    return {};
  }

  std::span<const std::string_view> words_;
  std::span<const std::string_view> known_;
  ToolArguments taken_;
};

}  // namespace

Result<ToolArguments> take_apart(std::span<const std::string_view> words,
                                 std::span<const std::string_view> known) {
  return Taker(words, known).take();
}

Result<MqttQos> parse_qos(std::string_view value) {
  bool good = value.size() == 1 && value[0] >= '0' && value[0] <= '2';
  if (!good) return Error{"-q takes 0, 1 or 2"};
  return static_cast<MqttQos>(value[0] - '0');
}

}  // namespace camloop
