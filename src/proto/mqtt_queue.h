// The messages that wait for a broker: bounded in number and bytes, oldest first.
#pragma once

#include "proto/mqtt_message.h"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace camloop {

/// Where there is no room for another message the oldest one of QoS 0 goes, else the oldest. Those
/// of which only the newest counts have room beside the number of the others: they are one a topic.
class MqttQueue {
 public:
  struct Limits {
    size_t messages = 64;     // at least 1
    size_t bytes = 4u << 20;  // of topics and payloads
  };

  /// Messages that no connection was given, by reason.
  struct Drops {
    uint64_t replaced = 0;   // by a newer one to the same topic
    uint64_t full = 0;       // for one that came later
    uint64_t oversize = 0;   // longer than the whole queue, or than MQTT allows
    uint64_t abandoned = 0;  // the queue was given up
  };

  explicit MqttQueue(Limits limits) : limits_(limits) {}

  void put(MqttPublication message);
  /// Whether a message whose topic and payload have `size` bytes needs no other one's room.
  bool has_room(size_t size) const;

  bool empty() const { return waiting_.empty(); }
  size_t size() const { return waiting_.size(); }
  /// The oldest; there is one.
  const MqttPublication& front() const { return waiting_.front(); }
  MqttPublication take();
  void clear();

  const Drops& drops() const { return drops_; }

 private:
  using Place = std::deque<MqttPublication>::iterator;

  MqttPublication remove(const Place& place);
  void make_room(const MqttPublication& message);
  void drop_least(bool (*may_go)(const MqttPublication&));

  Limits limits_;
  std::deque<MqttPublication> waiting_;
  size_t numbered_ = 0;  // those that the limit of messages is for
  size_t bytes_ = 0;
  Drops drops_;
};

}  // namespace camloop
