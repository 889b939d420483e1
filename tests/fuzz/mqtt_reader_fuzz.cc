// Any bytes, whole, in pieces and byte by byte, are the same packets and the same fault. The first
// byte of the input chooses the size of the pieces, and whether payloads are left out where they
// come in pieces.

#include "base/check.h"
#include "proto/mqtt_reader.h"
#include "proto/mqtt_topic.h"

#include <algorithm>
#include <string>

using camloop::as_text;
using camloop::Bytes;
using camloop::MqttReader;
using camloop::MqttType;
using Step = MqttReader::Step;

namespace {

std::string packet_told(const MqttReader::Packet& packet) {
  std::string story = std::to_string(static_cast<int>(packet.type)) + ":";
  story += as_text(packet.body);
  switch (packet.type) {
    case MqttType::kConnack: {
      auto connack = camloop::read_connack(packet.body);
      return story + (connack ? std::to_string(connack.value().code) : connack.error().text);
    }
    case MqttType::kSuback: {
      auto suback = camloop::read_suback(packet.body);
      return story + (suback ? std::to_string(suback.value().id) : suback.error().text);
    }
    case MqttType::kPingresp:
      CHECK(packet.body.empty());
      return story;
    default: {
      auto id = camloop::read_packet_id(packet.body);
      return story + (id ? std::to_string(id.value()) : id.error().text);
    }
  }
}

std::string head_told(const MqttReader::Publish& publish) {
  const camloop::MqttPublishHead& head = publish.head;
  CHECK(camloop::is_topic_name(head.topic));
  CHECK((head.qos == camloop::MqttQos::kAtMostOnce) == (head.id == 0));
  return std::string(head.topic) + std::to_string(head.id) + (head.dup ? "d" : "") +
         (head.retain ? "r" : "") + std::to_string(publish.payload_size) + ":";
}

std::string step_told(MqttReader& reader, Step step, bool skips) {
  const MqttReader::Publish& publish = reader.publish();
  switch (step) {
    case Step::kNeedMore:
      return "";
    case Step::kPacket:
      return packet_told(reader.packet());
    case Step::kPublishBegun:
      head_told(publish);
      if (skips) reader.skip();
      return "";
    case Step::kPublish:
      CHECK(publish.payload.size() == publish.payload_size);
      return head_told(publish) + std::string(skips ? "" : as_text(publish.payload));
    case Step::kSkipped:
      return head_told(publish);
  }
}

std::string read(Bytes stream, size_t piece_size, bool skips) {
  MqttReader reader;
  std::string story;
  while (!stream.empty()) {
    // In memory of its own, so that reading past its end, or later, is seen.
    Bytes first = stream.first(std::min(piece_size, stream.size()));
    std::vector<uint8_t> copy(first.begin(), first.end());
    stream = stream.subspan(copy.size());
    for (Bytes piece = copy; !piece.empty();) {
      size_t before = piece.size();
      auto step = reader.feed(piece);
      if (!step) return story + step.error().text;
      CHECK(piece.size() < before && (step.value() != Step::kNeedMore || piece.empty()));
      story += step_told(reader, step.value(), skips);
    }
  }
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  Bytes stream(data + 1, size - 1);
  bool skips = data[0] & 1;
  std::string whole = read(stream, size, skips);
  CHECK(read(stream, 1, skips) == whole);
  CHECK(read(stream, 1u + data[0] / 2, skips) == whole);
  return 0;
}
