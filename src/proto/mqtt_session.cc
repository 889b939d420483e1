#include "proto/mqtt_session.h"

#include "base/check.h"
#include "base/clock.h"
#include "proto/mqtt_topic.h"

#include <algorithm>
#include <utility>

namespace camloop {
namespace {

constexpr int64_t kConnackMax_us = 10 * kSecond_us;
// Longer: behind CONNACK there may come all that the broker has kept for us.
constexpr int64_t kRequestMax_us = 20 * kSecond_us;
// What is worth one call to the kernel: fewer, larger ones gain little, and what has been composed
// can no more be replaced by something newer.
constexpr size_t kBatchSize = 16 * 1024;
// Texts longer than this go out from where they are, as bodies do.
constexpr size_t kTextMax = 16 * 1024;
// Answers that a broker did not take yet. Its own window allows a few dozen of them.
constexpr size_t kControlMax = 64 * 1024;

using Step = MqttSession::Step;

}  // namespace

MqttSession::MqttSession(const Options& options) : options_(options), queue_(options.queue) {}

// ---- The connection ----

void MqttSession::begin(int64_t now_us) {
  CHECK(phase_ == Phase::kIdle);
  phase_ = Phase::kConnecting;
  refusal_ = 0;
  session_present_ = false;
  begun_us_ = sent_us_ = heard_us_ = now_us;
  longest_unheard_ = 0;
  put_connect(control_, options_.connect);
}

void MqttSession::end() {
  phase_ = Phase::kIdle;
  reader_.reset();
  ping_ = Ping::kNone;
  control_.clear();
  head_.clear();
  body_.reset();
  requests_.clear();
  facts_.cut += std::exchange(qos0_in_output_, 0) + std::exchange(qos0_on_way_, 0);
  size_t sent = std::exchange(composed_, 0) - std::exchange(fresh_in_output_, 0);
  for (size_t i = 0; i < sent; ++i) unacknowledged_[i].dup = true;
  for (Subscription& each : subscriptions_) {
    if (each.state == Subscription::State::kAsked) each.state = Subscription::State::kWanted;
    if (each.state == Subscription::State::kEnding) each.state = Subscription::State::kUnwanted;
  }
}

void MqttSession::disconnect(const std::optional<MqttPublication>& farewell) {
  queue_.clear();
  if (phase_ != Phase::kConnected) return;
  phase_ = Phase::kLeaving;
  if (farewell) {
    Bytes payload = farewell->payload();
    put_publish_head(control_, {.topic = farewell->topic, .retain = farewell->retain},
                     payload.size());
    control_.insert(control_.end(), payload.begin(), payload.end());
  }
  put_empty(control_, MqttType::kDisconnect);
}

// ---- What comes ----

Result<Step> MqttSession::feed(Bytes& bytes, int64_t now_us) {
  if (phase_ == Phase::kLeaving) {
    bytes = {};
    return Step::kNothing;
  }
  heard_us_ = now_us;
  longest_unheard_ = 0;
  if (phase_ == Phase::kConnecting && !reader_.midway()) TRY(check_first_byte(bytes));
  MqttReader::Step step = TRY(reader_.feed(bytes));
  if (step == MqttReader::Step::kNeedMore) return Step::kNothing;
  if (step == MqttReader::Step::kPacket) return on_packet();
  if (step != MqttReader::Step::kPublishBegun) return on_publish();
  if (demand(reader_.publish()) != Demand::kWanted) reader_.skip();
  return Step::kNothing;
}

// Told at once of what is no broker: a server of HTTP has no packet that could be waited for.
Result<> MqttSession::check_first_byte(Bytes bytes) {
  if (bytes.empty() || bytes[0] >> 4 == static_cast<uint8_t>(MqttType::kConnack)) return {};
  return mqtt_violation("its first packet is no CONNACK: is there a broker at this port?",
                        "3.2.0-1");
}

Result<Step> MqttSession::on_packet() {
  const auto& [type, body] = reader_.packet();
  switch (type) {
    case MqttType::kConnack:
      return on_connack(body);
    case MqttType::kPuback:
    case MqttType::kPubcomp:
      return on_acknowledged(type, TRY(read_packet_id(body)));
    case MqttType::kPubrec:
      return on_pubrec(TRY(read_packet_id(body)));
    case MqttType::kPubrel: {
      uint16_t id = TRY(read_packet_id(body));
      received_.reset(id);
      TRY(answer(MqttType::kPubcomp, id));
      return Step::kNothing;
    }
    case MqttType::kSuback:
      return on_suback(body);
    case MqttType::kUnsuback:
      return on_unsuback(TRY(read_packet_id(body)));
    default:
      if (ping_ == Ping::kSent) ping_ = Ping::kNone;  // PINGRESP; an unasked one is harmless
      return Step::kNothing;
  }
}

Result<Step> MqttSession::on_connack(Bytes body) {
  if (phase_ != Phase::kConnecting) return mqtt_violation("a second CONNACK", "3.2.0-1");
  MqttConnack connack = TRY(read_connack(body));
  refusal_ = connack.code;
  if (refusal_ != 0) {
    return Error{std::string("the broker refuses us: ") + connack_reason(refusal_)};
  }
  if (connack.session_present && options_.connect.clean_session) {
    return mqtt_violation("it has a session, but a clean one was asked for", "3.2.2-1");
  }
  session_present_ = connack.session_present;
  phase_ = Phase::kConnected;
  resume();
  return Step::kConnected;
}

// What both sides still know of the session goes on; the rest begins anew.
void MqttSession::resume() {
  if (!session_present_) {
    facts_.cut += releases_.size();  // the broker has forgotten what it had not passed on
    received_.reset();
    std::erase_if(subscriptions_, [](const Subscription& each) { return each.ends(); });
    for (Subscription& each : subscriptions_) each.state = Subscription::State::kWanted;
  }
  if (options_.connect.clean_session) {
    releases_.clear();
    for (Unacknowledged& each : unacknowledged_) {
      each.id = fresh_id();
      each.dup = false;
    }
  }
  for (uint16_t id : releases_) put_answer(control_, MqttType::kPubrel, id);
}

// Every message is answered, whether somebody wants it or not [MQTT-4.5.0-2].
Result<Step> MqttSession::on_publish() {
  const MqttReader::Publish& publish = reader_.publish();
  const MqttPublishHead& head = publish.head;
  if (head.qos == MqttQos::kAtLeastOnce) TRY(answer(MqttType::kPuback, head.id));
  if (head.qos == MqttQos::kExactlyOnce) {
    TRY(answer(MqttType::kPubrec, head.id));
    if (received_.test(head.id)) {
      ++facts_.duplicates;
      return Step::kNothing;
    }
    received_.set(head.id);
  }
  message_ = {head.topic, publish.payload, head.qos, head.retain, head.dup};
  Demand asked = demand(publish);
  // Who subscribes while it passes by is too late for it.
  bool passed_by = publish.payload.size() < publish.payload_size;
  if (passed_by && asked == Demand::kWanted) asked = Demand::kNone;
  switch (asked) {
    case Demand::kWanted:
      ++facts_.received;
      return Step::kMessage;
    case Demand::kTooLong:
      ++facts_.oversize;
      message_.payload = {};
      return Step::kOversize;
    case Demand::kNone:
      ++facts_.unwanted;
      break;
  }
  return Step::kNothing;
}

MqttSession::Demand MqttSession::demand(const MqttReader::Publish& publish) const {
  Demand most = Demand::kNone;
  for (const Subscription& each : subscriptions_) {
    if (each.ends() || !topic_matches(each.filter, publish.head.topic)) continue;
    if (publish.payload_size <= each.payload_max) return Demand::kWanted;
    most = Demand::kTooLong;
  }
  return most;
}

// PUBACK or PUBCOMP. One that nobody waits for completes nothing [MQTT-2.3.1-6].
Result<Step> MqttSession::on_acknowledged(MqttType type, uint16_t id) {
  if (type == MqttType::kPubcomp) {
    if (std::erase(releases_, id) == 0) return Step::kNothing;
  } else {
    auto sent = find_sent(id);
    if (sent == unacknowledged_.end()) return Step::kNothing;
    if (sent->message.qos != MqttQos::kAtLeastOnce) {
      return mqtt_violation("PUBACK for a message of QoS 2", "4.3.3-1");
    }
    forget(sent);
  }
  ++facts_.acknowledged;
  return Step::kNothing;
}

// PUBREL answers every PUBREC, also one for a message that this side knows nothing of any more.
Result<Step> MqttSession::on_pubrec(uint16_t id) {
  if (auto sent = find_sent(id); sent != unacknowledged_.end()) {
    if (sent->message.qos != MqttQos::kExactlyOnce) {
      return mqtt_violation("PUBREC for a message of QoS 1", "4.3.2-1");
    }
    forget(sent);
    releases_.push_back(id);
  }
  TRY(answer(MqttType::kPubrel, id));
  return Step::kNothing;
}

// The end: this connection has not been given a message of that number.
MqttSession::Sent MqttSession::find_sent(uint16_t id) {
  auto sent_end = unacknowledged_.begin() + static_cast<ptrdiff_t>(composed_);
  auto found = std::find_if(unacknowledged_.begin(), sent_end,
                            [id](const Unacknowledged& each) { return each.id == id; });
  return found == sent_end ? unacknowledged_.end() : found;
}

void MqttSession::forget(const Sent& sent) {
  unacknowledged_.erase(sent);
  --composed_;
}

std::deque<MqttSession::Request>::iterator MqttSession::find_request(MqttType type, uint16_t id) {
  return std::find_if(requests_.begin(), requests_.end(),
                      [=](const Request& each) { return each.type == type && each.id == id; });
}

Result<Step> MqttSession::on_suback(Bytes body) {
  MqttSuback suback = TRY(read_suback(body));
  auto request = find_request(MqttType::kSubscribe, suback.id);
  if (request == requests_.end()) return Step::kNothing;
  if (suback.codes.size() != request->filters.size()) {
    return mqtt_violation("SUBACK for another number of filters", "3.8.4-5");
  }
  refused_.clear();
  for (size_t i = 0; i < suback.codes.size(); ++i) {
    const std::string& filter = request->filters[i];
    for (Subscription& each : subscriptions_) {
      if (each.filter == filter && each.state == Subscription::State::kAsked) {
        each.state = Subscription::State::kDecided;
      }
    }
    if (suback.codes[i] == kSubackFailure) refused_.push_back(filter);
  }
  requests_.erase(request);
  return refused_.empty() ? Step::kNothing : Step::kRefused;
}

Result<Step> MqttSession::on_unsuback(uint16_t id) {
  auto request = find_request(MqttType::kUnsubscribe, id);
  if (request == requests_.end()) return Step::kNothing;
  std::erase_if(subscriptions_, [&](const Subscription& each) {
    return each.state == Subscription::State::kEnding && each.filter == request->filters.front();
  });
  requests_.erase(request);
  return Step::kNothing;
}

Result<> MqttSession::answer(MqttType type, uint16_t id) {
  if (control_.size() > kControlMax) {
    return Error{"the broker sends and takes no answers [MQTT-4.8.0-2]"};
  }
  put_answer(control_, type, id);
  return {};
}

// ---- Time ----

// The gap between two packets stays below the keep-alive time [MQTT-3.1.2-23]: a ping is due after
// three quarters of it, and the tick that sees this comes at most an eighth later.
int64_t MqttSession::tick_period_us() const {
  int64_t keep_alive_us = options_.connect.keep_alive_s * kSecond_us;
  return keep_alive_us == 0 ? kSecond_us : std::min(kSecond_us, keep_alive_us / 8);
}

Result<> MqttSession::tick(int64_t now_us, bool moving, bool listening) {
  if (!listening) begun_us_ = now_us;
  if (phase_ == Phase::kConnecting && now_us - begun_us_ > kConnackMax_us) {
    return Error{"the broker has sent no CONNACK within 10 s"};
  }
  if (phase_ != Phase::kConnected) return {};
  if (!listening) {
    for (Request& each : requests_) each.since_us = 0;
  }
  TRY(check_requests(now_us));
  return keep_alive(now_us, moving, listening);
}

Result<> MqttSession::check_requests(int64_t now_us) {
  for (Request& each : requests_) {
    if (each.since_us == 0) each.since_us = now_us;
    if (now_us - each.since_us <= kRequestMax_us) continue;
    const char* what = each.type == MqttType::kSubscribe ? "SUBACK within 20 s [MQTT-3.8.4-1]"
                                                         : "UNSUBACK within 20 s [MQTT-3.10.4-4]";
    return Error{std::string("the broker has sent no ") + what};
  }
  return {};
}

// A broker is asked when it hears nothing of us for long, and when we hear nothing of it: while we
// publish, a connection that is half open shows no other way.
Result<> MqttSession::keep_alive(int64_t now_us, bool moving, bool listening) {
  int64_t keep_alive_us = options_.connect.keep_alive_s * kSecond_us;
  if (keep_alive_us == 0) return {};
  if (ping_ != Ping::kNone) {
    // Behind what is still on its way out it cannot be answered, nor before what is coming in.
    bool coming = reader_.midway() && heard_us_ > ping_us_;
    bool excused = !listening || coming || (ping_ != Ping::kSent && moving);
    if (excused) ping_us_ = now_us;
    if (now_us - ping_us_ > keep_alive_us / 2) {
      return Error{
          "the broker does not answer a ping within half of the keep-alive time [MQTT-3.1.2.10]"};
    }
  }
  // While nobody listens pings go on, for the broker hears of us by nothing else.
  bool waits = ping_ == Ping::kDue || ping_ == Ping::kComposed;
  int64_t last_us = ping_ == Ping::kNone ? std::min(sent_us_, heard_us_) : sent_us_;
  if (!waits && now_us - last_us >= keep_alive_us * 3 / 4) {
    ping_ = Ping::kDue;
    ping_us_ = now_us;
  }
  return {};
}

// ---- What goes ----

void MqttSession::publish(MqttPublication message) {
  if (message.text.size() > kTextMax) {
    message.body = pool_.take(message.text.size());
    std::copy(message.text.begin(), message.text.end(), message.body.storage().begin());
    message.body.set_size(message.text.size());
    message.text = {};
  }
  queue_.put(std::move(message));
}

bool MqttSession::settled() const {
  return queue_.empty() && in_flight() == 0 && qos0_in_output_ + qos0_on_way_ == 0;
}

void MqttSession::subscribe(const std::string& filter, MqttQos qos, size_t payload_max) {
  auto same = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                           [&](const Subscription& each) { return each.filter == filter; });
  Subscription wanted{filter, qos, payload_max};
  if (same == subscriptions_.end()) {
    subscriptions_.push_back(std::move(wanted));
  } else {
    *same = std::move(wanted);
  }
}

