// What the app is made of, made of what the configuration says; and whether two configurations say
// the same of it.
#pragma once

#include "config/config.h"
#include "io/loop.h"
#include "io/tls_context.h"
#include "links/mqtt_client.h"
#include "sinks/mqtt_camera.h"
#include "sources/source.h"

#include <memory>

namespace camloop {

using Tls = std::shared_ptr<const TlsContext>;

/// `in_force` and `mqtt` live as long as the source; the one changes, and the other is there where
/// the source is the broker's. `before`: as in Listener::open().
Result<std::unique_ptr<Source>> make_source(Loop& loop, const Config& config,
                                            const Config& in_force, MqttClient* mqtt,
                                            Listener* before, BufferPool& pool,
                                            SourceHandler& handler);
/// Of controls nothing is asked, which are set on a running source; and of a receiver no more than
/// its TLS or its broker.
bool same_source(Config one, const Config& other);

/// Of the channel's sender; none where it has no TLS.
Result<Tls> make_sender_tls(const Config& config);
bool same_channel_sender(const Config& one, const Config& other);

/// None where MQTT is off.
MqttCamera::Options mqtt_camera_options(const Config& config);
Result<std::unique_ptr<MqttClient>> make_mqtt(Loop& loop, const Config& config);
bool same_mqtt(const Config& one, const Config& other);

}  // namespace camloop
