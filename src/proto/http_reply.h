// HTTP replies as bytes: status lines and the header fields that all our replies share.
#pragma once

#include <string>
#include <string_view>

namespace camloop {

/// "Not Found" for 404; "Error" for a status that this server never sends.
const char* http_reason(int status);

struct HttpReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string extra_headers;  // whole lines, each ended by CRLF
  std::string body;
};

/// Whether the connection stays open, whose page may read the reply, and whether the body is left
/// out.
struct HttpReplyStyle {
  bool keep_alive = false;
  bool head_only = false;   // the answer to HEAD: Content-Length without the body
  std::string_view origin;  // for Access-Control-Allow-Origin; empty: none
};

/// Status line and the fields that every reply has; the fields about the body are to follow.
std::string format_http_start(int status, const HttpReplyStyle& style);
/// The whole reply; that of a 204 has no body, nor fields about one (RFC 9110, 8.6).
std::string format_http_reply(const HttpReply& reply, const HttpReplyStyle& style);

}  // namespace camloop
