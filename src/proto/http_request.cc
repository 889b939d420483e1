#include "proto/http_request.h"

#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace camloop {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// RFC 9110, 5.6.2: tchar.
bool is_token(std::string_view text) {
  auto is_tchar = [](char c) {
    return (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_tchar);
}

std::string_view trim(std::string_view text) {
  auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Whether a comma-separated list holds the token (RFC 9110, 5.6.1).
bool list_holds(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    size_t comma = std::min(list.find(','), list.size());
    if (equals_ignoring_case(trim(list.substr(0, comma)), token)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

std::optional<std::string_view> find_value(const Pairs& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return value;
  }
  return std::nullopt;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool parse_query(std::string_view query, Pairs& pairs) {
  while (!query.empty()) {
    size_t end = std::min(query.find('&'), query.size());
    std::string_view field = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (field.empty()) continue;
    size_t equals = std::min(field.find('='), field.size());
    auto name = percent_decode(field.substr(0, equals), true);
    auto value = percent_decode(field.substr(std::min(equals + 1, field.size())), true);
    if (!name || !value) return false;
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      bool whole = text.size() - i > 2;
      int high = whole ? hex_digit(text[i + 1]) : -1;
      int low = whole ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    decoded.push_back(c);
  }
  return decoded;
}

std::optional<std::string_view> HttpRequest::header(std::string_view lower_case_name) const {
  return find_value(headers, lower_case_name);
}

std::optional<std::string_view> HttpRequest::query_value(std::string_view name) const {
  return find_value(query, name);
}

void HttpRequestParser::reset() {
  *this = HttpRequestParser();
}

bool HttpRequestParser::take_continue() {
  return std::exchange(continue_due_, false) && request_.body.empty();
}

HttpRequestParser::Outcome HttpRequestParser::fail(int status, const char* reason) {
  fault_ = {status, reason};
  return Outcome::kFault;
}

HttpRequestParser::Outcome HttpRequestParser::feed(Bytes bytes, size_t& taken) {
  taken = 0;
  if (!head_done_) {
    Outcome outcome = feed_head(bytes, taken);
    if (outcome != Outcome::kRequest) return outcome;
  }
  size_t body_taken = 0;
  Outcome outcome = feed_body(bytes.subspan(taken), body_taken);
  taken += body_taken;
  return outcome;
}

// Line by line, so that "\r\n\r\n" is found across any cut and blank lines before a request are
// passed over (RFC 9112, 2.2). A bare LF ends a line too: people type requests into nc.
HttpRequestParser::Outcome HttpRequestParser::feed_head(Bytes bytes, size_t& taken) {
  std::string_view text = as_text(bytes);
  while (taken < text.size()) {
    size_t line_end = text.find('\n', taken);
    size_t end = line_end == std::string_view::npos ? text.size() : line_end + 1;
    std::string_view piece = text.substr(taken, end - taken);
    if (head_.size() + piece.size() > kHeadMax) {
      bool in_first_line = head_.find('\n') == std::string::npos;
      return in_first_line ? fail(414, "the request line is longer than 2 KiB")
                           : fail(431, "the request head is longer than 8 KiB");
    }
    head_.append(piece);
    taken = end;
    if (line_end == std::string_view::npos) break;
    if (head_ == "\n" || head_ == "\r\n") {
      head_.clear();
    } else if (head_.ends_with("\n\n") || head_.ends_with("\n\r\n")) {
      head_done_ = true;
      return parse_head() ? Outcome::kRequest : Outcome::kFault;
    }
  }
  return Outcome::kNeedMore;
}

HttpRequestParser::Outcome HttpRequestParser::feed_body(Bytes bytes, size_t& taken) {
  taken = std::min(bytes.size(), body_size_ - request_.body.size());
  request_.body.append(as_text(bytes.first(taken)));
  return request_.body.size() == body_size_ ? Outcome::kRequest : Outcome::kNeedMore;
}

bool HttpRequestParser::parse_head() {
  std::string_view rest = head_;
  bool first = true;
  while (!rest.empty()) {
    size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_of(std::string_view("\r\0", 2)) != std::string_view::npos) {
      fail(400, "a control character in the request head");
      return false;
    }
    if (line.empty()) break;
    if (!(first ? parse_request_line(line) : parse_header(line))) return false;
    first = false;
  }
  return settle_framing();
}

bool HttpRequestParser::parse_request_line(std::string_view line) {
  size_t method_end = line.find(' ');
  size_t target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || target_end == method_end) {
    fail(400, "the request line is not METHOD TARGET HTTP/1.1");
    return false;
  }
  std::string_view version = line.substr(target_end + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    bool http = version.starts_with("HTTP/");
    fail(http ? 505 : 400, http ? "only HTTP/1.0 and HTTP/1.1 are spoken here" : "not HTTP");
    return false;
  }
  http_1_1_ = version == "HTTP/1.1";
  request_.method = line.substr(0, method_end);
  if (!is_token(request_.method)) {
    fail(400, "the method is not a word");
    return false;
  }
  return parse_target(line.substr(method_end + 1, target_end - method_end - 1));
}

bool HttpRequestParser::parse_target(std::string_view target) {
  if (target.size() > kTargetMax) {
    fail(414, "the request target is longer than 2 KiB");
    return false;
  }
  // RFC 9112, 3.2.2: a server must take the absolute form as well.
  if (target.starts_with("http://")) {
    size_t slash = target.find('/', 7);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  size_t mark = std::min(target.find('?'), target.size());
  auto path = percent_decode(target.substr(0, mark), false);
  bool good = path && path->starts_with('/') && target.find(' ') == std::string_view::npos &&
              parse_query(target.substr(std::min(mark + 1, target.size())), request_.query);
  if (!good) {
    fail(400, "the request target is not a path");
    return false;
  }
  request_.path = std::move(*path);
  return true;
}

bool HttpRequestParser::parse_header(std::string_view line) {
  if (request_.headers.size() == kHeadersMax) {
    fail(431, "more than 64 header fields");
    return false;
  }
  // A folded line starts with a blank, which no name may: refused, as RFC 9112, 5.2 asks.
  size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    fail(400, "a header line is not NAME: VALUE");
    return false;
  }
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), to_lower);
  request_.headers.emplace_back(std::move(name), trim(line.substr(colon + 1)));
  return true;
}

