// Where to connect to: a host, by name or in numbers, and a port.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace camloop {

struct Endpoint {
  std::string host;  // an IPv6 address without its brackets
  int port = 0;

  /// As it is written: "camera.example:1998", "[2001:db8::1]:1998".
  std::string text() const;
  bool operator==(const Endpoint& other) const = default;
};

/// "HOST:PORT" or "[IPV6]:PORT", PORT 1 to 65535. Whether the name exists shows when it is
/// resolved.
Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace camloop
