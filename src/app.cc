#include "app.h"

#include "app_parts.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "commands.h"
#include "report/figures.h"
#include "sources/no_source.h"
#include "sources/pattern_source.h"
#include "sources/v4l2/v4l2_find.h"

#include <csignal>
#include <utility>

#include <sys/resource.h>

namespace camloop {
namespace {

// By which who started us knows that we did not end at will.
constexpr int kExitSourceLost = 3;

// How often a camera is looked for while the pattern stands in for it: one that is plugged in is
// seen within 3 s, like one that was lost.
constexpr int64_t kCameraLook_us = 2 * kSecond_us;

// Of each client while memory is short: still a moving picture.
constexpr double kFpsMaxShort = 5;

constexpr const char* kOn = "ON";
constexpr const char* kOff = "OFF";

unsigned long long megabytes(uint64_t bytes) {
  return bytes >> 20;
}

// Connections beside the stream clients, cameras, files, libuv's own.
constexpr rlim_t kOtherDescriptors = 128;

// Many systems start a service with 1024 descriptors allowed and more to be had for the asking.
void allow_descriptors(size_t clients) {
  rlimit limit{};
  rlim_t wanted = clients + kOtherDescriptors;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

Result<std::unique_ptr<App>> App::create(Loop& loop, const Settings& settings,
                                         const Config& config) {
  std::unique_ptr<App> app(new App(loop, settings, config));
  TRY(app->open());
  return app;
}

App::App(Loop& loop, const Settings& settings, const Config& config)
    : loop_(loop), settings_(settings), config_(config), started_us_(monotonic_us()) {}

// ---- Opening -----------------------------------------------------------------------------------

Result<> App::open() {
  // First, as they would end us, and leave a watchdog that bites; what is asked for meanwhile comes
  // once the loop runs. SIGHUP is the last: the init script takes it for a sign of all three.
  on_terminate_ = Signal::create(loop_, SIGTERM, [this] { on_stop_signal("SIGTERM"); });
  on_interrupt_ = Signal::create(loop_, SIGINT, [this] { on_stop_signal("SIGINT"); });
  on_hangup_ = Signal::create(loop_, SIGHUP, [this] { reload(); });
  open_watchdog();
  resist_oom_killer();
  memory_at_start_ = memory_.available = available_memory();
  size_t frames_kept = plan_memory_for(config_).frames_kept;
  config_ = fit_to_memory(config_);
  TRY(open_http(config_));
  mqtt_ = TRY(make_mqtt(loop_, config_));
  Capture::Options capture{config_.quality, config_.source.width, config_.source.height,
                           frames_kept};
  capture_ = TRY(Capture::create(loop_, hub_, capture, source_maker(config_, mqtt_.get())));
  open_channel_sender(TRY(make_sender_tls(config_)));
  open_raw_sender();
  open_mqtt_camera();
  open_display();
  daytime_ = TRY(make_daytime(config_));
  greeting_ = TRY(make_greeting(config_));
  seconds_ = Timer::create(loop_, [this] { on_second(); });
  seconds_->start_periodic(Watchdog::kTick_us);
  announce();
  return {};
}

// Comes before the source, whose opening may hang.
void App::open_watchdog() {
  if (config_.watchdog.empty()) return;
  WatchdogWard& ward = *this;
  Watchdog::Options options{.device = config_.watchdog};
  watchdog_ = std::make_unique<Watchdog>(options, ward, system_watchdog_calls(), monotonic_us());
  camera_seen_ |= watchdog_->lost_before();
}

Result<> App::open_http(const Config& config) {
  if (!config.http) {
    http_.reset();
    return {};
  }
  HttpServer::Options options{*config.http, config.http_clients, config.http_origin,
                              config.http_credentials};
  allow_descriptors(config.http_clients);
  if (http_) return http_->change(options);
  http_ = TRY(HttpServer::create(loop_, hub_, options, *this));
  return {};
}

Result<std::unique_ptr<LineService>> App::make_daytime(const Config& config) {
  if (!config.daytime_service) return std::unique_ptr<LineService>();
  return LineService::open(loop_, *config.daytime_service,
                           [] { return local_time_text(wall_us()); });
}

Result<std::unique_ptr<LineService>> App::make_greeting(const Config& config) {
  if (!config.greeting_service) return std::unique_ptr<LineService>();
  return LineService::open(loop_, *config.greeting_service,
                           [this] { return config_.greeting + "\r\n"; });
}

void App::open_channel_sender(Tls tls) {
  channel_sender_.reset();
  if (!config_.channel_to) return;
  ChannelSender::Options options{*config_.channel_to, config_.channel_lag_max_us, std::move(tls)};
  channel_sender_ = std::make_unique<ChannelSender>(loop_, hub_, options);
}

void App::open_raw_sender() {
  raw_sender_.reset();
  if (!config_.raw_to) return;
  RawSender::Options options{*config_.raw_to, config_.raw_quality};
  options.on_text = [this](const std::string& text) {
    if (mqtt_camera_) mqtt_camera_->tell_text(text);
  };
  raw_sender_ = std::make_unique<RawSender>(loop_, hub_, options);
}

void App::open_mqtt_camera() {
  mqtt_camera_.reset();
  if (!mqtt_) return;
  CameraHost& host = *this;
  mqtt_camera_ =
      std::make_unique<MqttCamera>(loop_, hub_, *mqtt_, mqtt_camera_options(config_), host);
}

void App::open_display() {
  if (config_.display.empty()) return;
  display_ = std::make_unique<Display>(loop_, hub_, config_.display);
}

// Without a camera `auto` means the pattern; but that would hide the loss of one that was there.
Capture::MakeSource App::source_maker(const Config& config, MqttClient* mqtt) {
  if (!hub_.on()) {
    return [](BufferPool&, SourceHandler&) { return make_no_source("the stream is switched off"); };
  }
  Config exact = config;
  if (config.source_kind == SourceKind::kAuto) {
    camera_seen_ = camera_seen_ || find_v4l2_camera(system_v4l2_calls()).ok();
    if (!camera_seen_) {
      log_info("no camera here: the built-in pattern is shown until there is one");
      exact.source_kind = SourceKind::kPattern;
    }
  }
  return [this, exact, mqtt](BufferPool& pool, SourceHandler& handler) {
    Listener* before = capture_ ? capture_->source_listener() : nullptr;
    return make_source(loop_, exact, config_, mqtt, before, pool, handler);
  };
}

void App::exchange_source(std::unique_ptr<Source> source) {
  capture_->replace_source(std::move(source), config_.source.width, config_.source.height);
  if (watchdog_) watchdog_->source_replaced(monotonic_us());
}

MemoryPlan App::plan_memory_for(const Config& config) const {
  return plan_memory(memory_at_start_, config.source.width, config.source.height,
                     config.http_clients);
}

Config App::fit_to_memory(Config config) const {
  MemoryPlan plan = plan_memory_for(config);
  if (plan.viewers_max != config.http_clients) {
    log_info("%zu viewers at most, not %zu: %llu MB of memory were available", plan.viewers_max,
             config.http_clients, megabytes(memory_at_start_));
  }
  config.source.buffers = plan.capture_buffers;
  config.http_clients = plan.viewers_max;
  return config;
}

void App::announce() const {
  if (!http_) return;
  const Address& address = http_->address();
  if (!address.any_host()) {
    log_info("open http://%s/", address.text().c_str());
    return;
  }
  for (const std::string& host : local_hosts()) {
    log_info("open http://%s:%d/", host.c_str(), address.port());
  }
}

// ---- Reload ------------------------------------------------------------------------------------

void App::reload() {
  if (stopping_) return;
  ConfigReading reading = settings_.reread();
  std::vector<std::string> changes = config_changes(config_, reading.config);
  if (reading.faults.empty() && !changes.empty()) {
    Result<> applied = apply(fit_to_memory(reading.config));
    if (!applied.ok()) reading.faults.push_back(applied.error().text);
  }
  if (!reading.faults.empty()) {
    ++reloads_.refused;
    for (const std::string& fault : reading.faults) log_error("%s", fault.c_str());
    log_error("SIGHUP: settings unchanged");
    return;
  }
  ++reloads_.applied;
  for (const std::string& change : changes) log_info("%s", change.c_str());
  log_info("SIGHUP: %s", changes.empty() ? "nothing changed" : "settings taken over");
}

// What can fail comes first, so that all of it takes effect or nothing.
Result<> App::apply(const Config& config) {
  // Then what was: dropped at the end, behind those who used it. Its will tells of that.
  std::unique_ptr<MqttClient> mqtt;
  bool new_mqtt = !same_mqtt(config_, config);
  if (new_mqtt) mqtt = TRY(make_mqtt(loop_, config));
  std::unique_ptr<Source> source;
  if (!same_source(config_, config)) {
    source = TRY(capture_->make(source_maker(config, new_mqtt ? mqtt.get() : mqtt_.get())));
  }
  std::unique_ptr<LineService> daytime, greeting;
  bool new_daytime = config.daytime_service != config_.daytime_service;
  bool new_greeting = config.greeting_service != config_.greeting_service;
  if (new_daytime) daytime = TRY(make_daytime(config));
  if (new_greeting) greeting = TRY(make_greeting(config));
  bool new_sender = !same_channel_sender(config_, config);
  Tls sender_tls;
  if (new_sender) sender_tls = TRY(make_sender_tls(config));
  TRY(open_http(config));
  Config before = std::exchange(config_, config);

  log_open(config.log_target, config.log_level);
  if (new_mqtt) mqtt_.swap(mqtt);
  capture_->set_quality(config.quality);
  capture_->set_lag_max(config.channel_lag_max_us);
  if (source) {
    exchange_source(std::move(source));
  } else if (config.source.controls != before.source.controls) {
    capture_->set_controls(config.source.controls);
  }
  if (new_daytime) daytime_ = std::move(daytime);
  if (new_greeting) greeting_ = std::move(greeting);
  if (new_sender) open_channel_sender(std::move(sender_tls));
  if (config.raw_to != before.raw_to) open_raw_sender();
  if (raw_sender_) raw_sender_->set_quality(config.raw_quality);
  exchange_mqtt_camera(before, new_mqtt);
  if (config.display != before.display) {
    display_.reset();
    open_display();
  }
  if (config.watchdog != before.watchdog) {
    watchdog_.reset();
    open_watchdog();
  }
  shed();
  if (config.http != before.http) announce();
  return {};
}

// With a client that is new, or where what it says has changed.
void App::exchange_mqtt_camera(const Config& before, bool new_mqtt) {
  MqttCamera::Options old_options = mqtt_camera_options(before);
  MqttCamera::Options options = mqtt_camera_options(config_);
  bool known_elsewhere = old_options.discovery != options.discovery || old_options.id != options.id;
  if (mqtt_camera_ && mqtt_ && known_elsewhere) mqtt_camera_->withdraw();
  if (new_mqtt || old_options != options) open_mqtt_camera();
  if (mqtt_camera_) mqtt_camera_->tell_settings();
}

// ---- While it runs -----------------------------------------------------------------------------

void App::on_second() {
  int64_t now_us = monotonic_us();
  if (watchdog_) watchdog_->tick(now_us);
  look_for_camera(now_us);
  memory_.available = available_memory();
  MemoryLevel level = next_memory_level(memory_.available, memory_.level);
  if (level == memory_.level) return;
  memory_.level = level;
  log_warning("memory: %llu MB available, shed: %s", megabytes(memory_.available),
              memory_level_name(level));
  shed();
}

void App::look_for_camera(int64_t now_us) {
  bool stands_in =
      config_.source_kind == SourceKind::kAuto && capture_->facts().name == kPatternName;
  if (!stands_in || now_us - camera_looked_us_ < kCameraLook_us) return;
  camera_looked_us_ = now_us;
  camera_seen_ = find_v4l2_camera(system_v4l2_calls()).ok();
  if (!camera_seen_) return;
  log_info("a camera has appeared: it takes the place of the pattern");
  auto source = capture_->make(source_maker(config_, mqtt_.get()));
  if (source) exchange_source(std::move(source).value());
  shed();
}

// What the level demands, or no longer does.
void App::shed() {
  bool fewer = memory_.level >= MemoryLevel::kFewerBuffers;
  capture_->set_buffer_count(fewer ? kCaptureBuffersMin : config_.source.buffers);
  if (!http_) return;
  http_->limit_rates(memory_.level >= MemoryLevel::kLowerRates ? kFpsMaxShort : 0);
  http_->refuse_viewers(memory_.level >= MemoryLevel::kNoNewClients);
}

void App::on_stop_signal(const char* name) {
  log_info("%s: stopping", name);
  bool again = std::exchange(stopping_, true);
  if (again || !mqtt_) return loop_.stop();
  mqtt_->leave(MqttCamera::farewell(mqtt_camera_options(config_)), [this] { loop_.stop(); });
}

std::vector<LinkFacts> App::links() const {
  std::vector<LinkFacts> links;
  if (auto link = capture_->link_facts()) links.push_back(std::move(*link));
  if (channel_sender_) links.push_back(channel_sender_->facts(monotonic_us()));
  if (raw_sender_) links.push_back(raw_sender_->facts(monotonic_us()));
  return links;
}

ReportedParts App::parts() const {
  ReportedParts parts{loop_,       hub_,           *capture_,       *http_,
                      started_us_, monotonic_us(), watchdog_.get(), display_.get(),
                      memory_,     reloads_,       links()};
  if (mqtt_camera_) parts.mqtt = {mqtt_->facts(monotonic_us()), mqtt_camera_->facts()};
  return parts;
}

std::string App::state_json() {
  return report_state(parts());
}

std::string App::metrics_text() {
  return report_metrics(parts());
}

Result<> App::health() {
  return capture_->health(monotonic_us());
}

Result<> App::take_text(std::string_view text) {
  return capture_->send_text(text);
}

bool App::source_alive() {
  return !hub_.on() || capture_->alive(monotonic_us());
}

void App::reopen_source() {
  capture_->reopen_source();
}

void App::end_for_respawn() {
  exit_status_ = kExitSourceLost;
  loop_.stop();
}

// ---- From afar ---------------------------------------------------------------------------------

CameraSettings App::settings() const {
  CameraSettings settings = commanded_settings(config_);
  settings.emplace_back("stream", hub_.on() ? kOn : kOff);
  return settings;
}

CameraFigures App::figures() {
  CameraFigures figures = camera_figures(hub_, *capture_, http_.get(), links());
  figures.uptime_us = monotonic_us() - started_us_;
  figures.temperature_c = board_temperature();
  return figures;
}

Result<> App::command(std::string_view thing, std::string_view value) {
  if (thing == "stream") return switch_stream(value);
  if (thing == "text") return take_text(to_utf8(value));
  Config changed = config_;
  TRY(take_command(changed, thing, value));
  if (thing.starts_with("control/")) {
    const auto& [name, number] = changed.source.controls.back();
    TRY(capture_->set_control(name, number));
  }
  return apply(changed);
}

// Off, the source is gone with its device.
Result<> App::switch_stream(std::string_view value) {
  bool on = value == kOn;
  if (!on && value != kOff) return Error{"write ON or OFF"};
  if (on == hub_.on()) return {};
  hub_.set_on(on);
  auto source = capture_->make(source_maker(config_, mqtt_.get()));
  if (!source.ok()) {
    hub_.set_on(!on);
    return source.error();
  }
  exchange_source(std::move(source).value());
  if (!on && http_) http_->drop_streams();
  shed();
  return {};
}

}  // namespace camloop
