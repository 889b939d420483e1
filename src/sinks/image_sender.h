// The server of the image transfer over MQTT (proto/image_transfer_sender.h): sends images to a
// base, one after the other.
#pragma once

#include "base/buffer.h"
#include "base/clock.h"
#include "base/result.h"
#include "io/timer.h"
#include "links/mqtt_client.h"
#include "proto/image_transfer_sender.h"

#include <deque>
#include <functional>
#include <string>

namespace camloop {

class ImageSender : private MqttUser {
 public:
  /// Who asks for images one by one waits for them; more than these few would wait for minutes.
  static constexpr size_t kImagesMax = 8;
  /// Of all images that wait: one of the largest, or some of a camera's.
  static constexpr size_t kBytesMax = kTransferSizeMax;
  /// How long a transfer waits for the broker: a restart, and two tries to reach it.
  static constexpr int64_t kBrokerWait_us = 60 * kSecond_us;

  struct Options {
    std::string to_base;  // topics
    std::string from_base;
    int64_t broker_wait_us = kBrokerWait_us;
  };
  /// What came of a transfer; called once, from the loop. It may send, but not drop the sender.
  using OnDone = std::function<void(Result<>)>;

  /// `client` must outlive this.
  ImageSender(Loop& loop, MqttClient& client, const Options& options);
  /// What has not been sent is not, and nobody is told.
  ~ImageSender();
  ImageSender(const ImageSender&) = delete;
  ImageSender& operator=(const ImageSender&) = delete;

  /// The base is told `name`. The Error: it is too large, or too many wait; `on_done` is not
  /// called.
  Result<> send(std::string name, BufferRef image, OnDone on_done);

  const ImageTransferSender::Facts& facts() const { return transfer_.facts(); }

 private:
  struct Job {
    std::string name;
    BufferRef image;
    OnDone on_done;
  };

  void on_message(const MqttMessage& message) override;
  void on_online() override;
  void on_offline(const Error& why) override;
  void on_refused(const std::string& filter) override;

  void go_on();
  void await_broker();
  void finish(const Result<>& outcome);

  MqttClient& client_;
  Options options_;
  ImageTransferSender transfer_;
  std::deque<Job> jobs_;  // the first is under way
  Owned<Timer> answer_wait_;
  Owned<Timer> broker_wait_;
};

}  // namespace camloop
