// The packets of MQTT 3.1.1 (OASIS standard, 29 October 2014): those that a client sends, encoded;
// those that a server sends, decoded, where every deviation is an Error that ends with the number
// of the requirement, such as "[MQTT-3.2.2-4]".
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace camloop {

/// Table 2.1; 0 and 15 are forbidden.
enum class MqttType : uint8_t {
  kConnect = 1,
  kConnack,
  kPublish,
  kPuback,
  kPubrec,
  kPubrel,
  kPubcomp,
  kSubscribe,
  kSuback,
  kUnsubscribe,
  kUnsuback,
  kPingreq,
  kPingresp,
  kDisconnect,
};

enum class MqttQos : uint8_t { kAtMostOnce, kAtLeastOnce, kExactlyOnce };

/// The greatest length of what follows a fixed header (2.2.3), in bytes.
constexpr size_t kMqttRemainingLengthMax = 268'435'455;

/// What a broker did against the standard, and the number of the requirement that it broke, such as
/// "3.2.2-4"; of its section where it has none.
Error mqtt_violation(const std::string& what, const char* requirement);

struct MqttWill {
  std::string topic;
  std::string payload;
  MqttQos qos = MqttQos::kAtMostOnce;
  bool retain = false;
};

struct MqttConnect {
  std::string client_id;
  bool clean_session = true;
  uint16_t keep_alive_s = 60;  // 0: none
  std::optional<MqttWill> will;
  std::optional<std::string> user;
  std::optional<std::string> password;
};

/// Whether the standard allows a client to send it; the Error says what it does not.
Result<> check_connect(const MqttConnect& connect);

/// All of a PUBLISH but its payload. Of a received one, `topic` is a view into what was received.
struct MqttPublishHead {
  std::string_view topic;
  MqttQos qos = MqttQos::kAtMostOnce;
  bool retain = false;
  bool dup = false;
  uint16_t id = 0;  // 0 with kAtMostOnce, and with nothing else
};

struct MqttFilter {
  std::string_view filter;
  MqttQos qos = MqttQos::kAtMostOnce;
};

// ---- Encoding: appended to `out`. What the standard forbids is the caller's fault (CHECK). ----

void put_connect(std::vector<uint8_t>& out, const MqttConnect& connect);
/// What stands before a payload of `payload_size` bytes.
void put_publish_head(std::vector<uint8_t>& out, const MqttPublishHead& head, size_t payload_size);
/// PUBACK, PUBREC, PUBREL or PUBCOMP.
void put_answer(std::vector<uint8_t>& out, MqttType type, uint16_t id);
void put_subscribe(std::vector<uint8_t>& out, uint16_t id, std::span<const MqttFilter> filters);
void put_unsubscribe(std::vector<uint8_t>& out, uint16_t id,
                     std::span<const std::string_view> filters);
/// PINGREQ or DISCONNECT.
void put_empty(std::vector<uint8_t>& out, MqttType type);

/// How long a PUBLISH would be from its first byte to its last; over kMqttRemainingLengthMax + 5 it
/// cannot be sent.
size_t publish_size(std::string_view topic, MqttQos qos, size_t payload_size);

// ---- Decoding, of what follows the fixed header ----

struct MqttConnack {
  bool session_present;
  uint8_t code;  // 0: accepted, else see connack_reason()
};
Result<MqttConnack> read_connack(Bytes body);
/// What a refusing code means, for a person.
const char* connack_reason(uint8_t code);
/// Whether another try would be refused again: with all codes but the one of a server that is
/// unavailable for now (table 3.1).
bool is_final_refusal(uint8_t code);

/// Of PUBACK, PUBREC, PUBREL, PUBCOMP and UNSUBACK: never 0.
Result<uint16_t> read_packet_id(Bytes body);

struct MqttSuback {
  uint16_t id;
  Bytes codes;  // for each filter the granted QoS, or kSubackFailure
};
constexpr uint8_t kSubackFailure = 0x80;
Result<MqttSuback> read_suback(Bytes body);

}  // namespace camloop
