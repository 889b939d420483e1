// HTTP/1.x requests from bytes: a strict, bounded parser without I/O (RFC 9112).
#pragma once

#include "base/bytes.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace camloop {

/// One request, decoded. Header names are in lower case.
struct HttpRequest {
  std::string method;
  std::string path;                                          // percent-decoded, without the query
  std::vector<std::pair<std::string, std::string>> query;    // decoded, in order
  std::vector<std::pair<std::string, std::string>> headers;  // values trimmed, in order
  std::string body;
  bool keep_alive = false;  // RFC 9112, 9.3

  /// The first value under that name, or nothing.
  std::optional<std::string_view> header(std::string_view lower_case_name) const;
  std::optional<std::string_view> query_value(std::string_view name) const;
};

/// Why a request cannot be served, as a status to answer with before closing.
struct HttpFault {
  int status = 400;
  const char* reason = "";  // for the person at the other end
};

/// Bytes in, requests out. After a fault the connection is of no more use.
class HttpRequestParser {
 public:
  /// Request line and headers together; what browsers send with long cookies stays under it.
  static constexpr size_t kHeadMax = 8 * 1024;
  /// The request target: longer ones are answered with 414.
  static constexpr size_t kTargetMax = 2 * 1024;
  static constexpr size_t kHeadersMax = 64;
  static constexpr size_t kBodyMax = 64 * 1024;

  enum class Outcome { kNeedMore, kRequest, kFault };

  /// Takes bytes up to the end of one request and says how many it took. At kRequest, request()
  /// holds until reset(); the rest of `bytes` belongs to the next request. At kFault, fault() says
  /// why.
  Outcome feed(Bytes bytes, size_t& taken);

  const HttpRequest& request() const { return request_; }
  const HttpFault& fault() const { return fault_; }
  /// Whether some of a request has arrived: time runs for the rest of it.
  bool started() const { return !head_.empty(); }
  /// Whether the head is here and its sender waits for "100 Continue" before it sends the body
  /// (RFC 9110, 10.1.1). True once a request, and only after kNeedMore.
  bool take_continue();
  /// Ready for the next request on the same connection.
  void reset();

 private:
  Outcome feed_head(Bytes bytes, size_t& taken);
  Outcome feed_body(Bytes bytes, size_t& taken);
  Outcome fail(int status, const char* reason);
  bool parse_head();
  bool parse_request_line(std::string_view line);
  bool parse_target(std::string_view target);
  bool parse_header(std::string_view line);
  bool settle_framing();

  std::string head_;
  bool head_done_ = false;
  bool http_1_1_ = false;
  bool continue_due_ = false;
  size_t body_size_ = 0;
  HttpRequest request_;
  HttpFault fault_;
};

/// Decodes %XX (and '+' as a space where `plus_is_space`); nothing on a bad escape or a NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace camloop
