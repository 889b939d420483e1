// A client's session with an MQTT broker (MQTT 3.1.1): what is to be sent at each moment, and what
// the broker's answers mean, over any number of connections.
//
// Messages wait in a bounded queue until the connection takes them. Those of QoS 1 and 2 are then
// kept until the broker has answered, and a new connection begins with them [MQTT-4.4.0-1]. Without
// a session at the broker they are new messages to it: one of QoS 2 whose PUBREC was lost with the
// connection may then come twice.
#pragma once

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/result.h"
#include "proto/mqtt_message.h"
#include "proto/mqtt_packet.h"
#include "proto/mqtt_queue.h"
#include "proto/mqtt_reader.h"

#include <bitset>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camloop {

/// Passive: bytes, messages and the time in; bytes to send and messages out.
class MqttSession {
 public:
  struct Options {
    MqttConnect connect;  // as check_connect() allows
    MqttQueue::Limits queue;
  };

  /// What feed() came to.
  enum class Step {
    kNothing,    // nothing to tell, or more bytes are needed
    kConnected,  // the broker has accepted us: session_present() is known
    kMessage,    // message() is there
    kOversize,   // message(), without its payload, was longer than its subscribers take
    kRefused,    // the broker does not let us subscribe to refused()
  };

  /// Over all connections.
  struct Facts {
    uint64_t published = 0;     // messages composed for a connection, each once
    uint64_t sent_again = 0;    // of them, on a later one
    uint64_t acknowledged = 0;  // messages of QoS 1 and 2 that the broker has taken over
    uint64_t cut = 0;           // of QoS 0, or of QoS 2 in a lost session: perhaps lost with it
    uint64_t received = 0;      // messages handed on
    uint64_t duplicates = 0;    // of QoS 2 that had been handed on
    uint64_t oversize = 0;      // received messages longer than their subscribers take
    uint64_t unwanted = 0;      // that nobody has subscribed to here
  };

  /// What is to be sent now, as one. The views last until the next call.
  struct Output {
    Bytes head;
    BufferRef body;
    bool empty() const { return head.empty() && !body; }
  };

  /// How many messages of QoS 1 and 2 are under way at a time: what brokers commonly take.
  static constexpr size_t kInFlightMax = 20;

  explicit MqttSession(const Options& options);

  // ---- The connection ----

  /// There is a new connection: CONNECT goes first.
  void begin(int64_t now_us);
  /// Takes bytes off the front of `bytes` up to the end of one step and says which it was. The
  /// Error is of a broker that has refused us, see refusal(), or that has broken the protocol, with
  /// the requirement's number: the connection is to be closed at once [MQTT-4.8.0-1].
  Result<Step> feed(Bytes& bytes, int64_t now_us);
  /// To be called every tick_period_us() while there is a connection. `moving`: the broker has
  /// taken bytes since the last call. `listening`: what it says is read. The Error: it did not
  /// answer in time, and the connection is to be closed.
  Result<> tick(int64_t now_us, bool moving, bool listening);
  int64_t tick_period_us() const;
  /// The same until on_sent() or end().
  Output output();
  /// All of output() is on its way.
  void on_sent(int64_t now_us);
  /// And nothing of what was sent is left in this program: a message of QoS 0 is done with.
  void on_gone() { qos0_on_way_ = 0; }
  /// Gives up what waits and, where connected, sends `farewell`, as QoS 0, and DISCONNECT behind
  /// what is being sent; nothing comes after it [MQTT-3.14.4-2]. Once output() is empty the
  /// connection is to be closed.
  void disconnect(const std::optional<MqttPublication>& farewell);
  /// The connection is over.
  void end();

  // ---- Messages ----

  /// Queues a message; where there is no room the queue's rule says which one goes.
  void publish(MqttPublication message);
  /// As MqttQueue.
  bool has_room(size_t size) const { return queue_.has_room(size); }
  /// Nothing waits, and the broker has answered for all that was sent.
  bool settled() const;
  /// Of the last kMessage or kOversize; valid until the next feed().
  const MqttMessage& message() const { return message_; }

  /// At once where connected, and whenever a session begins anew. The same filter once more asks
  /// again.
  void subscribe(const std::string& filter, MqttQos qos, size_t payload_max);
  /// At once where connected, else on the next connection to a broker that has the session still.
  /// Messages under way may yet come: they are unwanted.
  void unsubscribe(std::string_view filter);
  /// The filters that the last kRefused was about; valid until the next feed().
  const std::vector<std::string>& refused() const { return refused_; }

