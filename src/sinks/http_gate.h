// Who gets what the HTTP server has: credentials, guessing, and requests that other sites make.
#pragma once

#include "proto/http_auth.h"
#include "proto/http_reply.h"
#include "sinks/attempt_limit.h"
#include "sinks/http_routes.h"

#include <optional>
#include <string>

namespace camloop {

class HttpGate {
 public:
  /// Requests turned away, by reason.
  struct Counts {
    uint64_t no_credentials = 0;
    uint64_t wrong_credentials = 0;
    uint64_t guessing = 0;     // not looked at, as too many before were wrong
    uint64_t cross_site = 0;   // would change something, and a page of another site asks for it
    uint64_t unprotected = 0;  // would change something, and there is no secret to tell who may
  };

  /// For requests from now on. `trusted_origin`: its pages may change things, too.
  void set(HttpCredentials credentials, std::string trusted_origin);

  /// What `host` is told instead of an answer; nothing if it may have it. The health is for all.
  std::optional<HttpReply> refusal(const HttpRequest& request, HttpRoute route,
                                   const std::string& host, int64_t now_us);
  /// Whether it came with the right credentials, or none are asked for.
  bool knows(const HttpRequest& request) const;
  const Counts& counts() const { return counts_; }

 private:
  std::optional<HttpReply> refuse_change(const HttpRequest& request);
  HttpReply refuse_guess(int64_t wait_us);
  HttpReply challenge(std::string body) const;

  HttpCredentials credentials_;
  std::string trusted_origin_;
  AttemptLimit attempts_;
  Counts counts_;
};

}  // namespace camloop
