#include "app.h"

#include "base/clock.h"
#include "base/log.h"
#include "report.h"
#include "sources/file_source.h"
#include "sources/pattern_source.h"
#include "sources/v4l2_find.h"
#include "sources/v4l2_source.h"

#include <csignal>
#include <utility>

namespace camloop {
namespace {

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
  auto make = [this](BufferPool& pool, SourceHandler& handler) {
    return make_source(loop_, config_, pool, handler);
  };
  Capture::Options capture{config_.quality, config_.source.width, config_.source.height};
  if (config_.http) {
    HttpServer::Options http{*config_.http, config_.http_clients, config_.http_origin};
    http_ = TRY(HttpServer::create(loop_, hub_, http, *this));
  }
  capture_ = TRY(Capture::create(loop_, hub_, capture, make));
  on_terminate_ = Signal::create(loop_, SIGTERM, [this] { on_stop_signal("SIGTERM"); });
  on_interrupt_ = Signal::create(loop_, SIGINT, [this] { on_stop_signal("SIGINT"); });
  announce();
  return {};
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

std::string App::state_json() {
  return report_state({loop_, hub_, *capture_, *http_, started_us_, monotonic_us()});
}

std::string App::metrics_text() {
  return report_metrics({loop_, hub_, *capture_, *http_, started_us_, monotonic_us()});
}

Result<> App::health() {
  return capture_->health(monotonic_us());
}

}  // namespace camloop
