#include "sinks/mqtt_camera.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "proto/discovery.h"

#include <algorithm>
#include <cmath>

namespace camloop {
namespace {

// As often as a history of a state needs an entry, and a broker a message.
constexpr int64_t kStatePeriod_us = 10 * kSecond_us;
// A signal is lost for seconds before anybody calls it that.
constexpr int64_t kSignalLook_us = kSecond_us;
// Demand ends late on purpose, as for HTTP: pictures asked for one by one are one demand.
constexpr int64_t kRest_us = 250 * kMillisecond_us;
// Frames are counted over this long at least.
constexpr int64_t kRateWindowMin_us = kSecond_us;
// Commands that came in one read and wait for the next turn of the loop. Nobody means more at once.
constexpr size_t kCommandsMax = 64;

// Of a command: as many as it takes to tell it from others.
constexpr size_t kValueLoggedMax = 64;

constexpr const char* kOnline = "online";
constexpr const char* kOffline = "offline";

std::string base_of(const MqttCamera::Options& options) {
  return options.prefix + "/" + options.id;
}

}  // namespace

MqttWill MqttCamera::will(const Options& options) {
  return {base_of(options) + "/status", kOffline, MqttQos::kAtLeastOnce, true};
}

MqttPublication MqttCamera::farewell(const Options& options) {
  return {.topic = base_of(options) + "/status",
          .text = kOffline,
          .qos = MqttQos::kAtLeastOnce,
          .retain = true};
}

MqttCamera::MqttCamera(Loop& loop, Hub& hub, MqttClient& client, const Options& options,
                       CameraHost& host)
    : hub_(hub),
      client_(client),
      options_(options),
      host_(host),
      published_(hub.published()),
      published_us_(monotonic_us()),
      signal_look_(Timer::create(loop, [this] { watch_signal(); })),
      state_due_(Timer::create(loop, [this] { tell_state(); })),
      image_due_(Timer::create(loop, [this] { take_image(); })),
      turn_(Timer::create(loop, [this] { take_commands(); })),
      rest_(Timer::create(loop, [this] { rest(); })) {
  client_.attach(*this);
  for (const char* filter : {"+/set", "control/+/set"}) {
    client_.subscribe(*this, topic(filter), MqttQos::kExactlyOnce, kCommandMax);
  }
  if (!options_.discovery.empty()) {
    client_.subscribe(*this, discovery_status_topic(options_.discovery), MqttQos::kAtLeastOnce,
                      kCommandMax);
  }
  signal_look_->start_periodic(kSignalLook_us);
  state_due_->start_periodic(kStatePeriod_us);
  if (options_.image_every_us > 0) image_due_->start_periodic(options_.image_every_us);
  if (client_.connected()) announce();
}

MqttCamera::~MqttCamera() {
  if (attached_) hub_.detach(*this);
  client_.detach(*this);
}

// ---- What is said ----

std::string MqttCamera::topic(std::string_view name) const {
  return base_of(options_) + "/" + std::string(name);
}

// For whoever comes later, too.
void MqttCamera::keep(std::string topic, std::string text) {
  client_.publish({.topic = std::move(topic),
                   .text = std::move(text),
                   .qos = MqttQos::kAtLeastOnce,
                   .retain = true,
                   .newest_only = true});
}

void MqttCamera::tell(std::string_view name, std::string text) {
  client_.publish({.topic = topic(name), .text = std::move(text), .qos = MqttQos::kAtLeastOnce});
}

void MqttCamera::on_online() {
  announce();
}

void MqttCamera::announce() {
  if (!options_.discovery.empty()) {
    keep(discovery_topic(options_.discovery, options_.id),
         discovery_message({base_of(options_), options_.id, CAMLOOP_VERSION,
                            host_.figures().temperature_c.has_value()}));
  }
  keep(topic("status"), kOnline);
  state_.clear();
  tell_state();
  told_.clear();
  tell_settings();
}

void MqttCamera::withdraw() {
  if (!options_.discovery.empty()) keep(discovery_topic(options_.discovery, options_.id), "");
}

void MqttCamera::tell_settings() {
  if (!client_.connected()) return;
  for (const auto& [thing, value] : host_.settings()) {
    auto [told, is_new] = told_.try_emplace(thing, value);
    if (!is_new && told->second == value) continue;
    told->second = value;
    keep(topic(thing + "/state"), value);
  }
}

void MqttCamera::tell_text(std::string text) {
  tell("text", std::move(text));
}

void MqttCamera::tell_state() {
  CameraFigures figures = measure();
  std::string text = camera_state(figures);
  figures.uptime_us = 0;  // that it runs on is no news
  std::string news = camera_state(figures);
  if (!client_.connected() || news == state_) return;
  state_ = std::move(news);
  state_due_->start_periodic(kStatePeriod_us);
  client_.publish(
      {.topic = topic("state"), .text = std::move(text), .retain = true, .newest_only = true});
}

CameraFigures MqttCamera::measure() {
  int64_t now_us = monotonic_us(), window_us = now_us - published_us_;
  if (window_us >= kRateWindowMin_us) {
    uint64_t frames = hub_.published() - std::exchange(published_, hub_.published());
    published_us_ = now_us;
    fps_ = std::round(static_cast<double>(frames) / seconds(window_us) * 10) / 10;
  }
  CameraFigures figures = host_.figures();
  figures.fps = fps_;
  return figures;
}

// A camera that is switched off has lost nothing.
void MqttCamera::watch_signal() {
  if (!hub_.on()) return forget_image();
  bool signal = host_.health().ok();
  if (std::exchange(signal_, signal) == signal) return;
  tell("event", std::string(signal ? kSignalBack : kSignalLost));
  take_image();
}

void MqttCamera::on_offline(const Error&) {
  forget_image();
}

// ---- Commands ----

void MqttCamera::on_message(const MqttMessage& message) {
  std::string value(as_text(message.payload));
  if (message.retain) {
    if (commanded_thing(base_of(options_), message.topic)) ++facts_.retained;
    return;
  }
  if (message.topic == discovery_status_topic(options_.discovery)) {
    if (value == kOnline) announce();
    return;
  }
  Command command{std::string(message.topic), std::move(value)};
  if (commands_.size() >= kCommandsMax) {
    return refuse(command.topic, command.value, "too many commands at once");
  }
  commands_.push_back(std::move(command));
  turn_->start(0);
}

void MqttCamera::on_oversize(const MqttMessage& message) {
  if (message.retain) return;
  refuse(std::string(message.topic), "", "longer than " + std::to_string(kCommandMax) + " bytes");
}

// In a turn of their own: a command may end another user of the client, which no message may.
void MqttCamera::take_commands() {
  for (const Command& command : std::exchange(commands_, {})) carry_out(command);
}

void MqttCamera::carry_out(const Command& command) {
  std::string_view thing = *commanded_thing(base_of(options_), command.topic);
  // It is told anew, even if nothing has changed.
  decltype(told_)::node_type before;
  if (auto told = told_.find(thing); told != told_.end()) before = told_.extract(told);
  Result<> done = obey(thing, command.value);
  if (!done.ok()) {
    told_.insert(std::move(before));
    return refuse(command.topic, command.value, done.error().text);
  }
  ++facts_.commands;
  log_info("mqtt: %s: '%s'", printable(thing).c_str(),
           printable(command.value.substr(0, kValueLoggedMax)).c_str());
  tell_settings();
}

Result<> MqttCamera::obey(std::string_view thing, std::string_view value) {
  if (thing == "text") {
    TRY(host_.command(thing, value));
    keep(topic("text/state"), std::string(value));
    return {};
  }
  if (thing != "snapshot") return host_.command(thing, value);
  if (value != kPressed) return Error{"write " + std::string(kPressed)};
  TRY(want_image());
  snapshot_ = true;
  return {};
}

void MqttCamera::refuse(const std::string& topic_name, std::string_view value,
                        const std::string& why) {
  ++facts_.refused;
  tell("error", camera_error(topic_name, value, why));
}

// ---- Images ----

// Nobody waits for it: where it cannot be had, there is none.
void MqttCamera::take_image() {
  if (client_.connected() && hub_.on()) want_image().value();
}

Result<> MqttCamera::want_image() {
  if (!hub_.on()) return Error{"the stream is switched off"};
  if (!std::exchange(wanted_, true)) wanted_us_ = monotonic_us();
  rest_->stop();
  if (!std::exchange(attached_, true)) hub_.attach(*this);
  return {};
}

bool MqttCamera::wants(int64_t captured_us) {
  return wanted_ && captured_us >= wanted_us_;
}

void MqttCamera::on_frame(const Frame& frame) {
  if (!wants(frame.captured_us)) return;
  wanted_ = false;
  rest_->start(kRest_us);
  publish_image(frame);
}

void MqttCamera::publish_image(const Frame& frame) {
  bool asked = std::exchange(snapshot_, false);
  if (frame.jpeg.size() > kImageMax) {
    ++facts_.oversize;
    if (asked || !std::exchange(size_told_, true)) {
      tell("error", camera_error(topic("image"), std::to_string(frame.jpeg.size()) + " bytes",
                                 "ask for a picture of at most " + std::to_string(kImageMax)));
    }
    return;
  }
  size_told_ = false;
  ++facts_.images;
  client_.publish({.topic = topic("image"), .body = frame.jpeg, .newest_only = true});
  if (asked)
    keep(topic("snapshot/state"), camera_snapshot(frame.width, frame.height, frame.jpeg.size()));
}

// It may be in the middle of on_frame().
void MqttCamera::forget_image() {
  wanted_ = snapshot_ = false;
  rest_->start(0);
}

void MqttCamera::rest() {
  if (!wanted_ && std::exchange(attached_, false)) hub_.detach(*this);
}

}  // namespace camloop
