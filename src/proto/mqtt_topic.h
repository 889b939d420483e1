// Names and filters of MQTT's topics (MQTT 3.1.1, 1.5.3 and 4.7).
#pragma once

#include <cstddef>
#include <string_view>

namespace camloop {

/// The longest string that MQTT can carry, in bytes.
constexpr size_t kMqttStringMax = 65'535;

/// Whether `text` may stand in a packet: well-formed UTF-8 without U+0000 of at most
/// kMqttStringMax bytes [MQTT-1.5.3-1, -2]. Control characters and non-characters, which a receiver
/// may refuse, are let through.
bool is_mqtt_string(std::string_view text);

/// What a message may be published to: a string of at least one character without wildcards.
bool is_topic_name(std::string_view text);

/// What may be subscribed to: '+' stands for one whole level, '#' alone or behind a '/' for all
/// that follow.
bool is_topic_filter(std::string_view text);

/// Whether the filter lets the name through. Names that begin with '$' are not matched by a filter
/// that begins with a wildcard [MQTT-4.7.2-1].
bool topic_matches(std::string_view filter, std::string_view name);

}  // namespace camloop
