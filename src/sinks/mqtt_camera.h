// The camera on MQTT: says that it is there and what it is doing, publishes pictures, and takes
// commands. Its topics are "<prefix>/<id>/...".
#pragma once

#include "base/result.h"
#include "io/timer.h"
#include "links/mqtt_client.h"
#include "media/hub.h"
#include "proto/camera_messages.h"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace camloop {

/// What only the app can say or do.
class CameraHost {
 public:
  virtual CameraSettings settings() const = 0;
  /// Does what `value` asks of `thing`. The Error says what would be right; then nothing has
  /// changed.
  virtual Result<> command(std::string_view thing, std::string_view value) = 0;
  /// All but the frame rate.
  virtual CameraFigures figures() = 0;
  /// Whether frames are fresh, or why not.
  virtual Result<> health() = 0;

 protected:
  ~CameraHost() = default;
};

class MqttCamera : private MqttUser, private Viewer {
 public:
  struct Options {
    std::string prefix;
    std::string id;
    std::string discovery;       // Home Assistant's prefix, empty for none
    int64_t image_every_us = 0;  // 0: only when asked, and on events

    bool operator==(const Options&) const = default;
  };

  struct Facts {
    uint64_t commands = 0;  // carried out
    uint64_t refused = 0;   // as their value is not right, or for want of what they need
    uint64_t retained = 0;  // left alone, as the broker had kept them for whoever connects
    uint64_t images = 0;    // published
    uint64_t oversize = 0;  // images that were too large for that
  };

  /// A message for a broker is at most a megabyte with some (EMQX), and what is over it costs the
  /// connection.
  static constexpr size_t kImageMax = 1'000'000;
  /// Of a command's value; the longest is a text.
  static constexpr size_t kCommandMax = 4 * 1024;

  /// Online, offline: one topic for birth, will and farewell.
  static MqttWill will(const Options& options);
  static MqttPublication farewell(const Options& options);

  /// `client` must outlive it. Attached to the hub only while a picture is asked for.
  MqttCamera(Loop& loop, Hub& hub, MqttClient& client, const Options& options, CameraHost& host);
  ~MqttCamera();
  MqttCamera(const MqttCamera&) = delete;
  MqttCamera& operator=(const MqttCamera&) = delete;

  const Options& options() const { return options_; }
  /// Settings may have changed: those that have are told.
  void tell_settings();
  /// A text of the raw link's other side.
  void tell_text(std::string text);
  /// Home Assistant is to forget the device.
  void withdraw();
  const Facts& facts() const { return facts_; }

 private:
  struct Command {
    std::string topic;
    std::string value;
  };

  void on_message(const MqttMessage& message) override;
  void on_online() override;
  void on_offline(const Error& why) override;
  void on_oversize(const MqttMessage& message) override;
  bool wants(int64_t captured_us) override;
  void on_frame(const Frame& frame) override;

  std::string topic(std::string_view name) const;
  void keep(std::string topic, std::string text);
  void tell(std::string_view name, std::string text);
  void announce();
  void tell_state();
  CameraFigures measure();
  void watch_signal();
  void take_image();
  void take_commands();
  void carry_out(const Command& command);
  Result<> obey(std::string_view thing, std::string_view value);
  void refuse(const std::string& topic, std::string_view value, const std::string& why);
  Result<> want_image();
  void publish_image(const Frame& frame);
  void forget_image();
  void rest();

  Hub& hub_;
  MqttClient& client_;
  const Options options_;
  CameraHost& host_;
  Facts facts_;
  std::deque<Command> commands_;
  std::map<std::string, std::string, std::less<>> told_;  // settings, to this connection

  bool wanted_ = false;     // an image
  bool snapshot_ = false;   // by a command, which is to be answered
  int64_t wanted_us_ = 0;   // since: an older picture will not do
  bool attached_ = false;   // to the hub
  bool size_told_ = false;  // that images are too large
  bool signal_ = true;      // as told on "event"
  std::string state_;       // as told, but for the uptime
  uint64_t published_;      // by the hub, when the frame rate was last worked out
  int64_t published_us_;    // and when that was
  double fps_ = 0;

  Owned<Timer> signal_look_;
  Owned<Timer> state_due_;
  Owned<Timer> image_due_;
  Owned<Timer> turn_;  // for commands_
  Owned<Timer> rest_;  // until the hub is left
};

}  // namespace camloop
