// How Home Assistant comes to know the camera: one retained message that describes the device and
// all its parts (MQTT device discovery, https://www.home-assistant.io/integrations/mqtt/).
#pragma once

#include <string>
#include <string_view>

namespace camloop {

/// By which a part asks for a picture.
constexpr std::string_view kPressed = "PRESS";

/// What is said on the topic of events.
constexpr std::string_view kSignalLost = "signal_lost";
constexpr std::string_view kSignalBack = "signal_back";

struct DiscoveredCamera {
  std::string base;  // of its topics: "<prefix>/<id>"
  std::string id;    // letters, digits, '-' and '_': it stands in the topic
  std::string version;
  bool has_temperature = false;
};

/// "<prefix>/device/<id>/config": where the message goes. An empty one removes the device.
std::string discovery_topic(std::string_view prefix, std::string_view id);
/// "<prefix>/status": where Home Assistant says that it is there.
std::string discovery_status_topic(std::string_view prefix);
/// JSON, with the documented short names of fields.
std::string discovery_message(const DiscoveredCamera& camera);

}  // namespace camloop
