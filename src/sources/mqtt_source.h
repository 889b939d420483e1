// The base of the image transfer over MQTT (proto/image_transfer_base.h) as a source: the JPEG that
// a server has sent last is the picture, until the next one.
#pragma once

#include "base/buffer.h"
#include "io/loop.h"
#include "links/mqtt_client.h"
#include "sources/source.h"

#include <memory>
#include <string>

namespace camloop {

struct MqttSourceOptions {
  std::string from_server;  // topics
  std::string to_server;
  /// Shows an image of which the last package alone has not been sent, as far as it came.
  bool without_last = false;
};

/// `client` must outlive the source.
std::unique_ptr<Source> make_mqtt_source(Loop& loop, MqttClient& client,
                                         const MqttSourceOptions& options, BufferPool& pool,
                                         SourceHandler& handler);

}  // namespace camloop
