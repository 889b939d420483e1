#include "proto/mqtt_reader.h"

#include "base/check.h"
#include "proto/mqtt_topic.h"

#include <algorithm>

namespace camloop {
namespace {

// Answers, commands and pictures come in the same memory again and again; that of more is let go.
// Freed blocks of a picture's size go back to the system and come anew page by page, a quarter of
// what it costs to receive 100 KB.
constexpr size_t kKeptMax = 128 * 1024;

// The first byte and a length of at most four (2.2.3).
constexpr size_t kFixedHeaderMax = 1 + 4;

// What may stand in the fixed header of a packet that a server sends (table 2.2).
struct Form {
  const char* name;
  uint16_t flags;  // a bit for each value that they may have: none if only clients send the packet
  size_t length_min;  // of what follows
  size_t length_max;
};

// Neither QoS 3 nor DUP with QoS 0.
constexpr uint16_t kPublishFlags = 0b0011'1100'0011'1111;

constexpr Form kForms[16] = {
    {"packet of type 0", 0, 0, 0},  // forbidden
    {"CONNECT", 0, 0, 0},
    {"CONNACK", 1 << 0, 2, 2},
    {"PUBLISH", kPublishFlags, 2, kMqttRemainingLengthMax},
    {"PUBACK", 1 << 0, 2, 2},
    {"PUBREC", 1 << 0, 2, 2},
    {"PUBREL", 1 << 2, 2, 2},
    {"PUBCOMP", 1 << 0, 2, 2},
    {"SUBSCRIBE", 0, 0, 0},
    {"SUBACK", 1 << 0, 3, MqttReader::kAnswerMax},
    {"UNSUBSCRIBE", 0, 0, 0},
    {"UNSUBACK", 1 << 0, 2, 2},
    {"PINGREQ", 0, 0, 0},
    {"PINGRESP", 1 << 0, 0, 0},
    {"DISCONNECT", 0, 0, 0},
    {"packet of type 15", 0, 0, 0},  // forbidden
};

const Form& form_of(uint8_t first) {
  return kForms[first >> 4];
}

MqttType type_of(uint8_t first) {
  return static_cast<MqttType>(first >> 4);
}

MqttQos qos_of(uint8_t first) {
  return static_cast<MqttQos>(first >> 1 & 3);
}

bool is_dup(uint8_t first) {
  return first & 8;
}

bool may_begin(uint8_t first) {
  return form_of(first).flags >> (first & 15) & 1;
}

bool may_have_length(uint8_t first, size_t length) {
  return length >= form_of(first).length_min && length <= form_of(first).length_max;
}

size_t topic_size(Bytes body) {
  return static_cast<size_t>(body[0] << 8 | body[1]);
}

// Topic and identifier, in a body that begins like this; two bytes are enough.
size_t publish_head_size(uint8_t first, Bytes body) {
  return 2 + topic_size(body) + (qos_of(first) == MqttQos::kAtMostOnce ? 0 : 2);
}

// ---- What was wrong ----

Error first_fault(uint8_t first) {
  std::string what = std::string("a ") + form_of(first).name;
  if (form_of(first).flags == 0) return mqtt_violation(what, "2.2.1");
  if (type_of(first) != MqttType::kPublish) {
    return mqtt_violation(what + " with wrong flags", "2.2.2-2");
  }
  if (qos_of(first) == MqttQos::kAtMostOnce) {
    return mqtt_violation(what + " of QoS 0 with DUP", "3.3.1-2");
  }
  return mqtt_violation(what + " of QoS 3", "3.3.1-4");
}

Error length_fault(uint8_t first, size_t length) {
  return mqtt_violation(
      std::string("a ") + form_of(first).name + " of length " + std::to_string(length), "2.2.3");
}

Error head_fault() {
  return mqtt_violation("a PUBLISH that ends within its head", "2.2.3");
}

Error topic_fault(std::string_view topic) {
  if (topic.empty()) return mqtt_violation("an empty topic", "4.7.3-1");
  if (topic.find('\0') != topic.npos) return mqtt_violation("U+0000 in a topic", "1.5.3-2");
  if (!is_mqtt_string(topic)) return mqtt_violation("a topic that is no UTF-8", "1.5.3-1");
  return mqtt_violation("a wildcard in a topic", "3.3.2-2");
}

}  // namespace

Result<MqttReader::Step> MqttReader::feed(Bytes& bytes) {
  if (phase_ == Phase::kFixedHeader) {
    let_go();
    if (!TRY(take_fixed_header(bytes))) return Step::kNeedMore;
    phase_ = type_of(first_) == MqttType::kPublish ? Phase::kPublishHead : Phase::kBody;
  }
  if (gathered_.empty() && bytes.size() >= length_) {
    Bytes body = bytes.first(length_);
    bytes = bytes.subspan(length_);
    return end_packet(body);
  }
  if (phase_ == Phase::kPublishHead) return take_publish_head(bytes);
  if (phase_ == Phase::kSkip) return pass_by(bytes);
  return gather(bytes, length_) ? end_packet(gathered_) : Step::kNeedMore;
}

// True once it is whole.
Result<bool> MqttReader::take_fixed_header(Bytes& bytes) {
  while (!bytes.empty()) {
    uint8_t byte = bytes.front();
    bytes = bytes.subspan(1);
    if (header_size_++ == 0) {
      if (!may_begin(byte)) return first_fault(byte);
      first_ = byte;
      length_ = 0;
      continue;
    }
    length_ |= static_cast<size_t>(byte & 0x7f) << 7 * (header_size_ - 2);
    if (byte < 0x80) {
      header_size_ = 0;
      if (!may_have_length(first_, length_)) return length_fault(first_, length_);
      return true;
    }
    if (header_size_ == kFixedHeaderMax) return mqtt_violation("a length without end", "2.2.3");
  }
  return false;
}

Result<MqttReader::Step> MqttReader::take_publish_head(Bytes& bytes) {
  if (!gather(bytes, 2)) return Step::kNeedMore;
  size_t size = publish_head_size(first_, gathered_);
  if (size > length_) return head_fault();
  if (!gather(bytes, size)) return Step::kNeedMore;
  if (size == length_) return end_packet(gathered_);
  TRY(read_publish_head(gathered_));
  phase_ = Phase::kBody;
  return Step::kPublishBegun;
}

void MqttReader::skip() {
  CHECK(phase_ == Phase::kBody && gathered_.size() + publish_.payload_size == length_);
  phase_ = Phase::kSkip;
  skip_left_ = publish_.payload_size;
}

MqttReader::Step MqttReader::pass_by(Bytes& bytes) {
  size_t size = std::min(bytes.size(), skip_left_);
  bytes = bytes.subspan(size);
  skip_left_ -= size;
  if (skip_left_ > 0) return Step::kNeedMore;
  phase_ = Phase::kFixedHeader;
  return Step::kSkipped;
}

// Moves bytes until `size` of the body are gathered; true once they are.
bool MqttReader::gather(Bytes& bytes, size_t size) {
  if (gathered_.size() >= size) return true;
  Bytes piece = bytes.first(std::min(bytes.size(), size - gathered_.size()));
  bytes = bytes.subspan(piece.size());
  size_t gathered = gathered_.size() + piece.size();
  if (gathered > gathered_.capacity()) gathered_.reserve(std::min(length_, 2 * gathered));
  gathered_.insert(gathered_.end(), piece.begin(), piece.end());
  return gathered == size;
}

Result<MqttReader::Step> MqttReader::end_packet(Bytes body) {
  phase_ = Phase::kFixedHeader;
  if (type_of(first_) != MqttType::kPublish) {
    packet_ = {type_of(first_), body};
    return Step::kPacket;
  }
  size_t size = publish_head_size(first_, body);
  if (size > length_) return head_fault();
  TRY(read_publish_head(body.first(size)));
  publish_.payload = body.subspan(size);
  return Step::kPublish;
}

Result<> MqttReader::read_publish_head(Bytes bytes) {
  std::string_view topic = as_text(bytes.subspan(2, topic_size(bytes)));
  if (!is_topic_name(topic)) return topic_fault(topic);
  MqttPublishHead head{topic, qos_of(first_), (first_ & 1) != 0, is_dup(first_)};
  if (head.qos != MqttQos::kAtMostOnce) head.id = TRY(read_packet_id(bytes.last(2)));
  publish_ = {head, length_ - bytes.size(), {}};
  return {};
}

void MqttReader::let_go() {
  gathered_.clear();
  if (gathered_.capacity() > kKeptMax) gathered_ = std::vector<uint8_t>();
}

void MqttReader::reset() {
  phase_ = Phase::kFixedHeader;
  header_size_ = 0;
  let_go();
}

}  // namespace camloop
