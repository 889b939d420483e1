// The app: the only room that knows every feature. It makes what the configuration asks for, joins
// it, and takes it down again.
#pragma once

#include "base/memory.h"
#include "config/config.h"
#include "config/settings.h"
#include "io/line_service.h"
#include "io/loop.h"
#include "io/signal.h"
#include "io/timer.h"
#include "io/watchdog.h"
#include "links/mqtt_client.h"
#include "media/hub.h"
#include "report/report.h"
#include "sinks/channel_sender.h"
#include "sinks/display.h"
#include "sinks/http_server.h"
#include "sinks/mqtt_camera.h"
#include "sinks/raw_sender.h"
#include "sources/capture.h"

#include <memory>
#include <vector>

namespace camloop {

class App : private HttpContent, private CameraHost, private WatchdogWard {
 public:
  /// Everything is open and running once the loop runs; or nothing is, and the Error says why.
  /// `settings`, where `config` comes from, is read again on SIGHUP and must outlive the App.
  static Result<std::unique_ptr<App>> create(Loop& loop, const Settings& settings,
                                             const Config& config);

  /// The process's, once the loop has stopped.
  int exit_status() const { return exit_status_; }

 private:
  App(Loop& loop, const Settings& settings, const Config& config);

  Result<> open();
  Result<> open_http(const Config& config);
  Result<std::unique_ptr<LineService>> make_daytime(const Config& config);
  Result<std::unique_ptr<LineService>> make_greeting(const Config& config);
  void open_channel_sender(std::shared_ptr<const TlsContext> tls);
  void open_raw_sender();
  void open_mqtt_camera();
  void open_display();
  void open_watchdog();
  MemoryPlan plan_memory_for(const Config& config) const;
  Config fit_to_memory(Config config) const;
  Capture::MakeSource source_maker(const Config& config, MqttClient* mqtt);
  void exchange_source(std::unique_ptr<Source> source);
  void announce() const;
  void reload();
  Result<> apply(const Config& config);
  void exchange_mqtt_camera(const Config& before, bool new_mqtt);
  void on_second();
  void look_for_camera(int64_t now_us);
  void shed();
  void on_stop_signal(const char* name);
  std::vector<LinkFacts> links() const;
  ReportedParts parts() const;

  std::string state_json() override;
  std::string metrics_text() override;
  Result<> health() override;
  Result<> take_text(std::string_view text) override;

  CameraSettings settings() const override;
  Result<> command(std::string_view thing, std::string_view value) override;
  CameraFigures figures() override;
  Result<> switch_stream(std::string_view value);

  bool source_alive() override;
  void reopen_source() override;
  void end_for_respawn() override;

  Loop& loop_;
  const Settings& settings_;
  Config config_;  // in force, as far as memory allows
  int64_t started_us_;
  uint64_t memory_at_start_ = kMemoryUnknown;
  MemoryFacts memory_;
  ReloadCounts reloads_;
  bool camera_seen_ = false;  // by us, or by the run before that lost it
  int64_t camera_looked_us_ = 0;
  int exit_status_ = 0;
  bool stopping_ = false;
  std::unique_ptr<Watchdog> watchdog_;  // none where it is off; last to go, as the others may hang
  Hub hub_;
  std::unique_ptr<MqttClient> mqtt_;  // none where it is off; before those who use it
  std::unique_ptr<Capture> capture_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<MqttCamera> mqtt_camera_;  // with mqtt_
  std::unique_ptr<ChannelSender> channel_sender_;
  std::unique_ptr<RawSender> raw_sender_;
  std::unique_ptr<Display> display_;
  std::unique_ptr<LineService> daytime_;
  std::unique_ptr<LineService> greeting_;
  Owned<Signal> on_terminate_;
  Owned<Signal> on_interrupt_;
  Owned<Signal> on_hangup_;
  Owned<Timer> seconds_;
};

}  // namespace camloop
