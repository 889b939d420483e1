#include "proto/mqtt_queue.h"

#include <algorithm>
#include <utility>

namespace camloop {
namespace {

size_t size_of(const MqttPublication& message) {
  return message.topic.size() + message.payload().size();
}

bool can_be_sent(const MqttPublication& message) {
  return publish_size(message.topic, message.qos, message.payload().size()) <=
         kMqttRemainingLengthMax + 5;
}

}  // namespace

void MqttQueue::put(MqttPublication message) {
  size_t size = size_of(message);
  if (size > limits_.bytes || !can_be_sent(message)) {
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
  make_room(size);
  bytes_ += size;
  waiting_.push_back(std::move(message));
}

bool MqttQueue::has_room(size_t size) const {
  return waiting_.size() < limits_.messages && bytes_ + size <= limits_.bytes;
}

void MqttQueue::make_room(size_t size) {
  while (!waiting_.empty() && !has_room(size)) {
    auto least = std::find_if(waiting_.begin(), waiting_.end(), [](const MqttPublication& each) {
      return each.qos == MqttQos::kAtMostOnce;
    });
    remove(least == waiting_.end() ? waiting_.begin() : least);
    ++drops_.full;
  }
}

MqttPublication MqttQueue::take() {
  return remove(waiting_.begin());
}

MqttPublication MqttQueue::remove(const Place& place) {
  MqttPublication message = std::move(*place);
  waiting_.erase(place);
  bytes_ -= size_of(message);
  return message;
}

void MqttQueue::clear() {
  drops_.abandoned += waiting_.size();
  waiting_.clear();
  bytes_ = 0;
}

}  // namespace camloop
