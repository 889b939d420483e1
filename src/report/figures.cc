#include "report/figures.h"

#include "base/text.h"
#include "base/text_file.h"

#include <algorithm>
#include <cmath>

namespace camloop {
namespace {

void raise(std::optional<int64_t>& worst_us, int64_t time_us) {
  worst_us = std::max(worst_us.value_or(time_us), time_us);
}

void add_http(CameraFigures& figures, const HttpServer& http) {
  HttpServer::Counts counts = http.counts();
  figures.dropped += counts.dropped_replaced + counts.dropped_stale;
  for (const HttpClientFacts& client : http.clients()) {
    ++figures.clients;
    raise(figures.lag_us, client.frame_age_us);
  }
}

void add_link(CameraFigures& figures, const LinkFacts& link) {
  for (const ReasonCount& each : link.traffic.dropped) figures.dropped += each.count;
  const Histogram& lag = link.traffic.lag;
  if (lag.count() > 0) raise(figures.link_lag_us, lag.quantile_us(0.99));
}

}  // namespace

CameraFigures camera_figures(const Hub& hub, const Capture& capture, const HttpServer* http,
                             std::span<const LinkFacts> links) {
  const SourceFacts& source = capture.facts();
  const Capture::Counts& counts = capture.counts();
  CameraFigures figures;
  figures.width = hub.newest() ? hub.newest().width : source.width;
  figures.height = hub.newest() ? hub.newest().height : source.height;
  figures.frame_bytes = hub.newest().jpeg.size();
  figures.dropped = source.dropped_broken + source.dropped_stale + counts.superseded;
  figures.dropped += counts.encode_failed;
  if (http) add_http(figures, *http);
  for (const LinkFacts& link : links) add_link(figures, link);
  return figures;
}

std::optional<double> board_temperature(const std::string& file) {
  auto text = read_text_file(file);
  if (!text.ok()) return std::nullopt;
  auto lines = split(text.value(), '\n');
  auto thousandths = lines.empty() ? std::nullopt : parse_number<int>(lines.front());
  if (!thousandths) return std::nullopt;
  return std::round(*thousandths / 100.0) / 10;
}

}  // namespace camloop
