#include "sinks/http_gate.h"

#include "base/clock.h"
#include "base/log.h"

#include <utility>

namespace camloop {
namespace {

std::string attempt_of(const HttpRequest& request) {
  std::string attempt(request.header("authorization").value_or(""));
  return attempt.append("?").append(request.query_value("token").value_or(""));
}

}  // namespace

void HttpGate::set(HttpCredentials credentials, std::string trusted_origin) {
  credentials_ = std::move(credentials);
  trusted_origin_ = std::move(trusted_origin);
}

bool HttpGate::knows(const HttpRequest& request) const {
  return check_http_auth(request, credentials_) == HttpAuth::kRight;
}

std::optional<HttpReply> HttpGate::refusal(const HttpRequest& request, HttpRoute route,
                                           const std::string& host, int64_t now_us) {
  if (changes_state(route)) {
    if (auto refused = refuse_change(request)) return refused;
  }
  HttpAuth auth = check_http_auth(request, credentials_);
  if (auth == HttpAuth::kMissing) {
    if (route == HttpRoute::kHealth) return std::nullopt;
    ++counts_.no_credentials;
    return challenge("a password or token is needed\n");
  }
  // Right ones are turned away, too: else guessing could go on, and see what comes.
  int64_t wait_us = attempts_.wait_us(host, now_us);
  if (wait_us > 0 && credentials_.any()) return refuse_guess(wait_us);
  if (auth == HttpAuth::kRight) return std::nullopt;
  ++counts_.wrong_credentials;
  if (attempts_.fail(host, attempt_of(request), now_us)) {
    log_warning("%s: %d wrong passwords or tokens within a minute, it has to wait", host.c_str(),
                AttemptLimit::kFailuresMax);
  }
  return challenge("wrong password or token\n");
}

std::optional<HttpReply> HttpGate::refuse_change(const HttpRequest& request) {
  if (is_cross_site(request, trusted_origin_)) {
    ++counts_.cross_site;
    return HttpReply{.status = 403, .body = "not for pages of other sites\n"};
  }
  if (credentials_.any()) return std::nullopt;
  ++counts_.unprotected;
  return HttpReply{.status = 403,
                   .body =
                       "only where a password or token is set: CAMLOOP_HTTP_PASSWORD or "
                       "CAMLOOP_HTTP_TOKEN\n"};
}

HttpReply HttpGate::refuse_guess(int64_t wait_us) {
  ++counts_.guessing;
  std::string seconds = std::to_string(1 + wait_us / kSecond_us);
  return {.status = 429,
          .extra_headers = "Retry-After: " + seconds + "\r\n",
          .body = "too many wrong passwords or tokens: wait " + seconds + " s\n"};
}

HttpReply HttpGate::challenge(std::string body) const {
  return {.status = 401, .extra_headers = http_challenges(credentials_), .body = std::move(body)};
}

}  // namespace camloop