void MqttSession::unsubscribe(std::string_view filter) {
  for (Subscription& each : subscriptions_) {
    if (each.filter == filter && !each.ends()) each.state = Subscription::State::kUnwanted;
  }
}

MqttSession::Output MqttSession::output() {
  if (head_.empty() && !body_) compose();
  return {head_, body_};
}

void MqttSession::on_sent(int64_t now_us) {
  head_.clear();
  body_.reset();
  sent_us_ = now_us;
  qos0_on_way_ += qos0_in_output_;
  fresh_in_output_ = qos0_in_output_ = 0;
  if (ping_ != Ping::kComposed) return;
  ping_ = Ping::kSent;
  ping_us_ = now_us;
}

void MqttSession::compose() {
  std::swap(head_, control_);
  if (phase_ != Phase::kConnected) return;
  if (ping_ == Ping::kDue) {
    put_empty(head_, MqttType::kPingreq);
    ping_ = Ping::kComposed;
  }
  compose_unsubscribe();
  compose_subscribe();
  while (head_.size() < kBatchSize && !body_ && compose_message()) {
  }
}

void MqttSession::compose_unsubscribe() {
  for (Subscription& each : subscriptions_) {
    if (each.state != Subscription::State::kUnwanted || head_.size() > kBatchSize) continue;
    each.state = Subscription::State::kEnding;
    requests_.push_back({MqttType::kUnsubscribe, fresh_id(), {each.filter}});
    std::string_view filter = each.filter;
    put_unsubscribe(head_, requests_.back().id, {&filter, 1});
  }
}

