// What stands behind a tool's name on the command line, taken apart.
#pragma once

#include "base/result.h"
#include "proto/mqtt_packet.h"

#include <span>
#include <string_view>
#include <vector>

namespace camloop {

/// Views into the command line.
struct ToolArguments {
  struct Option {
    std::string_view name;   // "-q", "--json"
    std::string_view value;  // empty where it takes none
  };
  std::vector<Option> options;
  std::vector<std::string_view> operands;
};

/// Options stand before the operands, so that a message may begin with '-', or before "--". Letters
/// may share a word, and a value the word of its letter. `known`: the options there are; a ':'
/// behind a letter says that it takes a value.
Result<ToolArguments> take_apart(std::span<const std::string_view> words,
                                 std::span<const std::string_view> known);

/// Of -q.
Result<MqttQos> parse_qos(std::string_view value);

}  // namespace camloop
