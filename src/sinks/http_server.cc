#include "sinks/http_server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "web/page.h"

#include <algorithm>
#include <utility>

namespace camloop {
namespace {

// Fine enough for a snapshot's deadline, cheap enough for a board.
constexpr int64_t kTick_us = 250 * kMillisecond_us;
// Home Assistant gives up after 10 s without a frame, Mainsail too; and Chrome, on a plain stream,
// shows a picture only when the next one comes. Longer than a second, so that the "no signal"
// picture, which comes once a second, is not doubled.
constexpr int64_t kQuietMax_us = 1500 * kMillisecond_us;
// Connections beside the viewers: pages, /state, scrapers. From one address fewer, so that one
// machine's leaking clients leave room for the others.
constexpr size_t kOtherConnectionsMax = 32;
constexpr size_t kOtherPerHostMax = 16;

constexpr std::string_view kRefusal =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n"
    "Content-Type: text/plain\r\nContent-Length: 21\r\n\r\ntoo many connections\n";

Admission::Limits limits_for(const HttpServer::Options& options) {
  return {options.viewers_max + kOtherConnectionsMax, options.viewers_max + kOtherPerHostMax};
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::create(Loop& loop, Hub& hub, const Options& options,
                                                       HttpContent& content) {
  std::unique_ptr<HttpServer> server(new HttpServer(loop, hub, options, content));
  auto on_accept = [raw = server.get()](Owned<Stream> stream) { raw->accept(std::move(stream)); };
  server->listener_ =
      TRY(Listener::open(loop, options.address, limits_for(options), kRefusal, on_accept));
  return server;
}

Result<> HttpServer::change(const Options& options) {
  if (options.address != options_.address) {
    listener_ = TRY(listener_->open_successor(options.address));
  }
  options_ = options;
  gate_.set(options.credentials, options.origin);
  listener_->set_limits(limits_for(options));
  return {};
}

HttpServer::HttpServer(Loop& loop, Hub& hub, const Options& options, HttpContent& content)
    : hub_(hub),
      options_(options),
      content_(content),
      tick_(Timer::create(loop, [this] { on_tick(); })),
      quiet_(Timer::create(loop, [this] { on_quiet(); })) {
  gate_.set(options.credentials, options.origin);
}

HttpServer::~HttpServer() {
  if (attached_) hub_.detach(*this);
}

// ---- Clients ----

void HttpServer::accept(Owned<Stream> stream) {
  HttpHost& host = *this;
  connections_.push_back(std::make_unique<HttpConnection>(std::move(stream), host, monotonic_us()));
  if (!tick_->running()) tick_->start_periodic(kTick_us);
}

size_t HttpServer::viewers() const {
  return static_cast<size_t>(std::count_if(connections_.begin(), connections_.end(),
                                           [](const auto& each) { return each->viewing(); }));
}

void HttpServer::limit_rates(double fps_max) {
  fps_max_ = fps_max;
  for (const auto& each : connections_) each->pace();
}

Result<> HttpServer::admit_viewer() {
  if (!hub_.on()) {
    ++gone_.off_refused;
    return Error{"the stream is switched off"};
  }
  if (refuses_viewers_) {
    ++gone_.memory_refused;
    return Error{"memory is short: try again later"};
  }
  if (viewers() >= options_.viewers_max) {
    ++gone_.viewers_refused;
    return Error{"all " + std::to_string(options_.viewers_max) + " places are taken"};
  }
  if (!attached_) {
    attached_ = true;
    shown_ = false;
    hub_.attach(*this);
    quiet_->start(kQuietMax_us);
  }
  return {};
}

void HttpServer::drop_streams() {
  for (size_t i = connections_.size(); i-- > 0;) {
    if (connections_[i]->streaming()) drop(i);
  }
}

void HttpServer::connection_ended(HttpConnection& connection) {
  auto is_it = [&connection](const auto& each) { return each.get() == &connection; };
  auto found = std::find_if(connections_.begin(), connections_.end(), is_it);
  drop(static_cast<size_t>(found - connections_.begin()));
}

void HttpServer::drop(size_t index) {
  HttpClientFacts facts = connections_[index]->facts();
  gone_.frames_sent += facts.frames;
  gone_.dropped_replaced += facts.dropped_replaced;
  gone_.dropped_stale += facts.dropped_stale;
  std::swap(connections_[index], connections_.back());
  connections_.pop_back();
}

void HttpServer::on_tick() {
  int64_t now_us = monotonic_us();
  for (size_t i = connections_.size(); i-- > 0;) {
    if (connections_[i]->on_tick(now_us)) continue;
    gone_.stalled += connections_[i]->facts().queued_bytes > 0;
    drop(i);
  }
  // Demand ends a tick late on purpose: two snapshots a second are one demand, not four changes.
  if (attached_ && viewers() == 0) {
    attached_ = false;
    quiet_->stop();
    hub_.detach(*this);
  }
  if (connections_.empty()) tick_->stop();
}

// ---- Frames ----

bool HttpServer::wants(int64_t captured_us) {
  return std::any_of(connections_.begin(), connections_.end(),
                     [captured_us](const auto& each) { return each->wants(captured_us); });
}

void HttpServer::on_frame(const Frame& frame) {
  shown_ = true;
  quiet_->start(kQuietMax_us);
  for (const auto& each : connections_) each->on_frame(frame);
}

void HttpServer::on_quiet() {
  quiet_->start(kQuietMax_us);
  if (!shown_) return;
  for (const auto& each : connections_) each->repeat(hub_.newest());
}

// ---- Answers ----

std::optional<HttpReply> HttpServer::refusal(const HttpRequest& request, HttpRoute route,
                                             const std::string& host) {
  return gate_.refusal(request, route, host, monotonic_us());
}

HttpReply HttpServer::reply_to(const HttpRequest& request, HttpRoute route) {
  switch (route) {
    case HttpRoute::kPage:
      return {.content_type = "text/html; charset=utf-8", .body = std::string(web_page())};
    case HttpRoute::kState:
      return {.content_type = "application/json", .body = content_.state_json()};
    case HttpRoute::kMetrics:
      return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
              .body = content_.metrics_text()};
    case HttpRoute::kText:
      return take_text(request.body);
    default:
      return reply_health(request);
  }
}

// Probes have no password; why the camera fails is for those who have.
HttpReply HttpServer::reply_health(const HttpRequest& request) {
  auto health = content_.health();
  if (health.ok()) return {.body = "ok\n"};
  std::string reason = gate_.knows(request) ? health.error().text : "no fresh pictures";
  return {.status = 503, .extra_headers = "Retry-After: 5\r\n", .body = reason + "\n"};
}

HttpReply HttpServer::take_text(const std::string& body) {
  std::string text = to_utf8(body);
  if (text.empty()) return {.status = 400, .body = "the text is to be the request's body\n"};
  if (text.size() > kTextMax) return {.status = 413, .body = "the text is longer than 4 KiB\n"};
  auto taken = content_.take_text(text);
  if (!taken.ok()) return {.status = 409, .body = taken.error().text + "\n"};
  return {.status = 204};
}

std::vector<HttpClientFacts> HttpServer::clients() const {
  std::vector<HttpClientFacts> facts;
  for (const auto& each : connections_) {
    if (each->streaming()) facts.push_back(each->facts());
  }
  return facts;
}

HttpServer::Counts HttpServer::counts() const {
  Counts total = gone_;
  for (const HttpClientFacts& client : clients()) {
    total.frames_sent += client.frames;
    total.dropped_replaced += client.dropped_replaced;
    total.dropped_stale += client.dropped_stale;
  }
  return total;
}

}  // namespace camloop
