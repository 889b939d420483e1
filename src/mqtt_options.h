// How to connect to the broker of the configuration, as the camera and as its tools do.
#pragma once

#include "config/config.h"
#include "links/mqtt_client.h"

#include <string>

namespace camloop {

/// `config.mqtt` is there. Fails where a file of TLS does.
Result<MqttClient::Options> make_mqtt_options(const Config& config, const std::string& client_id);

}  // namespace camloop
