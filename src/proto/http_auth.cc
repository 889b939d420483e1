#include "proto/http_auth.h"

#include "base/text.h"
#include "proto/base64.h"

#include <algorithm>

namespace camloop {
namespace {

constexpr const char* kBasicChallenge =
    "WWW-Authenticate: Basic realm=\"camloop\", charset=\"UTF-8\"\r\n";
constexpr const char* kBearerChallenge = "WWW-Authenticate: Bearer realm=\"camloop\"\r\n";

// Looks at every byte of `given`, whichever differ. `secret` is not empty.
bool equal_in_constant_time(std::string_view given, std::string_view secret) {
  volatile unsigned difference = given.size() == secret.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    int bits = given[i] ^ secret[i % secret.size()];
    difference = difference | static_cast<unsigned>(bits);
  }
  return difference == 0;
}

HttpAuth compare(std::string_view given, std::string_view secret) {
  return equal_in_constant_time(given, secret) ? HttpAuth::kRight : HttpAuth::kWrong;
}

// A '+' that was not escaped was read as a blank, which no token has.
HttpAuth check_query(std::string_view value, std::string_view secret) {
  std::string given(value);
  std::replace(given.begin(), given.end(), ' ', '+');
  return compare(given, secret);
}

// Scheme and credentials, as RFC 9110, 11.4 has them.
HttpAuth check_header(std::string_view value, const HttpCredentials& credentials) {
  size_t scheme_end = std::min(value.find(' '), value.size());
  std::string_view scheme = value.substr(0, scheme_end);
  std::string_view given = value.substr(scheme_end);
  given.remove_prefix(std::min(given.find_first_not_of(' '), given.size()));
  if (equals_ignoring_case(scheme, "Basic") && !credentials.user.empty()) {
    auto pair = base64_decode(given);
    return compare(pair.value_or(""), credentials.user + ":" + credentials.password);
  }
  if (equals_ignoring_case(scheme, "Bearer") && !credentials.token.empty()) {
    return compare(given, credentials.token);
  }
  return HttpAuth::kMissing;
}

}  // namespace

HttpAuth check_http_auth(const HttpRequest& request, const HttpCredentials& credentials) {
  if (!credentials.any()) return HttpAuth::kRight;
  HttpAuth by_header = HttpAuth::kMissing, by_query = HttpAuth::kMissing;
  if (auto value = request.header("authorization")) by_header = check_header(*value, credentials);
  auto token = request.query_value("token");
  if (token && !credentials.token.empty()) by_query = check_query(*token, credentials.token);
  for (HttpAuth verdict : {HttpAuth::kRight, HttpAuth::kWrong}) {
    if (by_header == verdict || by_query == verdict) return verdict;
  }
  return HttpAuth::kMissing;
}

std::string http_challenges(const HttpCredentials& credentials) {
  std::string lines;
  if (!credentials.user.empty()) lines += kBasicChallenge;
  if (!credentials.token.empty()) lines += kBearerChallenge;
  return lines;
}

bool is_cross_site(const HttpRequest& request, std::string_view trusted_origin) {
  auto origin = request.header("origin");
  if (origin && !trusted_origin.empty() && equals_ignoring_case(*origin, trusted_origin)) {
    return false;
  }
  if (request.header("sec-fetch-site") == "cross-site") return true;
  if (!origin) return false;
  // "null", the origin of sandboxed pages and of files, has no host.
  size_t scheme_end = origin->find("://");
  return scheme_end == std::string_view::npos ||
         !equals_ignoring_case(origin->substr(scheme_end + 3), request.header("host").value_or(""));
}

}  // namespace camloop
