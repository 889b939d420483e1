// camloop send: sends a file to a base by the image transfer over MQTT.
#pragma once

#include "base/result.h"
#include "config/config.h"

#include <span>
#include <string_view>

namespace camloop {

constexpr const char* kSendUsage =
    "camloop send FILE\n"
    "                           send it to the receiver of the image transfer\n";

/// The process's exit status; or what is wrong with the words or the settings.
Result<int> run_send(std::span<const std::string_view> words, const Config& config);

}  // namespace camloop
