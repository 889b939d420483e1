// The HTTP server: the clients, their limits, and the fan-out of each frame to those who watch.
#pragma once

#include "base/result.h"
#include "io/listener.h"
#include "io/timer.h"
#include "media/hub.h"
#include "sinks/http_connection.h"
#include "sinks/http_gate.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace camloop {

/// What only the app can say or do.
class HttpContent {
 public:
  virtual std::string state_json() = 0;
  virtual std::string metrics_text() = 0;
  /// Whether frames are fresh, or why not.
  virtual Result<> health() = 0;
  /// Sends a text, at most HttpServer::kTextMax of UTF-8, to every peer of the raw link. Error:
  /// there is no such link.
  virtual Result<> take_text(std::string_view text) = 0;

 protected:
  ~HttpContent() = default;
};

class HttpServer : public Viewer, private HttpHost {
 public:
  /// Of POST /text. Peers show a text in a line or a box; its protocol bounds it.
  static constexpr size_t kTextMax = 4 * 1024;

  struct Options {
    Address address;
    size_t viewers_max;  // streams and snapshots at a time
    std::string origin;  // Access-Control-Allow-Origin, empty for none
    HttpCredentials credentials;
  };

  struct Counts {
    uint64_t frames_sent = 0;  // of clients that have left; facts() has the others
    uint64_t dropped_replaced = 0;
    uint64_t dropped_stale = 0;
    uint64_t viewers_refused = 0;
    uint64_t memory_refused = 0;
    uint64_t off_refused = 0;  // viewers while the stream is switched off
    uint64_t stalled = 0;      // clients dropped since they took no data in time
  };

  static Result<std::unique_ptr<HttpServer>> create(Loop& loop, Hub& hub, const Options& options,
                                                    HttpContent& content);
  ~HttpServer();

  /// Goes on with other options; who is connected stays. The Error is of a new address, and leaves
  /// all as it was.
  Result<> change(const Options& options);

  const Address& address() const { return listener_->address(); }
  size_t viewers_max() const { return options_.viewers_max; }
  /// Frames a second that each client gets at most; 0: as many as there are.
  void limit_rates(double fps_max);
  /// While memory is short: those who watch stay, others are told to come again.
  void refuse_viewers(bool refuse) { refuses_viewers_ = refuse; }
  /// The stream has been switched off: those who watch it are sent away.
  void drop_streams();
  const Listener& listener() const { return *listener_; }
  /// One entry for each stream client.
  std::vector<HttpClientFacts> clients() const;
  /// Totals, over clients of now and before.
  Counts counts() const;
  const HttpGate& gate() const { return gate_; }

 private:
  HttpServer(Loop& loop, Hub& hub, const Options& options, HttpContent& content);

  bool wants(int64_t captured_us) override;
  void on_frame(const Frame& frame) override;

  std::optional<HttpReply> refusal(const HttpRequest& request, HttpRoute route,
                                   const std::string& host) override;
  HttpReply reply_to(const HttpRequest& request, HttpRoute route) override;
  Result<> admit_viewer() override;
  double fps_max() const override { return fps_max_; }
  const Frame& newest() const override { return hub_.newest(); }
  const std::string& origin() const override { return options_.origin; }
  void connection_ended(HttpConnection& connection) override;

  HttpReply reply_health(const HttpRequest& request);
  HttpReply take_text(const std::string& body);
  void accept(Owned<Stream> stream);
  void on_tick();
  void on_quiet();
  void drop(size_t index);
  size_t viewers() const;

  Hub& hub_;
  Options options_;
  HttpContent& content_;
  HttpGate gate_;
  Owned<Timer> tick_;   // deadlines; runs while there are connections
  Owned<Timer> quiet_;  // since the last frame; runs while attached to the hub
  Owned<Listener> listener_;
  std::vector<std::unique_ptr<HttpConnection>> connections_;
  bool attached_ = false;
  bool shown_ = false;  // a frame came since attaching: the newest is none of an earlier time
  double fps_max_ = 0;
  bool refuses_viewers_ = false;
  Counts gone_;
};

}  // namespace camloop
