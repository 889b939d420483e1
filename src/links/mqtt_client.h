// MqttClient: one connection to an MQTT broker, kept up for ever and shared by all who publish and
// subscribe.
#pragma once

#include "base/clock.h"
#include "base/link_facts.h"
#include "io/stream.h"
#include "io/timer.h"
#include "io/uplink.h"
#include "proto/mqtt_session.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camloop {

/// Who publishes and subscribes by an MqttClient. From inside each of these it may publish,
/// subscribe and let the client leave, but neither attach nor detach.
class MqttUser {
 public:
  /// A message to one of its filters, once, however many of them it matches.
  virtual void on_message(const MqttMessage&) {}
  /// As on_message(), of one that is longer than was subscribed for: without its payload.
  virtual void on_oversize(const MqttMessage&) {}
  /// The broker has accepted us. What is published from now on comes behind what has waited.
  virtual void on_online() {}
  virtual void on_offline(const Error& /*why*/) {}
  /// The broker does not allow that.
  virtual void on_refused(const std::string& /*filter*/) {}
  /// Something went out or was answered: there may be room for more, or nothing left to wait for.
  virtual void on_progress() {}

 protected:
  ~MqttUser() = default;
};

/// For /state and /metrics. No credentials.
struct MqttFacts {
  UplinkFacts uplink;
  bool secure = false;     // by TLS
  bool connected = false;  // the broker has accepted us
  std::string client_id;
  bool session_present = false;
  size_t queued = 0;
  size_t in_flight = 0;
  MqttSession::Facts traffic;
  std::vector<ReasonCount> dropped;  // messages of ours
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
};

class MqttClient : private UplinkHandler, private StreamHandler {
 public:
  /// A broker that restarts is found again soon, one that is gone is not pestered.
  static constexpr Backoff::Limits kBackoff{500 * kMillisecond_us, 30 * kSecond_us};

  struct Options {
    Endpoint endpoint;
    std::shared_ptr<const TlsContext> tls = nullptr;  // none: no TLS
    MqttSession::Options session;
    Backoff::Limits backoff = kBackoff;
    std::optional<int> unsent_max;  // bytes, as Stream::set_unsent_max()
  };

  /// Connects from the loop, for ever.
  MqttClient(Loop& loop, const Options& options);
  ~MqttClient();
  MqttClient(const MqttClient&) = delete;
  MqttClient& operator=(const MqttClient&) = delete;

  /// `user` must live until it is detached, or longer than this.
  void attach(MqttUser& user);
  /// Ends its subscriptions, too.
  void detach(MqttUser& user);

  /// `user`, which is attached, gets the messages to `filter` of at most `payload_max` bytes, over
  /// all connections.
  void subscribe(MqttUser& user, const std::string& filter, MqttQos qos, size_t payload_max);

  /// Sends it, or keeps it until it can be sent; the queue's limits say what goes when there is no
  /// room, which is counted.
  void publish(MqttPublication message);
  /// As MqttSession.
  bool has_room(size_t size) const { return session_.has_room(size); }
  bool settled() const { return session_.settled(); }
  /// Messages that may have been lost with a connection.
  uint64_t cut() const { return session_.facts().cut; }
  bool connected() const { return session_.connected(); }
  /// The code by which the broker refused the last connection; 0: it did not.
  uint8_t refusal() const { return session_.refusal(); }

  /// Reads nothing more of the broker until resume(), which it is not blamed for.
  void pause();
  void resume();

  /// Gives up what waits, sends `farewell` and DISCONNECT where connected, and calls `on_done` from
  /// the loop once the connection is over, a second later at most. No other one comes. `on_done`
  /// may destroy the client.
  void leave(const std::optional<MqttPublication>& farewell, std::function<void()> on_done);

  MqttFacts facts(int64_t now_us) const;

 private:
  struct Interest {
    MqttUser* user;
    std::string filter;
    MqttQos qos;
    size_t payload_max;
  };

  void on_connected(Owned<Stream> stream) override;
  Result<> on_bytes(Bytes bytes) override;
  Result<> on_writable() override;
  void on_end(const Error& why) override;

  Result<> feed(Bytes bytes);
  void on_accepted();
  void deliver(const MqttMessage& message, bool oversize);
  void report_refused();
  void go_on();
  bool send();
  void on_tick();
  void lose(const Error& why);
  void disconnect();
  void ask(const std::string& filter);
  void finish_leaving();

  const std::string broker_;  // for the log
  const std::optional<int> unsent_max_;
  MqttSession session_;
  std::vector<MqttUser*> users_;
  std::vector<Interest> interests_;
  Owned<Timer> tick_;  // runs while there is a connection
  Owned<Timer> left_;
  Owned<Stream> stream_;
  bool busy_ = false;  // in a callback: what is to be sent goes at its end
  bool paused_ = false;
  bool proven_ = false;  // this connection
  int64_t accepted_us_ = 0;
  uint64_t acknowledged_ = 0;   // bytes of this connection at the last tick
  uint64_t gone_received_ = 0;  // bytes of earlier connections
  uint64_t gone_sent_ = 0;
  std::function<void()> on_left_;
  Uplink uplink_;
};

}  // namespace camloop