// As many filters as make a batch; those that are left come next time.
void MqttSession::compose_subscribe() {
  std::vector<MqttFilter> filters;
  Request request{.type = MqttType::kSubscribe};
  size_t size = 0;
  for (Subscription& each : subscriptions_) {
    if (each.state != Subscription::State::kWanted || size > kBatchSize) continue;
    each.state = Subscription::State::kAsked;
    filters.push_back({each.filter, each.qos});
    request.filters.push_back(each.filter);
    size += each.filter.size();
  }
  if (filters.empty()) return;
  request.id = fresh_id();
  put_subscribe(head_, request.id, filters);
  requests_.push_back(std::move(request));
}

// Puts the next message into the output: first those that an earlier connection has not brought to
// an end [MQTT-4.6.0-1]. False: there is none, or the window is full.
bool MqttSession::compose_message() {
  if (composed_ < unacknowledged_.size()) {
    const Unacknowledged& again = unacknowledged_[composed_++];
    put_message(again.message, again.id, again.dup);
    facts_.sent_again += 1;
    return true;
  }
  if (queue_.empty()) return false;
  if (queue_.front().qos == MqttQos::kAtMostOnce) {
    put_message(queue_.take(), 0, false);
    ++qos0_in_output_;
  } else {
    if (in_flight() >= kInFlightMax) return false;
    unacknowledged_.push_back({fresh_id(), false, queue_.take()});
    ++composed_;
    ++fresh_in_output_;
    put_message(unacknowledged_.back().message, unacknowledged_.back().id, false);
  }
  ++facts_.published;
  return true;
}

void MqttSession::put_message(const MqttPublication& message, uint16_t id, bool dup) {
  put_publish_head(head_, {message.topic, message.qos, message.retain, dup, id},
                   message.payload().size());
  longest_unheard_ = std::max(longest_unheard_, message.payload().size());
  head_.insert(head_.end(), message.text.begin(), message.text.end());
  body_ = message.body;
}

// The next one that no message and no request has [MQTT-2.3.1-2]. Only a few dozen are ever in use.
uint16_t MqttSession::fresh_id() {
  auto in_use = [this](uint16_t id) {
    auto has_id = [id](const auto& each) { return each.id == id; };
    return std::any_of(unacknowledged_.begin(), unacknowledged_.end(), has_id) ||
           std::any_of(requests_.begin(), requests_.end(), has_id) ||
           std::find(releases_.begin(), releases_.end(), id) != releases_.end();
  };
  do {
    ++last_id_;
  } while (last_id_ == 0 || in_use(last_id_));
  return last_id_;
}

}  // namespace camloop
