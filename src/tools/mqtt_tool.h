// MqttTool: what the one-shot tools on MQTT have in common: a session as the settings say, and how
// it ends.
#pragma once

#include "config/config.h"
#include "io/loop.h"
#include "io/signal.h"
#include "links/mqtt_client.h"

#include <functional>
#include <memory>

namespace camloop {

constexpr int kToolFailed = 1;  // the exit status

/// By the identifier in the settings, else by one for this run alone: with the board's own a tool
/// would take the session of the firmware. The Error says which variable is to be set, and how.
Result<MqttClient::Options> tool_session(const Config& config, const MqttQueue::Limits& queue);

/// Ends with kToolFailed if the broker refuses us for good; else it tries for ever to reach it.
class MqttTool : protected MqttUser {
 public:
  MqttTool(Loop& loop, const MqttClient::Options& session);
  MqttTool(const MqttTool&) = delete;
  MqttTool& operator=(const MqttTool&) = delete;
  virtual ~MqttTool();

  /// The process's, once the loop has stopped.
  int exit_status() const { return exit_status_; }

 protected:
  Loop& loop() { return loop_; }
  MqttClient& client() { return client_; }
  /// Takes leave of the broker, then ends the run. Only the first call counts.
  void finish(int exit_status);
  /// Says why and finishes; counts also where all seemed well, and what is left fails.
  void fail(const Error& why);
  bool finishing() const { return finishing_; }
  /// A signal has asked for the end, which must not wait for anybody then.
  bool stopped() const { return stopped_; }
  /// Sleeps for a moment, so that more of what the broker sends is read at a time: to wake up for
  /// each small packet costs more than all else that is done with it.
  static void rest();

  /// The broker has been left.
  virtual void on_left() { loop_.stop(); }
  /// What a signal's end is to be taken for.
  virtual int status_if_stopped() const { return kToolFailed; }
  void on_offline(const Error& why) override;

 private:
  void on_signal();

  Loop& loop_;
  MqttClient client_;
  Owned<Signal> on_terminate_;
  Owned<Signal> on_interrupt_;
  int exit_status_ = 0;
  bool finishing_ = false;
  bool left_ = false;
  bool stopped_ = false;
};

/// Makes the tool on a loop, and runs it to its end: its exit status.
int run_mqtt_tool(const std::function<std::unique_ptr<MqttTool>(Loop& loop)>& make);

}  // namespace camloop