// How long the body is (RFC 9112, 6.3). What two readers could see differently is refused.
bool HttpRequestParser::settle_framing() {
  auto count = [this](std::string_view name) {
    return std::count_if(request_.headers.begin(), request_.headers.end(),
                         [name](const auto& header) { return header.first == name; });
  };
  if (count("transfer-encoding") > 0) {
    fail(411, "send the body with Content-Length, not in chunks");
    return false;
  }
  if (count("content-length") > 1 || count("host") > 1 || (http_1_1_ && count("host") == 0)) {
    fail(400, "Host or Content-Length is missing or stands twice");
    return false;
  }
  if (auto length = request_.header("content-length")) {
    auto [end, fault] =
        std::from_chars(length->data(), length->data() + length->size(), body_size_);
    if (length->empty() || end != length->data() + length->size() ||
        fault == std::errc::invalid_argument) {
      fail(400, "Content-Length is not a number");
      return false;
    }
    if (fault == std::errc::result_out_of_range || body_size_ > kBodyMax) {
      fail(413, "the body is longer than 64 KiB");
      return false;
    }
  }
  if (auto expected = request_.header("expect"); expected && http_1_1_) {
    if (!equals_ignoring_case(*expected, "100-continue")) {
      fail(417, "of what can be expected only 100-continue is known");
      return false;
    }
    continue_due_ = true;
  }
  std::string_view connection = request_.header("connection").value_or("");
  request_.keep_alive =
      http_1_1_ ? !list_holds(connection, "close") : list_holds(connection, "keep-alive");
  return true;
}

}  // namespace camloop
