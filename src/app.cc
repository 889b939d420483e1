#include "app.h"

#include "base/clock.h"
#include "base/log.h"
#include "sources/file_source.h"
#include "sources/pattern_source.h"
#include "sources/v4l2_find.h"
#include "sources/v4l2_source.h"

#include <csignal>
#include <utility>

namespace camloop {
namespace {

// By which who started us knows that we did not end at will.
constexpr int kExitSourceLost = 3;

// Of each client while memory is short: still a moving picture.
constexpr double kFpsMaxShort = 5;

unsigned long long megabytes(uint64_t bytes) {
  return bytes >> 20;
}

using MadeSource = Result<std::unique_ptr<Source>>;

MadeSource make_source(Loop& loop, const Config& config, BufferPool& pool, SourceHandler& handler) {
  const SourceOptions& options = config.source;
  switch (config.source_kind) {
    case SourceKind::kV4l2:
      return make_v4l2_source(loop, config.source_path, options, pool, handler);
    case SourceKind::kFile:
      return make_file_source(loop, config.source_path, options, pool, handler);
    case SourceKind::kPattern:
      return make_pattern_source(loop, options, handler);
    case SourceKind::kAuto:
      break;
  }
  if (find_v4l2_camera(system_v4l2_calls()).ok()) {
    return make_v4l2_source(loop, "auto", options, pool, handler);
  }
  log_info("no camera here: the built-in pattern is shown");
  return make_pattern_source(loop, options, handler);
}

}  // namespace

Result<std::unique_ptr<App>> App::create(Loop& loop, const Config& config) {
  std::unique_ptr<App> app(new App(loop, config));
  TRY(app->open());
  return app;
}

App::App(Loop& loop, const Config& config)
    : loop_(loop), config_(config), started_us_(monotonic_us()) {}

Result<> App::open() {
  open_watchdog();
  plan_memory_use();
  auto make = [this](BufferPool& pool, SourceHandler& handler) {
    return make_source(loop_, config_, pool, handler);
  };
  Capture::Options capture{config_.quality, config_.source.width, config_.source.height,
                           plan_.frames_kept};
  if (config_.http) {
    HttpServer::Options http{*config_.http, plan_.viewers_max, config_.http_origin};
    http_ = TRY(HttpServer::create(loop_, hub_, http, *this));
  }
  capture_ = TRY(Capture::create(loop_, hub_, capture, make));
  if (!config_.display.empty()) display_ = std::make_unique<Display>(loop_, hub_, config_.display);
  on_terminate_ = Signal::create(loop_, SIGTERM, [this] { on_stop_signal("SIGTERM"); });
  on_interrupt_ = Signal::create(loop_, SIGINT, [this] { on_stop_signal("SIGINT"); });
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
  // The camera that was lost is to be waited for: the pattern would hide that it is.
  if (watchdog_->lost_before() && config_.source_kind == SourceKind::kAuto) {
    config_.source_kind = SourceKind::kV4l2;
    config_.source_path = "auto";
  }
}

void App::plan_memory_use() {
  resist_oom_killer();
  memory_.available = available_memory();
  plan_ = plan_memory(memory_.available, config_.source.width, config_.source.height,
                      config_.http_clients);
  config_.source.buffers = plan_.capture_buffers;
  if (plan_.viewers_max == config_.http_clients) return;
  log_info("%zu viewers at most, not %zu: %llu MB of memory are available", plan_.viewers_max,
           config_.http_clients, megabytes(memory_.available));
}

void App::on_second() {
  if (watchdog_) watchdog_->tick(monotonic_us());
  memory_.available = available_memory();
  MemoryLevel level = next_memory_level(memory_.available, memory_.level);
  if (level != memory_.level) shed(level);
}

void App::shed(MemoryLevel level) {
  memory_.level = level;
  log_warning("memory: %llu MB available, shed: %s", megabytes(memory_.available),
              memory_level_name(level));
  bool fewer = level >= MemoryLevel::kFewerBuffers;
  capture_->set_buffer_count(fewer ? kCaptureBuffersMin : plan_.capture_buffers);
  if (!http_) return;
  http_->limit_rates(level >= MemoryLevel::kLowerRates ? kFpsMaxShort : 0);
  http_->refuse_viewers(level >= MemoryLevel::kNoNewClients);
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

void App::on_stop_signal(const char* name) {
  log_info("%s: stopping", name);
  loop_.stop();
}

ReportedParts App::parts() const {
  return {loop_,           hub_,           *capture_, *http_, started_us_, monotonic_us(),
          watchdog_.get(), display_.get(), memory_};
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

bool App::source_alive() {
  return capture_->alive(monotonic_us());
}

void App::reopen_source() {
  capture_->reopen_source();
}

void App::end_for_respawn() {
  exit_status_ = kExitSourceLost;
  loop_.stop();
}

}  // namespace camloop
