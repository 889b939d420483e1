// What the program tells about itself: /state as JSON and /metrics as Prometheus text.
#pragma once

#include "base/link_facts.h"
#include "base/memory.h"
#include "io/loop.h"
#include "io/watchdog.h"
#include "media/hub.h"
#include "report/report_mqtt.h"
#include "sinks/display.h"
#include "sinks/http_server.h"
#include "sources/capture.h"

#include <optional>
#include <string>
#include <vector>

namespace camloop {

/// What became of the requests to read the settings again.
struct ReloadCounts {
  uint64_t applied = 0;
  uint64_t refused = 0;  // since something was wrong with them
};

/// Everything a report looks at; borrowed for the length of the call.
struct ReportedParts {
  const Loop& loop;
  const Hub& hub;
  const Capture& capture;
  const HttpServer& http;
  int64_t started_us;  // monotonic
  int64_t now_us;
  const Watchdog* watchdog = nullptr;  // none where it is off
  const Display* display = nullptr;    // likewise
  MemoryFacts memory{};
  ReloadCounts reloads{};
  std::vector<LinkFacts> links{};
  std::optional<MqttReport> mqtt{};  // none where it is off
};

std::string report_state(const ReportedParts& parts);
/// The text exposition format, version 0.0.4.
std::string report_metrics(const ReportedParts& parts);

}  // namespace camloop
