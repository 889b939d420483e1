#include "proto/mqtt_packet.h"

#include "base/check.h"
#include "proto/mqtt_topic.h"

#include <algorithm>

namespace camloop {
namespace {

constexpr size_t kIdSize = 2;

// Of CONNECT (3.1.2).
constexpr uint8_t kProtocol[] = {0, 4, 'M', 'Q', 'T', 'T', 4};
constexpr uint8_t kUserFlag = 0x80, kPasswordFlag = 0x40, kWillRetainFlag = 0x20, kWillFlag = 0x04,
                  kCleanSessionFlag = 0x02;
constexpr int kWillQosShift = 3;

// PUBREL, SUBSCRIBE and UNSUBSCRIBE have bit 1 set (table 2.2).
uint8_t first_byte(MqttType type) {
  bool marked =
      type == MqttType::kPubrel || type == MqttType::kSubscribe || type == MqttType::kUnsubscribe;
  return static_cast<uint8_t>(static_cast<unsigned>(type) << 4 | (marked ? 2u : 0u));
}

// How many bytes the number for that length takes (table 2.4).
size_t length_size(size_t length) {
  return length < 128 ? 1 : length < 128 * 128 ? 2 : length < 128 * 128 * 128 ? 3 : 4;
}

size_t field_size(std::string_view text) {
  return 2 + text.size();
}

void put_fixed_header(std::vector<uint8_t>& out, uint8_t first, size_t length) {
  CHECK(length <= kMqttRemainingLengthMax);
  out.push_back(first);
  for (; length >= 0x80; length >>= 7) out.push_back(static_cast<uint8_t>(length | 0x80));
  out.push_back(static_cast<uint8_t>(length));
}

void put_number(std::vector<uint8_t>& out, size_t number) {
  out.push_back(static_cast<uint8_t>(number >> 8));
  out.push_back(static_cast<uint8_t>(number));
}

void put_field(std::vector<uint8_t>& out, std::string_view text) {
  put_number(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

void put_id(std::vector<uint8_t>& out, uint16_t id) {
  CHECK(id != 0);
  put_number(out, id);
}

bool is_qos(MqttQos qos) {
  return qos <= MqttQos::kExactlyOnce;
}

size_t publish_length(std::string_view topic, MqttQos qos, size_t payload_size) {
  return field_size(topic) + (qos == MqttQos::kAtMostOnce ? 0 : kIdSize) + payload_size;
}

Result<> check_will(const MqttWill& will) {
  if (!is_topic_name(will.topic)) return Error{"the will's topic is none [MQTT-3.1.3-10]"};
  if (will.payload.size() > kMqttStringMax) return Error{"the will is too long [MQTT-3.1.3.3]"};
  if (!is_qos(will.qos)) return Error{"the will's QoS is none [MQTT-3.1.2-14]"};
  return {};
}

uint8_t connect_flags(const MqttConnect& connect) {
  unsigned flags = connect.clean_session ? kCleanSessionFlag : 0;
  if (connect.will) {
    flags |= kWillFlag | static_cast<unsigned>(connect.will->qos) << kWillQosShift;
    if (connect.will->retain) flags |= kWillRetainFlag;
  }
  if (connect.user) flags |= kUserFlag;
  if (connect.password) flags |= kPasswordFlag;
  return static_cast<uint8_t>(flags);
}

uint16_t number_at(Bytes bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

}  // namespace

Error mqtt_violation(const std::string& what, const char* requirement) {
  return Error{"the broker breaks the protocol: " + what + " [MQTT-" + requirement + "]"};
}

// ---- CONNECT ----

Result<> check_connect(const MqttConnect& connect) {
  if (!is_mqtt_string(connect.client_id)) {
    return Error{"the client id is no text that MQTT can carry [MQTT-3.1.3-4]"};
  }
  if (connect.client_id.empty() && !connect.clean_session) {
    return Error{"a session that is kept needs a client id [MQTT-3.1.3-7]"};
  }
  if (connect.will) TRY(check_will(*connect.will));
  if (connect.user && !is_mqtt_string(*connect.user)) {
    return Error{"the user name is no text that MQTT can carry [MQTT-3.1.3-11]"};
  }
  if (connect.password && !connect.user) {
    return Error{"a password needs a user name [MQTT-3.1.2-22]"};
  }
  if (connect.password && connect.password->size() > kMqttStringMax) {
    return Error{"the password is too long [MQTT-3.1.3.5]"};
  }
  return {};
}

void put_connect(std::vector<uint8_t>& out, const MqttConnect& connect) {
  CHECK(check_connect(connect));
  std::vector<std::string_view> fields{connect.client_id};  // in this order [MQTT-3.1.3-1]
  if (connect.will) fields.insert(fields.end(), {connect.will->topic, connect.will->payload});
  if (connect.user) fields.push_back(*connect.user);
  if (connect.password) fields.push_back(*connect.password);

  size_t length = sizeof kProtocol + 1 + 2;  // and flags, keep alive
  for (std::string_view field : fields) length += field_size(field);
  put_fixed_header(out, first_byte(MqttType::kConnect), length);
  out.insert(out.end(), std::begin(kProtocol), std::end(kProtocol));
  out.push_back(connect_flags(connect));
  put_number(out, connect.keep_alive_s);
  for (std::string_view field : fields) put_field(out, field);
}

Result<MqttConnack> read_connack(Bytes body) {
  if (body.size() != 2) return mqtt_violation("a CONNACK of another length than 2", "2.2.3");
  MqttConnack connack{body[0] == 1, body[1]};
  if (body[0] > 1) return mqtt_violation("reserved flags in CONNACK", "3.2.2.1");
  if (connack.session_present && connack.code != 0) {
    return mqtt_violation("it refuses us, yet has a session", "3.2.2-4");
  }
  if (connack.code > 5) {
    return mqtt_violation("it refuses us by a code of its own, " + std::to_string(connack.code),
                          "3.2.2-6");
  }
  return connack;
}

const char* connack_reason(uint8_t code) {
  switch (code) {
    case 1:
      return "it does not speak MQTT 3.1.1";
    case 2:
      return "it does not like the client id";
    case 3:
      return "its service is unavailable";
    case 4:
      return "wrong user name or password";
    case 5:
      return "not authorised";
    default:
      return "for no reason that we know";
  }
}

bool is_final_refusal(uint8_t code) {
  constexpr uint8_t kServerUnavailable = 3;
  return code != 0 && code != kServerUnavailable;
}

// ---- PUBLISH and its answers ----

void put_publish_head(std::vector<uint8_t>& out, const MqttPublishHead& head, size_t payload_size) {
  bool numbered = head.qos != MqttQos::kAtMostOnce;
  CHECK(is_topic_name(head.topic) && is_qos(head.qos));
  CHECK(numbered == (head.id != 0) && (numbered || !head.dup));
  unsigned flags =
      (head.dup ? 8u : 0u) | static_cast<unsigned>(head.qos) << 1 | (head.retain ? 1u : 0u);
  put_fixed_header(out, static_cast<uint8_t>(first_byte(MqttType::kPublish) | flags),
                   publish_length(head.topic, head.qos, payload_size));
  put_field(out, head.topic);
  if (numbered) put_id(out, head.id);
}

size_t publish_size(std::string_view topic, MqttQos qos, size_t payload_size) {
  size_t length = publish_length(topic, qos, payload_size);
  return 1 + length_size(length) + length;
}

void put_answer(std::vector<uint8_t>& out, MqttType type, uint16_t id) {
  CHECK(type >= MqttType::kPuback && type <= MqttType::kPubcomp);
  put_fixed_header(out, first_byte(type), kIdSize);
  put_id(out, id);
}

Result<uint16_t> read_packet_id(Bytes body) {
  if (body.size() != kIdSize) return mqtt_violation("an answer of another length than 2", "2.2.3");
  uint16_t id = number_at(body, 0);
  if (id == 0) return mqtt_violation("an answer to packet 0", "2.3.1-1");
  return id;
}

// ---- Subscriptions ----

void put_subscribe(std::vector<uint8_t>& out, uint16_t id, std::span<const MqttFilter> filters) {
  CHECK(!filters.empty());
  size_t length = kIdSize;
  for (const MqttFilter& filter : filters) length += field_size(filter.filter) + 1;
  put_fixed_header(out, first_byte(MqttType::kSubscribe), length);
  put_id(out, id);
  for (const MqttFilter& filter : filters) {
    CHECK(is_topic_filter(filter.filter) && is_qos(filter.qos));
    put_field(out, filter.filter);
    out.push_back(static_cast<uint8_t>(filter.qos));
  }
}

void put_unsubscribe(std::vector<uint8_t>& out, uint16_t id,
                     std::span<const std::string_view> filters) {
  CHECK(!filters.empty());
  size_t length = kIdSize;
  for (std::string_view filter : filters) length += field_size(filter);
  put_fixed_header(out, first_byte(MqttType::kUnsubscribe), length);
  put_id(out, id);
  for (std::string_view filter : filters) {
    CHECK(is_topic_filter(filter));
    put_field(out, filter);
  }
}

Result<MqttSuback> read_suback(Bytes body) {
  if (body.size() <= kIdSize) return mqtt_violation("a SUBACK without a code", "2.2.3");
  MqttSuback suback{number_at(body, 0), body.subspan(kIdSize)};
  if (suback.id == 0) return mqtt_violation("a SUBACK to packet 0", "2.3.1-1");
  for (uint8_t code : suback.codes) {
    if (code > 2 && code != kSubackFailure) {
      return mqtt_violation("a SUBACK with code " + std::to_string(code), "3.9.3-2");
    }
  }
  return suback;
}

// ---- PINGREQ, DISCONNECT ----

void put_empty(std::vector<uint8_t>& out, MqttType type) {
  CHECK(type == MqttType::kPingreq || type == MqttType::kDisconnect);
  put_fixed_header(out, first_byte(type), 0);
}

}  // namespace camloop
