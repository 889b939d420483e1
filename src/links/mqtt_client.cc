#include "links/mqtt_client.h"

#include "base/log.h"
#include "base/text.h"
#include "proto/mqtt_topic.h"

#include <algorithm>
#include <utility>

namespace camloop {
namespace {

// A broker that takes us and drops us at once, since another client has our id for example, is not
// gone back to as fast as one that was restarted.
constexpr int64_t kStable_us = 2 * kSecond_us;
// What a broker refuses for is seldom mended within minutes, and some lock out who goes on trying.
constexpr int64_t kRefusedPause_us = 60 * kSecond_us;
// DISCONNECT has gone out by then, or the broker is not there.
constexpr int64_t kLeaveMax_us = kSecond_us;
// No broker that is known takes less than this.
constexpr size_t kTooLongMin = 64 * 1024;

}  // namespace

MqttClient::MqttClient(Loop& loop, const Options& options)
    : broker_(options.endpoint.text()),
      unsent_max_(options.unsent_max),
      session_(options.session),
      tick_(Timer::create(loop, [this] { on_tick(); })),
      left_(Timer::create(loop, [this] { finish_leaving(); })),
      uplink_(loop, {options.endpoint, options.backoff, options.tls}, *this) {
  uplink_.start();
}

MqttClient::~MqttClient() = default;

// ---- Users ----

void MqttClient::attach(MqttUser& user) {
  users_.push_back(&user);
}

void MqttClient::detach(MqttUser& user) {
  std::erase(users_, &user);
  std::vector<Interest> gone;
  for (const Interest& each : interests_) {
    if (each.user == &user) gone.push_back(each);
  }
  std::erase_if(interests_, [&](const Interest& each) { return each.user == &user; });
  for (const Interest& each : gone) ask(each.filter);
  go_on();
}

void MqttClient::subscribe(MqttUser& user, const std::string& filter, MqttQos qos,
                           size_t payload_max) {
  interests_.push_back({&user, filter, qos, payload_max});
  ask(filter);
  go_on();
}

// One subscription serves all who want the filter.
void MqttClient::ask(const std::string& filter) {
  MqttQos qos = MqttQos::kAtMostOnce;
  size_t payload_max = 0;
  bool wanted = false;
  for (const Interest& each : interests_) {
    if (each.filter != filter) continue;
    wanted = true;
    qos = std::max(qos, each.qos);
    payload_max = std::max(payload_max, each.payload_max);
  }
  if (wanted) {
    session_.subscribe(filter, qos, payload_max);
  } else {
    session_.unsubscribe(filter);
  }
}

void MqttClient::deliver(const MqttMessage& message, bool oversize) {
  for (MqttUser* user : users_) {
    bool matches = false;
    bool fits = false;
    for (const Interest& each : interests_) {
      if (each.user != user || !topic_matches(each.filter, message.topic)) continue;
      matches = true;
      fits |= !oversize && message.payload.size() <= each.payload_max;
    }
    if (fits) {
      user->on_message(message);
    } else if (matches) {
      user->on_oversize({message.topic, {}, message.qos, message.retain, message.dup});
    }
  }
}

void MqttClient::report_refused() {
  for (const std::string& filter : session_.refused()) {
    log_warning("%s: the broker does not let us subscribe to %s", broker_.c_str(),
                printable(filter).c_str());
    for (MqttUser* user : users_) {
      auto asked = [&](const Interest& each) { return each.user == user && each.filter == filter; };
      if (std::any_of(interests_.begin(), interests_.end(), asked)) user->on_refused(filter);
    }
  }
}

void MqttClient::publish(MqttPublication message) {
  session_.publish(std::move(message));
  go_on();
}

// ---- The connection ----

void MqttClient::on_connected(Owned<Stream> stream) {
  stream_ = std::move(stream);
  if (unsent_max_) stream_->set_unsent_max(*unsent_max_);
  stream_->start(*this);
  if (paused_) stream_->pause();
  proven_ = false;
  acknowledged_ = 0;
  session_.begin(monotonic_us());
  tick_->start_periodic(session_.tick_period_us());
  go_on();
}

Result<> MqttClient::on_bytes(Bytes bytes) {
  busy_ = true;
  Result<> fed = feed(bytes);
  busy_ = false;
  if (fed.ok()) go_on();
  return fed;
}

Result<> MqttClient::feed(Bytes bytes) {
  int64_t now_us = monotonic_us();
  while (!bytes.empty()) {
    switch (TRY(session_.feed(bytes, now_us))) {
      case MqttSession::Step::kConnected:
        on_accepted();
        break;
      case MqttSession::Step::kMessage:
        deliver(session_.message(), false);
        break;
      case MqttSession::Step::kOversize:
        deliver(session_.message(), true);
        break;
      case MqttSession::Step::kRefused:
        report_refused();
        break;
      case MqttSession::Step::kNothing:
        break;
    }
  }
  return {};
}

void MqttClient::on_accepted() {
  accepted_us_ = monotonic_us();
  log_debug("%s: the broker accepts us as '%s'%s", broker_.c_str(),
            printable(session_.connect().client_id).c_str(),
            session_.session_present() ? ", and our session goes on" : "");
  for (MqttUser* user : users_) user->on_online();
}

Result<> MqttClient::on_writable() {
  session_.on_gone();
  go_on();
  return {};
}

// What users answer with goes out at once, too.
void MqttClient::go_on() {
  if (busy_ || !stream_) return;
  busy_ = true;
  bool takes_more = true;
  do {
    takes_more = send();
    for (MqttUser* user : users_) user->on_progress();
  } while (takes_more && !session_.output().empty());
  busy_ = false;
  if (session_.leaving() && session_.output().empty()) stream_->finish();
}

// False: the socket takes no more; on_writable() comes.
bool MqttClient::send() {
  for (;;) {
    MqttSession::Output output = session_.output();
    if (output.empty()) return true;
    if (!stream_->try_send(output.head, output.body, {})) return false;
    session_.on_sent(monotonic_us());
    if (stream_->writable()) session_.on_gone();
  }
}

void MqttClient::pause() {
  paused_ = true;
  if (stream_) stream_->pause();
}

void MqttClient::resume() {
  paused_ = false;
  if (stream_) stream_->resume();
}

void MqttClient::on_tick() {
  int64_t now_us = monotonic_us();
  uint64_t acknowledged = stream_->bytes_acknowledged();
  bool moving = std::exchange(acknowledged_, acknowledged) != acknowledged;
  Result<> in_time = session_.tick(now_us, moving, !paused_);
  if (!in_time.ok()) return lose(in_time.error());
  if (session_.connected() && now_us - accepted_us_ >= kStable_us &&
      !std::exchange(proven_, true)) {
    uplink_.proven();
  }
  go_on();
}

// MQTT 3.1.1 has no words for "too long": a broker with a limit hangs up.
void MqttClient::on_end(const Error& why) {
  size_t size = session_.longest_unheard();
  if (size < kTooLongMin) return lose(why);
  lose(Error{why.text + ", behind a message of " + std::to_string(size) +
             " bytes: is that more than the broker takes?"});
}

// A user for whom that is the end lets the client leave: it tries no more, then.
void MqttClient::lose(const Error& why) {
  bool refused = is_final_refusal(session_.refusal());
  disconnect();
  if (on_left_) return finish_leaving();
  for (MqttUser* user : users_) user->on_offline(why);
  if (!on_left_) uplink_.lost(why, refused ? kRefusedPause_us : 0);
}

void MqttClient::disconnect() {
  tick_->stop();
  gone_received_ += stream_->bytes_received();
  gone_sent_ += stream_->bytes_acknowledged();
  stream_.reset();
  session_.end();
}

// ---- The end ----

void MqttClient::leave(const std::optional<MqttPublication>& farewell,
                       std::function<void()> on_done) {
  on_left_ = std::move(on_done);
  uplink_.stop();
  bool connected = session_.connected();
  session_.disconnect(farewell);
  left_->start(connected ? kLeaveMax_us : 0);
  go_on();
}

void MqttClient::finish_leaving() {
  if (stream_) disconnect();
  left_->stop();
  auto on_left = std::exchange(on_left_, nullptr);
  if (on_left) on_left();
}

// ---- What is so ----

MqttFacts MqttClient::facts(int64_t now_us) const {
  const MqttQueue::Drops& drops = session_.drops();
  MqttFacts facts{.uplink = uplink_.facts(now_us)};
  facts.secure = uplink_.secure();
  facts.connected = session_.connected();
  facts.client_id = session_.connect().client_id;
  facts.session_present = session_.session_present();
  facts.queued = session_.queued();
  facts.in_flight = session_.in_flight();
  facts.traffic = session_.facts();
  facts.dropped = {{"replaced", drops.replaced},
                   {"full", drops.full},
                   {"oversize", drops.oversize},
                   {"abandoned", drops.abandoned},
                   {"cut", session_.facts().cut}};
  facts.bytes_received = gone_received_ + (stream_ ? stream_->bytes_received() : 0);
  facts.bytes_sent = gone_sent_ + (stream_ ? stream_->bytes_acknowledged() : 0);
  return facts;
}

}  // namespace camloop
