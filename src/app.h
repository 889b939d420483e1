// The app: the only room that knows every feature. It makes what the configuration asks for, joins
// it, and takes it down again.
#pragma once

#include "config.h"
#include "io/loop.h"
#include "io/signal.h"
#include "media/hub.h"
#include "sinks/http_server.h"
#include "sources/capture.h"

#include <memory>

namespace camloop {

class App : private HttpContent {
 public:
  /// Everything is open and running once the loop runs; or nothing is, and the Error says why.
  static Result<std::unique_ptr<App>> create(Loop& loop, const Config& config);

 private:
  App(Loop& loop, const Config& config);

  Result<> open();
  void announce() const;
  void on_stop_signal(const char* name);

  std::string state_json() override;
  std::string metrics_text() override;
  Result<> health() override;

  Loop& loop_;
  Config config_;
  int64_t started_us_;
  Hub hub_;
  std::unique_ptr<Capture> capture_;
  std::unique_ptr<HttpServer> http_;
  Owned<Signal> on_terminate_;
  Owned<Signal> on_interrupt_;
};

}  // namespace camloop
