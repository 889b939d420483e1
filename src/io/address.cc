#include "io/address.h"

#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

namespace camloop {
namespace {

const sockaddr_in& as_v4(const Address& address) {
  return reinterpret_cast<const sockaddr_in&>(address.storage);
}

const sockaddr_in6& as_v6(const Address& address) {
  return reinterpret_cast<const sockaddr_in6&>(address.storage);
}

Result<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (fault != std::errc() || end != text.data() + text.size()) {
    return Error{"'" + std::string(text) + "' is not a port from 0 to 65535"};
  }
  return port;
}

}  // namespace

socklen_t Address::raw_size() const {
  return storage.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

int Address::port() const {
  return ntohs(storage.ss_family == AF_INET6 ? as_v6(*this).sin6_port : as_v4(*this).sin_port);
}

bool Address::any_host() const {
  if (storage.ss_family != AF_INET6) return as_v4(*this).sin_addr.s_addr == htonl(INADDR_ANY);
  return IN6_IS_ADDR_UNSPECIFIED(&as_v6(*this).sin6_addr);
}

std::string Address::host() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family != AF_INET6) {
    inet_ntop(AF_INET, &as_v4(*this).sin_addr, text, sizeof text);
    return text;
  }
  const in6_addr& v6 = as_v6(*this).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    inet_ntop(AF_INET, &v6.s6_addr[12], text, sizeof text);
  } else {
    inet_ntop(AF_INET6, &v6, text, sizeof text);
  }
  return text;
}

std::string Address::text() const {
  std::string name = host();
  if (name.find(':') != std::string::npos) name = "[" + name + "]";
  return name + ":" + std::to_string(port());
}

bool Address::operator==(const Address& other) const {
  return raw_size() == other.raw_size() && std::memcmp(raw(), other.raw(), raw_size()) == 0;
}

Result<Address> parse_listen_address(std::string_view text) {
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return Error{"'" + std::string(text) + "' has no port: write HOST:PORT or :PORT"};
  }
  uint16_t port = TRY(parse_port(text.substr(colon + 1)));
  std::string host(text.substr(0, colon));
  bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);

  Address address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (host.empty() || (bracketed && inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1)) {
    v6.sin6_family = AF_INET6;  // left zero, the address is in6addr_any: every interface
    v6.sin6_port = htons(port);
  } else if (!bracketed && inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
  } else {
    return Error{"'" + std::string(text.substr(0, colon)) +
                 "' is not an address in numbers, such as 192.0.2.1 or [2001:db8::1]"};
  }
  return address;
}

std::vector<std::string> local_hosts() {
  std::vector<std::string> hosts;
  ifaddrs* interfaces = nullptr;
  if (getifaddrs(&interfaces) == 0) {
    for (const ifaddrs* each = interfaces; each; each = each->ifa_next) {
      bool usable = each->ifa_addr && each->ifa_addr->sa_family == AF_INET;
      if (!usable || (each->ifa_flags & IFF_LOOPBACK) || !(each->ifa_flags & IFF_UP)) continue;
      Address address;
      std::memcpy(&address.storage, each->ifa_addr, sizeof(sockaddr_in));
      hosts.push_back(address.host());
    }
    freeifaddrs(interfaces);
  }
  hosts.emplace_back("localhost");
  return hosts;
}

}  // namespace camloop
