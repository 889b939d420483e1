#include "sinks/http_routes.h"

#include "base/text.h"

#include <cmath>
#include <iterator>
#include <string_view>

namespace camloop {
namespace {

struct Entry {
  std::string_view path;
  HttpRoute route;
};

constexpr Entry kPaths[] = {
    {"/stream", HttpRoute::kStream},
    {"/stream.mjpg", HttpRoute::kStream},
    {"/video_feed", HttpRoute::kStream},
    {"/snapshot", HttpRoute::kSnapshot},
    {"/snapshot.jpg", HttpRoute::kSnapshot},
    {"/state", HttpRoute::kState},
    {"/metrics", HttpRoute::kMetrics},
    {"/healthz", HttpRoute::kHealth},
    {"/text", HttpRoute::kText},
};

// "/" is three things: mjpg-streamer's actions, the page for a person, the stream for everything
// else.
HttpRoute root_route(const HttpRequest& request) {
  auto action = request.query_value("action");
  if (action == "stream") return HttpRoute::kStream;
  if (action == "snapshot") return HttpRoute::kSnapshot;
  bool person = request.header("accept").value_or("").find("text/html") != std::string_view::npos;
  return person ? HttpRoute::kPage : HttpRoute::kStream;
}

HttpRoute path_route(const HttpRequest& request) {
  if (request.path == "/") return root_route(request);
  for (const Entry& entry : kPaths) {
    if (request.path == entry.path) return entry.route;
  }
  return HttpRoute::kUnknown;
}

std::optional<double> positive_number(std::optional<std::string_view> text) {
  auto number = text ? parse_number<double>(*text) : std::nullopt;
  return number && *number >= 0 ? number : std::nullopt;
}

// An hour and a thousand frames a second bound what a client can ask, before it becomes integers.
constexpr double kMaxAgeLimit_s = 3600;
constexpr double kFpsMin = 0.01;
constexpr double kFpsLimit = 1000;

}  // namespace

HttpRoute http_route(const HttpRequest& request) {
  HttpRoute route = path_route(request);
  bool reads = request.method == "GET" || request.method == "HEAD";
  bool posts = request.method == "POST";
  bool good = changes_state(route) ? posts : reads || (posts && route == HttpRoute::kStream);
  return good || route == HttpRoute::kUnknown ? route : HttpRoute::kWrongMethod;
}

bool changes_state(HttpRoute route) {
  return route == HttpRoute::kText;
}

bool is_preflight(const HttpRequest& request) {
  return request.method == "OPTIONS" && request.header("origin") &&
         request.header("access-control-request-method");
}

std::string allowed_methods(const HttpRequest& request) {
  HttpRoute route = path_route(request);
  if (changes_state(route)) return "POST";
  return route == HttpRoute::kStream ? "GET, HEAD, POST" : "GET, HEAD";
}

ViewOptions view_options(const HttpRequest& request) {
  ViewOptions options;
  if (auto fps = positive_number(request.query_value("fps")); fps && *fps > 0) {
    options.fps_max = std::fmin(std::fmax(*fps, kFpsMin), kFpsLimit);
  }
  if (auto age_s = positive_number(request.query_value("max_age"))) {
    options.max_age_us = static_cast<int64_t>(std::fmin(*age_s, kMaxAgeLimit_s) * 1e6);
  }
  options.advance_headers = request.query_value("advance_headers") == "1";
  return options;
}

}  // namespace camloop
