// How the camera is doing, in a few numbers.
#pragma once

#include "base/link_facts.h"
#include "media/hub.h"
#include "proto/camera_messages.h"
#include "sinks/http_server.h"
#include "sources/capture.h"

#include <optional>
#include <span>
#include <string>

namespace camloop {

/// All but the frame rate, the uptime and the temperature. `http`: none where it is off.
CameraFigures camera_figures(const Hub& hub, const Capture& capture, const HttpServer* http,
                             std::span<const LinkFacts> links);

/// In °C, where the kernel knows one: of its first thermal zone, in thousandths
/// (Documentation/driver-api/thermal/sysfs-api.rst).
std::optional<double> board_temperature(
    const std::string& file = "/sys/class/thermal/thermal_zone0/temp");

}  // namespace camloop
