// camloop pub: publishes one message, or each line that it reads.
#pragma once

#include "config/config.h"
#include "proto/mqtt_packet.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace camloop {

constexpr const char* kPubUsage =
    "camloop pub [-r] [-q QOS] TOPIC MESSAGE\n"
    "                           publish it, or with - all of standard input; -r: retained\n"
    "       camloop pub -l [-r] [-q QOS] TOPIC\n"
    "                           publish each line of standard input, empty ones, too\n";

struct PubRequest {
  std::string topic;
  std::optional<std::string> message;  // none: standard input
  bool lines = false;                  // a message each
  MqttQos qos = MqttQos::kAtMostOnce;
  bool retain = false;
};

/// The Error says what `words`, those behind the tool's name, should be.
Result<PubRequest> parse_pub(std::span<const std::string_view> words);

/// The process's exit status; or what is wrong with the words or the settings.
Result<int> run_pub(std::span<const std::string_view> words, const Config& config);

}  // namespace camloop
