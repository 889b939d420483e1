// Who may ask: the credentials of a request (RFC 7617, 6750) and the site it comes from, without
// I/O.
#pragma once

#include "proto/http_request.h"

#include <string>
#include <string_view>

namespace camloop {

/// What a request must have one of. An empty token asks for none; user and password are empty
/// together.
struct HttpCredentials {
  std::string user;  // holds no colon
  std::string password;
  std::string token;

  bool any() const { return !user.empty() || !token.empty(); }
};

enum class HttpAuth { kRight, kMissing, kWrong };

/// Looks at `Authorization: Basic`, `Authorization: Bearer` and `?token=`; one that is right is
/// enough, and one for which no secret is set counts as missing. With no secret at all everybody is
/// right. The time it takes says nothing of the secrets but their length.
HttpAuth check_http_auth(const HttpRequest& request, const HttpCredentials& credentials);

/// The WWW-Authenticate lines of a 401, each ended by CRLF.
std::string http_challenges(const HttpCredentials& credentials);

/// Whether a browser made this request for a page of another site: by Sec-Fetch-Site (Fetch
/// Metadata) or since Origin (RFC 6454) is not the host that was asked. Pages of `trusted_origin`
/// count as ours; "*" is no origin.
bool is_cross_site(const HttpRequest& request, std::string_view trusted_origin);

}  // namespace camloop
