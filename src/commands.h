// What may be changed from afar while the program runs, by name, and what it is.
#pragma once

#include "config/config.h"
#include "proto/camera_messages.h"

#include <string_view>

namespace camloop {

/// Changes `config` as if `value` had been written for "quality", "fps" or "control/<V4L2 name>".
/// The Error says what would be right.
Result<> take_command(Config& config, std::string_view thing, std::string_view value);

/// What a command can change, and how it is: "fps", "15".
CameraSettings commanded_settings(const Config& config);

}  // namespace camloop
