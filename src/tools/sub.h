// camloop sub: prints the messages to some topics as they come.
#pragma once

#include "config/config.h"
#include "proto/mqtt_packet.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace camloop {

constexpr const char* kSubUsage =
    "camloop sub [-n COUNT] [-q QOS] [-v|--json] TOPIC...\n"
    "                           print messages, a line each: the payload, with -v behind its\n"
    "                           topic, with --json all of it; -n: no more than COUNT\n";

struct SubRequest {
  enum class Format { kPayload, kTopicAndPayload, kJson };

  std::vector<std::string> filters;  // each once
  MqttQos qos = MqttQos::kAtMostOnce;
  uint64_t count = 0;  // 0: without end
  Format format = Format::kPayload;
};

/// The Error says what `words`, those behind the tool's name, should be.
Result<SubRequest> parse_sub(std::span<const std::string_view> words);

/// The process's exit status; or what is wrong with the words or the settings.
Result<int> run_sub(std::span<const std::string_view> words, const Config& config);

}  // namespace camloop
