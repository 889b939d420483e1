#include "proto/mqtt_queue.h"

#include <algorithm>
#include <utility>

namespace camloop {
namespace {

size_t size_of(const MqttPublication& message) {
  return message.topic.size() + message.payload().size();
}

bool is_numbered(const MqttPublication& message) {
  return !message.newest_only;
}

bool can_be_sent(const MqttPublication& message) {
  return publish_size(message.topic, message.qos, message.payload().size()) <=
         kMqttRemainingLengthMax + 5;
}

}  // namespace

void MqttQueue::put(MqttPublication message) {
  if (size_of(message) > limits_.bytes || !can_be_sent(message)) {
    ++drops_.oversize;
    return;
  }
  if (message.newest_only) {
    auto older = std::find_if(waiting_.begin(), waiting_.end(), [&](const MqttPublication& each) {
      return each.newest_only && each.topic == message.topic;
    });
    if (older != waiting_.end()) {
      remove(older);
      ++drops_.replaced;
    }
  }
  make_room(message);
  numbered_ += is_numbered(message);
  bytes_ += size_of(message);
  waiting_.push_back(std::move(message));
}

bool MqttQueue::has_room(size_t size) const {
  return numbered_ < limits_.messages && bytes_ + size <= limits_.bytes;
}

void MqttQueue::make_room(const MqttPublication& message) {
  if (is_numbered(message) && numbered_ >= limits_.messages) drop_least(is_numbered);
  while (bytes_ + size_of(message) > limits_.bytes) {
    drop_least([](const MqttPublication&) { return true; });
  }
}

void MqttQueue::drop_least(bool (*may_go)(const MqttPublication&)) {
  auto least = std::find_if(waiting_.begin(), waiting_.end(), [&](const MqttPublication& each) {
    return may_go(each) && each.qos == MqttQos::kAtMostOnce;
  });
  if (least == waiting_.end()) least = std::find_if(waiting_.begin(), waiting_.end(), may_go);
  remove(least);
  ++drops_.full;
}

MqttPublication MqttQueue::take() {
  return remove(waiting_.begin());
}

MqttPublication MqttQueue::remove(const Place& place) {
  MqttPublication message = std::move(*place);
  waiting_.erase(place);
  numbered_ -= is_numbered(message);
  bytes_ -= size_of(message);
  return message;
}

void MqttQueue::clear() {
  drops_.abandoned += waiting_.size();
  waiting_.clear();
  numbered_ = 0;
  bytes_ = 0;
}

}  // namespace camloop