  // ---- What is so ----

  bool connected() const { return phase_ == Phase::kConnected; }
  bool leaving() const { return phase_ == Phase::kLeaving; }
  bool session_present() const { return session_present_; }
  /// The code by which the broker refused the last connection; 0: it did not.
  uint8_t refusal() const { return refusal_; }
  /// The longest payload, in bytes, since the broker last said anything on this connection.
  size_t longest_unheard() const { return longest_unheard_; }
  const MqttConnect& connect() const { return options_.connect; }
  size_t queued() const { return queue_.size(); }
  size_t in_flight() const { return unacknowledged_.size() + releases_.size(); }
  const MqttQueue::Drops& drops() const { return queue_.drops(); }
  const Facts& facts() const { return facts_; }

 private:
  enum class Phase { kIdle, kConnecting, kConnected, kLeaving };
  enum class Ping { kNone, kDue, kComposed, kSent };

  // What the subscriptions have for a message that comes.
  enum class Demand { kNone, kTooLong, kWanted };

  struct Subscription {
    // The last two are of those that are to end, and that the broker was asked to end.
    enum class State { kWanted, kAsked, kDecided, kUnwanted, kEnding };
    std::string filter;
    MqttQos qos;         // asked for; the granted one may be lower
    size_t payload_max;  // bytes
    State state = State::kWanted;
    bool ends() const { return state == State::kUnwanted || state == State::kEnding; }
  };

  struct Unacknowledged {
    uint16_t id;
    bool dup;  // it was sent on an earlier connection
    MqttPublication message;
  };

  struct Request {
    MqttType type;  // SUBSCRIBE or UNSUBSCRIBE
    uint16_t id;
    std::vector<std::string> filters;
    int64_t since_us = 0;  // the first tick that saw it
  };

  using Sent = std::deque<Unacknowledged>::iterator;

  Result<> check_first_byte(Bytes bytes);
  Result<Step> on_packet();
  Result<Step> on_connack(Bytes body);
  Result<Step> on_publish();
  Result<Step> on_acknowledged(MqttType type, uint16_t id);
  Result<Step> on_pubrec(uint16_t id);
  Sent find_sent(uint16_t id);
  void forget(const Sent& sent);
  std::deque<Request>::iterator find_request(MqttType type, uint16_t id);
  Result<Step> on_suback(Bytes body);
  Result<Step> on_unsuback(uint16_t id);
  Result<> answer(MqttType type, uint16_t id);
  void resume();
  Result<> check_requests(int64_t now_us);
  Result<> keep_alive(int64_t now_us, bool moving, bool listening);
  Demand demand(const MqttReader::Publish& publish) const;

  void compose();
  void compose_unsubscribe();
  void compose_subscribe();
  bool compose_message();
  void put_message(const MqttPublication& message, uint16_t id, bool dup);
  uint16_t fresh_id();

  const Options options_;
  Phase phase_ = Phase::kIdle;
  MqttReader reader_;
  bool session_present_ = false;
  uint8_t refusal_ = 0;

  int64_t begun_us_ = 0;        // since when CONNACK is waited for
  int64_t sent_us_ = 0;         // last
  int64_t heard_us_ = 0;        // last
  size_t longest_unheard_ = 0;  // payload, bytes
  Ping ping_ = Ping::kNone;
  int64_t ping_us_ = 0;  // since when PINGRESP is waited for

  BufferPool pool_{1};  // for long texts
  MqttQueue queue_;
  // QoS 1 and 2, in the order in which they were first sent; the first `composed_` on this
  // connection.
  std::deque<Unacknowledged> unacknowledged_;
  size_t composed_ = 0;
  std::deque<uint16_t> releases_;  // PUBREL is sent, PUBCOMP awaited; in the order of the PUBRECs
  uint16_t last_id_ = 0;
  std::deque<Request> requests_;

  std::vector<Subscription> subscriptions_;
  std::vector<std::string> refused_;
  MqttMessage message_;
  std::bitset<65'536> received_;  // ids of QoS 2 that were handed on, until PUBREL

  std::vector<uint8_t> control_;  // packets other than PUBLISH, to be sent next
  std::vector<uint8_t> head_;     // with body_: output()
  BufferRef body_;
  size_t fresh_in_output_ = 0;  // of unacknowledged_'s composed ones, the last
  size_t qos0_in_output_ = 0;
  size_t qos0_on_way_ = 0;  // until on_gone()

  Facts facts_;
};

}  // namespace camloop
