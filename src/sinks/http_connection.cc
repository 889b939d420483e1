#include "sinks/http_connection.h"

#include "base/clock.h"
#include "base/log.h"
#include "proto/mjpeg.h"

#include <utility>

namespace camloop {
namespace {

// RFC 9110, 15.5.9: a request that does not arrive. Long enough for a phone on bad Wi-Fi.
constexpr int64_t kRequestWait_us = 10 * kSecond_us;
// An idle kept-alive connection costs a descriptor; browsers open a new one without a word.
constexpr int64_t kKeepAliveWait_us = 15 * kSecond_us;
// A snapshot is taken after the request. Moonraker gives it one second: then the newest frame must
// do.
constexpr int64_t kSnapshotWait_us = 900 * kMillisecond_us;
// OctoPrint gives up after five: before that we say why there is none.
constexpr int64_t kSnapshotLimit_us = 4500 * kMillisecond_us;
// The oldest frame that passes for a snapshot of now.
constexpr int64_t kSnapshotAgeMax_us = 10 * kSecond_us;
// A stream client that takes no byte for this long is gone, or as good as.
constexpr int64_t kStallMax_us = 10 * kSecond_us;
// For the peer's FIN after ours.
constexpr int64_t kFinishWait_us = 2 * kSecond_us;
// A client that joins a stream that is being watched gets a frame this young at once.
constexpr int64_t kJoinAgeMax_us = kSecond_us;
// Nothing is expected from a client that watches; whoever floods us is no viewer.
constexpr uint64_t kChatterMax = 64 * 1024;
// Whoever asks for fewer frames than this gets none twice.
constexpr double kRepeatsPerSecond = 1;
constexpr int64_t kFpsWindow_us = 2 * kSecond_us;

int64_t wall_time_of(int64_t captured_us, int64_t now_us) {
  return wall_us() - (now_us - captured_us);
}

}  // namespace

HttpConnection::HttpConnection(Owned<Stream> stream, HttpHost& host, int64_t now_us)
    : stream_(std::move(stream)), host_(host), phase_since_us_(now_us) {
  stream_->start(*this);
}

void HttpConnection::enter(Phase phase, int64_t now_us) {
  phase_ = phase;
  phase_since_us_ = now_us;
}

// ---- Requests ----

Result<> HttpConnection::on_bytes(Bytes bytes) {
  if (phase_ == Phase::kRequest) return serve_requests(bytes);
  // A request behind one that is not answered yet is passed over: the close tells the client.
  style_.keep_alive = false;
  chatter_ += bytes.size();
  if (chatter_ > kChatterMax) return Error{"sends data where none is expected"};
  return {};
}

Result<> HttpConnection::serve_requests(Bytes bytes) {
  while (phase_ == Phase::kRequest && !bytes.empty()) {
    bool fresh = !parser_.started();
    size_t taken = 0;
    auto outcome = parser_.feed(bytes, taken);
    bytes = bytes.subspan(taken);
    if (fresh && parser_.started() && !first_request_) phase_since_us_ = monotonic_us();
    if (outcome == HttpRequestParser::Outcome::kNeedMore) {
      return parser_.take_continue() ? send_text("HTTP/1.1 100 Continue\r\n\r\n") : Result<>();
    }
    if (outcome == HttpRequestParser::Outcome::kFault) {
      // What follows a broken request cannot be told from its rest: the connection closes.
      style_ = {.origin = host_.origin()};
      return reply_fault(parser_.fault().status, parser_.fault().reason);
    }
    TRY(answer());
  }
  return bytes.empty() ? Result<>() : on_bytes(bytes);
}

Result<> HttpConnection::answer() {
  const HttpRequest& request = parser_.request();
  style_ = {request.keep_alive, request.method == "HEAD", host_.origin()};
  HttpRoute route = http_route(request);
  log_debug("%s %s %s", stream_->peer().text().c_str(), request.method.c_str(),
            request.path.c_str());
  if (is_preflight(request) && !style_.origin.empty()) return reply_preflight();
  if (auto refusal = host_.refusal(request, route, stream_->peer().host())) return reply(*refusal);
  switch (route) {
    case HttpRoute::kStream:
    case HttpRoute::kSnapshot:
      return answer_view(route);
    case HttpRoute::kUnknown:
      return reply_fault(404,
                         "no such path: try /, /stream, /snapshot, /state, /metrics, /healthz");
    case HttpRoute::kWrongMethod:
      return reply_wrong_method(allowed_methods(request));
    default:
      return reply(host_.reply_to(request, route));
  }
}

Result<> HttpConnection::answer_view(HttpRoute route) {
  ViewOptions options = view_options(parser_.request());
  if (route == HttpRoute::kStream && style_.head_only) {
    TRY(send_text(format_mjpeg_head(host_.origin(), options.advance_headers, true)));
    style_.keep_alive = false;
    reply_done();
    return {};
  }
  auto admitted = host_.admit_viewer();
  if (!admitted.ok()) return reply_fault(503, admitted.error().text);
  if (route == HttpRoute::kStream) return begin_stream(options);
  begin_snapshot(options);
  return {};
}

Result<> HttpConnection::reply_fault(int status, const std::string& reason) {
  HttpReply fault{.status = status, .body = reason + "\n"};
  if (status == 503) fault.extra_headers = "Retry-After: 5\r\n";
  return reply(fault);
}

Result<> HttpConnection::reply_wrong_method(const std::string& allowed) {
  return reply({.status = 405,
                .extra_headers = "Allow: " + allowed + "\r\n",
                .body = "this path answers " + allowed + "\n"});
}

// It promises no more than that the request itself will be looked at.
Result<> HttpConnection::reply_preflight() {
  std::string methods = allowed_methods(parser_.request());
  return reply(
      {.status = 204,
       .extra_headers = "Access-Control-Allow-Methods: " + methods +
                        "\r\nAccess-Control-Allow-Headers: Authorization, Content-Type\r\n"});
}

Result<> HttpConnection::reply(const HttpReply& reply) {
  TRY(send_text(format_http_reply(reply, style_)));
  reply_done();
  return {};
}

Result<> HttpConnection::send_text(const std::string& text) {
  if (stream_->write(as_bytes(text))) return {};
  return Error{"does not read its replies"};
}

void HttpConnection::reply_done() {
  int64_t now_us = monotonic_us();
  first_request_ = false;
  parser_.reset();
  if (style_.keep_alive) {
    enter(Phase::kRequest, now_us);
  } else {
    enter(Phase::kFinishing, now_us);
    stream_->finish();
  }
}

// ---- Snapshots ----

void HttpConnection::begin_snapshot(const ViewOptions& options) {
  int64_t now_us = monotonic_us();
  enter(Phase::kSnapshot, now_us);
  const Frame& newest = host_.newest();
  if (newest && options.max_age_us && now_us - newest.captured_us <= *options.max_age_us) {
    reply_snapshot(newest);
  }
}

// Its head is a stream part's, behind a status line.
void HttpConnection::reply_snapshot(const Frame& frame) {
  MjpegPart part =
      format_mjpeg_part(frame.jpeg.size(), wall_time_of(frame.captured_us, monotonic_us()), false);
  std::string head = format_http_start(200, style_);
  head.append(as_text(part.head()));
  // A client that has not read its last reply yet waits for the next frame or tick.
  if (!stream_->try_send(as_bytes(head), style_.head_only ? BufferRef() : frame.jpeg, {})) return;
  reply_done();
}

// ---- Streams ----

Result<> HttpConnection::begin_stream(const ViewOptions& options) {
  int64_t now_us = monotonic_us();
  view_ = options;
  pace();
  parser_.reset();
  enter(Phase::kStreaming, now_us);
  fps_since_us_ = acknowledged_at_us_ = now_us;
  TRY(send_text(format_mjpeg_head(host_.origin(), options.advance_headers, false)));
  log_info("%s watches", stream_->peer().text().c_str());
  const Frame& newest = host_.newest();
  if (newest && now_us - newest.captured_us <= kJoinAgeMax_us) on_frame(newest);
  return {};
}

void HttpConnection::pace() {
  double allowed = host_.fps_max();
  bool asks_for_less = view_.fps_max > 0 && (allowed == 0 || view_.fps_max < allowed);
  pacer_ = Pacer(asks_for_less ? view_.fps_max : allowed);
}

bool HttpConnection::wants(int64_t captured_us) const {
  if (phase_ == Phase::kSnapshot) return captured_us >= phase_since_us_;
  return streaming() && pacer_.due(captured_us);
}

void HttpConnection::on_frame(const Frame& frame) {
  if (!wants(frame.captured_us)) return;
  if (phase_ == Phase::kSnapshot) return reply_snapshot(frame);
  pacer_.take(frame.captured_us);
  mailbox_.put(frame);
  send_newest();
}

void HttpConnection::repeat(const Frame& frame) {
  bool asks_for_less = view_.fps_max > 0 && view_.fps_max < kRepeatsPerSecond;
  if (!streaming() || asks_for_less || !mailbox_.empty()) return;
  mailbox_.put(frame);
  send_newest();
}

void HttpConnection::send_newest() {
  if (mailbox_.empty() || !stream_->writable()) return;
  const Frame& frame = mailbox_.front();
  int64_t now_us = monotonic_us();
  int64_t age_us = now_us - frame.captured_us;
  if (view_.max_age_us && age_us > *view_.max_age_us) {
    ++dropped_stale_;
    mailbox_.take();
    return;
  }
  MjpegPart part = format_mjpeg_part(frame.jpeg.size(), wall_time_of(frame.captured_us, now_us),
                                     view_.advance_headers);
  if (!stream_->try_send(part.head(), frame.jpeg, as_bytes(part.tail))) return;
  mailbox_.take();
  ++frames_;
  frame_age_us_ = age_us;
}

Result<> HttpConnection::on_writable() {
  if (streaming()) send_newest();
  return {};
}

// ---- The end ----

// A browser that leaves sends the same FIN as a script that only half-closes: who waits for one
// reply gets it, who watches is gone.
Result<> HttpConnection::on_eof() {
  if (streaming()) return Error{"closed by the client"};
  style_.keep_alive = false;
  if (phase_ == Phase::kRequest) reply_done();
  return {};
}

void HttpConnection::on_end(const Error& why) {
  if (streaming()) {
    log_info("%s left after %llu frames: %s", stream_->peer().text().c_str(),
             static_cast<unsigned long long>(frames_), why.text.c_str());
  }
  host_.connection_ended(*this);
}

bool HttpConnection::on_tick(int64_t now_us) {
  int64_t waited_us = now_us - phase_since_us_;
  switch (phase_) {
    case Phase::kRequest:
      if (parser_.started() || first_request_) {
        if (waited_us <= kRequestWait_us) return true;
        style_ = {.origin = host_.origin()};
        return reply_fault(408, "the request did not arrive within 10 s").ok();
      }
      return waited_us <= kKeepAliveWait_us;
    case Phase::kSnapshot: {
      if (waited_us <= kSnapshotWait_us) return true;
      const Frame& newest = host_.newest();
      if (newest && now_us - newest.captured_us <= kSnapshotAgeMax_us) {
        reply_snapshot(newest);
        return true;
      }
      if (waited_us <= kSnapshotLimit_us) return true;
      return reply_fault(503, "no picture from the source").ok();
    }
    case Phase::kStreaming:
      return !stream_stalled(now_us);
    case Phase::kFinishing:
      return waited_us <= kFinishWait_us;
  }
  return true;
}

bool HttpConnection::stream_stalled(int64_t now_us) {
  if (now_us - fps_since_us_ >= kFpsWindow_us) {
    fps_ = static_cast<double>(frames_ - fps_counted_) * 1e6 /
           static_cast<double>(now_us - fps_since_us_);
    fps_counted_ = frames_;
    fps_since_us_ = now_us;
  }
  if (stream_->writable()) {
    acknowledged_at_us_ = now_us;
    return false;
  }
  uint64_t acknowledged = stream_->bytes_acknowledged();
  if (acknowledged != std::exchange(acknowledged_, acknowledged)) acknowledged_at_us_ = now_us;
  if (now_us - acknowledged_at_us_ <= kStallMax_us) return false;
  log_info("%s dropped: it took no byte for 10 s", stream_->peer().text().c_str());
  return true;
}

HttpClientFacts HttpConnection::facts() const {
  return {stream_->peer().text(), fps_,          stream_->bytes_queued(), frame_age_us_, frames_,
          mailbox_.replaced(),    dropped_stale_};
}

}  // namespace camloop
