#include "proto/mqtt_reader.h"

#include "base/check.h"
#include "proto/mqtt_topic.h"

#include <algorithm>

namespace camloop {
namespace {

// Commands and answers come in the same memory again and again; that of a picture is let go.
constexpr size_t kKeptMax = 4096;

// The first byte and a length of at most four (2.2.3).
constexpr size_t kFixedHeaderMax = 1 + 4;

// What may stand in the fixed header of a packet that a server sends (table 2.2). Lengths are of
// what follows.
struct Form {
  const char* name = nullptr;  // none: a server may not send it
  uint8_t flags = 0;           // but for those of PUBLISH, which say something
  size_t length_min = 0;
  size_t length_max = 0;
};

constexpr Form kForms[16] = {
    {},  // forbidden
    {},  // CONNECT
    {"CONNACK", 0, 2, 2},
    {"PUBLISH", 0, 2, kMqttRemainingLengthMax},
    {"PUBACK", 0, 2, 2},
    {"PUBREC", 0, 2, 2},
    {"PUBREL", 2, 2, 2},
    {"PUBCOMP", 0, 2, 2},
    {},  // SUBSCRIBE
    {"SUBACK", 0, 3, MqttReader::kAnswerMax},
    {},  // UNSUBSCRIBE
    {"UNSUBACK", 0, 2, 2},
    {},  // PINGREQ
    {"PINGRESP", 0, 0, 0},
    {},  // DISCONNECT
    {},  // forbidden
};

MqttType type_of(uint8_t first) {
  return static_cast<MqttType>(first >> 4);
}

MqttQos qos_of(uint8_t first) {
  return static_cast<MqttQos>(first >> 1 & 3);
}

bool is_dup(uint8_t first) {
  return first & 8;
}

Result<> check_first(uint8_t first) {
  const Form& form = kForms[first >> 4];
  if (!form.name) return mqtt_violation("a packet of type " + std::to_string(first >> 4), "2.2.1");
  if (type_of(first) == MqttType::kPublish) {
    if (qos_of(first) > MqttQos::kExactlyOnce) return mqtt_violation("QoS 3", "3.3.1-4");
    if (qos_of(first) == MqttQos::kAtMostOnce && is_dup(first)) {
      return mqtt_violation("a PUBLISH of QoS 0 with DUP", "3.3.1-2");
    }
  } else if ((first & 15) != form.flags) {
    return mqtt_violation(std::string("wrong flags in ") + form.name, "2.2.2-2");
  }
  return {};
}

Result<> check_length(uint8_t first, size_t length) {
  const Form& form = kForms[first >> 4];
  if (length >= form.length_min && length <= form.length_max) return {};
  return mqtt_violation(form.name + (" of length " + std::to_string(length)), "2.2.3");
}

size_t topic_size(Bytes body) {
  return static_cast<size_t>(body[0] << 8 | body[1]);
}

// How much of a body of `length` bytes are topic and identifier; two bytes of it are enough.
Result<size_t> publish_head_size(uint8_t first, Bytes begin, size_t length) {
  size_t size = 2 + topic_size(begin) + (qos_of(first) == MqttQos::kAtMostOnce ? 0 : 2);
  if (size > length) return mqtt_violation("a PUBLISH that ends within its head", "2.2.3");
  return size;
}

Result<> check_topic(std::string_view topic) {
  if (is_topic_name(topic)) return {};
  if (topic.empty()) return mqtt_violation("an empty topic", "4.7.3-1");
  if (topic.find('\0') != topic.npos) return mqtt_violation("U+0000 in a topic", "1.5.3-2");
  if (!is_mqtt_string(topic)) return mqtt_violation("a topic that is no UTF-8", "1.5.3-1");
  return mqtt_violation("a wildcard in a topic", "3.3.2-2");
}

Result<MqttPublishHead> read_publish_head(uint8_t first, Bytes bytes) {
  MqttPublishHead head{as_text(bytes.subspan(2, topic_size(bytes))), qos_of(first),
                       (first & 1) != 0, is_dup(first)};
  TRY(check_topic(head.topic));
  if (head.qos != MqttQos::kAtMostOnce) head.id = TRY(read_packet_id(bytes.last(2)));
  return head;
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
      TRY(check_first(byte));
      first_ = byte;
      length_ = 0;
      continue;
    }
    length_ |= static_cast<size_t>(byte & 0x7f) << 7 * (header_size_ - 2);
    if (byte < 0x80) {
      header_size_ = 0;
      TRY(check_length(first_, length_));
      return true;
    }
    if (header_size_ == kFixedHeaderMax) return mqtt_violation("a length without end", "2.2.3");
  }
  return false;
}

Result<MqttReader::Step> MqttReader::take_publish_head(Bytes& bytes) {
  if (!gather(bytes, 2)) return Step::kNeedMore;
  size_t size = TRY(publish_head_size(first_, gathered_, length_));
  if (!gather(bytes, size)) return Step::kNeedMore;
  if (size == length_) return end_packet(gathered_);
  publish_ = {TRY(read_publish_head(first_, gathered_)), length_ - size, {}};
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
  size_t size = TRY(publish_head_size(first_, body, body.size()));
  MqttPublishHead head = TRY(read_publish_head(first_, body.first(size)));
  publish_ = {head, body.size() - size, body.subspan(size)};
  return Step::kPublish;
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
