#include "commands.h"

#include "base/text.h"
#include "config/config_values.h"

#include <cstdio>

namespace camloop {
namespace {

constexpr std::string_view kControl = "control/";

// The others stay as they are.
Result<> take_control(Config& config, std::string_view name, std::string_view value) {
  auto number = parse_number<int>(value);
  if (!is_control_name(name)) return Error{"no control has such a name"};
  if (!number) return Error{"write a whole number"};
  std::string text;
  for (const auto& [each, old] : config.source.controls) {
    if (each != name) text += each + "=" + std::to_string(old) + ",";
  }
  return set_variable(config, "CAMLOOP_CONTROLS",
                      text + std::string(name) + "=" + std::to_string(*number));
}

}  // namespace

Result<> take_command(Config& config, std::string_view thing, std::string_view value) {
  if (thing == "quality") return set_variable(config, "CAMLOOP_QUALITY", value);
  if (thing == "fps") return set_variable(config, "CAMLOOP_FPS", value);
  if (thing.starts_with(kControl))
    return take_control(config, thing.substr(kControl.size()), value);
  return Error{"there are stream, snapshot, quality, fps, control/NAME and text"};
}

CameraSettings commanded_settings(const Config& config) {
  char fps[32];
  std::snprintf(fps, sizeof fps, "%g", config.source.fps);
  CameraSettings settings = {{"quality", std::to_string(config.quality)}, {"fps", fps}};
  for (const auto& [name, value] : config.source.controls) {
    settings.emplace_back(std::string(kControl) + name, std::to_string(value));
  }
  return settings;
}

}  // namespace camloop
