// Socket addresses: parsed from what a user writes, printed for logs and /state.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

namespace camloop {

/// An IPv4 or IPv6 address with a port.
struct Address {
  sockaddr_storage storage{};

  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
  socklen_t raw_size() const;
  int port() const;
  /// Whether it stands for every interface.
  bool any_host() const;
  /// "192.0.2.1" or "2001:db8::1"; an IPv4 client of an IPv6 socket shows as IPv4.
  std::string host() const;
  /// "192.0.2.1:80" or "[2001:db8::1]:80".
  std::string text() const;
  bool operator==(const Address& other) const;
};

/// An address to listen on: ":PORT" (every interface), "HOST:PORT" or "[IPV6]:PORT", HOST in
/// numbers. PORT is 0 (any free port) to 65535.
Result<Address> parse_listen_address(std::string_view text);

/// This machine's IPv4 addresses in numbers, loopback last: what to type into a browser.
std::vector<std::string> local_hosts();

}  // namespace camloop
