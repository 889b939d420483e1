#include "io/endpoint.h"

#include "base/text.h"

#include <algorithm>

#include <arpa/inet.h>

namespace camloop {
namespace {

// RFC 1035, 2.3.4, as text.
constexpr size_t kNameMax = 253;

bool is_name(std::string_view host) {
  auto allowed = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  };
  return !host.empty() && host.size() <= kNameMax && std::all_of(host.begin(), host.end(), allowed);
}

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

}  // namespace

std::string Endpoint::text() const {
  bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  std::string quoted = "'" + std::string(text) + "'";
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Error{quoted + " has no port: write HOST:PORT"};
  auto port = parse_number<int>(text.substr(colon + 1));
  if (!port || *port < 1 || *port > 65535) {
    return Error{quoted + " has no port from 1 to 65535 behind its last colon"};
  }
  std::string host(text.substr(0, colon));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (!is_ipv6(host)) return Error{quoted + " has no IPv6 address between its brackets"};
  } else if (!is_name(host)) {
    return Error{quoted + " has no host name before its last colon: write HOST:PORT"};
  }
  return Endpoint{host, *port};
}

}  // namespace camloop
