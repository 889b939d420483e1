// One HTTP client: reads its requests, answers them, and streams to it what is newest.
#pragma once

#include "base/result.h"
#include "io/stream.h"
#include "media/mailbox.h"
#include "media/pacer.h"
#include "proto/http_reply.h"
#include "proto/http_request.h"
#include "sinks/http_routes.h"

#include <optional>
#include <string>

namespace camloop {

class HttpConnection;

/// What a connection asks of its server.
class HttpHost {
 public:
  /// What `host`, an address in numbers, is told instead of the answer; nothing if it may have it.
  virtual std::optional<HttpReply> refusal(const HttpRequest& request, HttpRoute route,
                                           const std::string& host) = 0;
  /// The answer to a route that is neither stream nor snapshot.
  virtual HttpReply reply_to(const HttpRequest& request, HttpRoute route) = 0;
  /// A client begins to watch (stream or snapshot), or the reason why it may not.
  virtual Result<> admit_viewer() = 0;
  /// Frames a second for a stream at most; 0: no limit.
  virtual double fps_max() const = 0;
  /// The newest frame, empty before the first.
  virtual const Frame& newest() const = 0;
  virtual const std::string& origin() const = 0;
  /// The connection is over; it must be dropped, and may be inside the call.
  virtual void connection_ended(HttpConnection& connection) = 0;

 protected:
  ~HttpHost() = default;
};

/// What /state tells of one stream client.
struct HttpClientFacts {
  std::string address;
  double fps = 0;
  size_t queued_bytes = 0;
  int64_t frame_age_us = 0;  // of the frame sent last, when it was handed to the kernel
  uint64_t frames = 0;
  uint64_t dropped_replaced = 0;  // a newer frame came before the client could take it
  uint64_t dropped_stale = 0;     // older than the client's max_age
};

class HttpConnection : public StreamHandler {
 public:
  HttpConnection(Owned<Stream> stream, HttpHost& host, int64_t now_us);

  bool streaming() const { return phase_ == Phase::kStreaming; }
  /// Streaming, or waiting for a snapshot.
  bool viewing() const { return streaming() || phase_ == Phase::kSnapshot; }
  /// What the client asks for and what the host allows are taken anew.
  void pace();
  bool wants(int64_t captured_us) const;
  void on_frame(const Frame& frame);
  /// Nothing new came for a second: what was sent last goes out once more, unless the client asked
  /// for less than a frame a second.
  void repeat(const Frame& frame);
  /// Deadlines. False: this client has used up its time, and is to be dropped.
  bool on_tick(int64_t now_us);

  HttpClientFacts facts() const;

 private:
  enum class Phase { kRequest, kSnapshot, kStreaming, kFinishing };

  Result<> on_bytes(Bytes bytes) override;
  Result<> on_eof() override;
  Result<> on_writable() override;
  void on_end(const Error& why) override;

  Result<> serve_requests(Bytes bytes);
  Result<> answer();
  Result<> answer_view(HttpRoute route);
  Result<> begin_stream(const ViewOptions& options);
  void begin_snapshot(const ViewOptions& options);
  Result<> reply(const HttpReply& reply);
  Result<> reply_fault(int status, const std::string& reason);
  Result<> reply_wrong_method(const std::string& allowed);
  Result<> reply_preflight();
  void reply_done();
  void reply_snapshot(const Frame& frame);
  Result<> send_text(const std::string& text);
  void send_newest();
  void enter(Phase phase, int64_t now_us);
  bool stream_stalled(int64_t now_us);

  Owned<Stream> stream_;
  HttpHost& host_;
  HttpRequestParser parser_;
  HttpReplyStyle style_;

  Phase phase_ = Phase::kRequest;
  int64_t phase_since_us_;
  bool first_request_ = true;
  uint64_t chatter_ = 0;  // bytes that came while nothing was expected

  ViewOptions view_;
  Pacer pacer_;
  Mailbox mailbox_;
  uint64_t frames_ = 0;
  uint64_t dropped_stale_ = 0;
  int64_t frame_age_us_ = 0;
  double fps_ = 0;
  uint64_t fps_counted_ = 0;  // frames_ when fps_ was last worked out
  int64_t fps_since_us_ = 0;
  uint64_t acknowledged_ = 0;  // bytes, when the peer was last seen to take some
  int64_t acknowledged_at_us_ = 0;
};

}  // namespace camloop
