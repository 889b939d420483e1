// Cuts what a server sends into packets (MQTT 3.1.1, 2.2), wherever the bytes were split on their
// way.
//
// What has come whole is looked at where it lies. What has come in part is gathered, and memory
// grows with what is there, never with what is announced. That of a large packet goes with the
// feed() behind it.
#pragma once

#include "proto/mqtt_packet.h"

#include <cstdint>
#include <vector>

namespace camloop {

/// Passive. Over-long forms of a remaining length are taken; all else that the standard has no
/// server send is an Error.
class MqttReader {
 public:
  /// No answer is longer but a SUBACK to more filters than anybody asks for; a PUBLISH may be.
  static constexpr size_t kAnswerMax = 64 * 1024;

  enum class Step {
    kNeedMore,
    kPacket,        // packet() is whole and no PUBLISH
    kPublishBegun,  // publish() has its head; not all of its payload is there: skip() it, or go on
    kPublish,       // publish() is whole
    kSkipped,       // a PUBLISH is over of which the payload was left out
  };

  struct Packet {
    MqttType type;
    Bytes body;  // what follows the fixed header
  };

  struct Publish {
    MqttPublishHead head;
    size_t payload_size;  // in all
    Bytes payload;        // empty unless it is whole
  };

  /// Takes bytes off the front of `bytes` up to the end of one step and says which it was. After an
  /// Error, whose text ends with the number of the requirement that the server broke, only reset()
  /// may follow.
  Result<Step> feed(Bytes& bytes);

  /// Of the step that feed() just said; valid until the next feed(), and as long as what it was
  /// fed.
  const Packet& packet() const { return packet_; }
  const Publish& publish() const { return publish_; }

  /// Only behind kPublishBegun: its payload passes by without being kept.
  void skip();
  /// Whether a packet is there in part.
  bool midway() const { return phase_ != Phase::kFixedHeader || header_size_ > 0; }
  /// The next bytes are those of a new connection.
  void reset();

 private:
  enum class Phase { kFixedHeader, kPublishHead, kBody, kSkip };

  Result<bool> take_fixed_header(Bytes& bytes);
  Result<Step> take_publish_head(Bytes& bytes);
  Result<> read_publish_head(Bytes bytes);
  Step pass_by(Bytes& bytes);
  bool gather(Bytes& bytes, size_t size);
  Result<Step> end_packet(Bytes body);
  void let_go();

  Phase phase_ = Phase::kFixedHeader;
  size_t header_size_ = 0;  // how much of the fixed header is there
  uint8_t first_ = 0;       // its first byte
  size_t length_ = 0;       // what it says of the rest
  size_t skip_left_ = 0;    // bytes of the payload that are to pass by
  Packet packet_{};
  Publish publish_{};
  std::vector<uint8_t> gathered_;  // what has come in part, from behind the fixed header on
};

}  // namespace camloop
