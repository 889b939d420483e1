#include "io/address.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

Address parsed(std::string_view text) {
  auto address = parse_listen_address(text);
  EXPECT_TRUE(address.ok()) << text;
  return address.ok() ? address.value() : Address();
}

std::string fault_of(std::string_view text) {
  auto address = parse_listen_address(text);
  EXPECT_FALSE(address.ok()) << text;
  return address.ok() ? "" : address.error().text;
}

TEST(Address, WithoutAHostStandsForEveryInterface) {
  Address address = parsed(":18811");
  EXPECT_EQ(address.port(), 18811);
  EXPECT_TRUE(address.any_host());
  EXPECT_EQ(address.text(), "[::]:18811");
  EXPECT_EQ(address.raw()->sa_family, AF_INET6);
  EXPECT_EQ(address.raw_size(), sizeof(sockaddr_in6));
}

TEST(Address, MayBeIpv4) {
  Address address = parsed("192.0.2.1:65535");
  EXPECT_EQ(address.host(), "192.0.2.1");
  EXPECT_EQ(address.port(), 65535);
  EXPECT_FALSE(address.any_host());
  EXPECT_EQ(address.text(), "192.0.2.1:65535");
  EXPECT_EQ(address.raw()->sa_family, AF_INET);
  EXPECT_EQ(address.raw_size(), sizeof(sockaddr_in));
  EXPECT_TRUE(parsed("0.0.0.0:0").any_host());
}

TEST(Address, MayBeIpv6InBrackets) {
  Address address = parsed("[2001:DB8::0:1]:80");
  EXPECT_EQ(address.host(), "2001:db8::1");
  EXPECT_EQ(address.text(), "[2001:db8::1]:80");
  EXPECT_FALSE(address.any_host());
  EXPECT_TRUE(parsed("[::]:80").any_host());
  EXPECT_FALSE(parsed("[::1]:80").any_host());
}

TEST(Address, ShowsAnIpv4ClientOfAnIpv6SocketAsIpv4) {
  EXPECT_EQ(parsed("[::ffff:192.0.2.7]:80").text(), "192.0.2.7:80");
}

TEST(Address, MustHaveAPort) {
  EXPECT_EQ(fault_of("192.0.2.1"), "'192.0.2.1' has no port: write HOST:PORT or :PORT");
  EXPECT_EQ(fault_of(""), "'' has no port: write HOST:PORT or :PORT");
  EXPECT_EQ(fault_of("[::1]"), "'1]' is not a port from 0 to 65535");
}

TEST(Address, RefusesWhatIsNoPort) {
  for (std::string port : {"", "65536", "-1", "+1", " 80", "80 ", "http", "0x50", "99999999999"}) {
    EXPECT_EQ(fault_of("192.0.2.1:" + port), "'" + port + "' is not a port from 0 to 65535");
  }
}

TEST(Address, RefusesWhatIsNoAddressInNumbers) {
  for (std::string host : {"localhost", "192.0.2", "192.0.2.256", " 192.0.2.1", "::1", "[]", "[",
                           "]", "[[::1]]", "*"}) {
    EXPECT_EQ(fault_of(host + ":80"),
              "'" + host + "' is not an address in numbers, such as 192.0.2.1 or [2001:db8::1]");
  }
  for (const char* text : {"[192.0.2.1]:80", "[fe80::1%lo]:80", "[:::]:80"}) fault_of(text);
}

TEST(Address, IsAnotherOneWithAnotherHostPortOrFamily) {
  auto address = [](const char* text) { return parse_listen_address(text).value(); };
  for (const char* text : {":80", "0.0.0.0:80", "[::1]:80", "192.0.2.1:80", "192.0.2.1:81"}) {
    EXPECT_EQ(address(text), address(text));
    EXPECT_EQ(address(text) == address("192.0.2.1:80"), text == std::string("192.0.2.1:80"));
  }
  EXPECT_EQ(address(":80"), address("[::]:80"));
}

TEST(LocalHosts, EndInTheLoopback) {
  std::vector<std::string> hosts = local_hosts();
  ASSERT_FALSE(hosts.empty());
  EXPECT_EQ(hosts.back(), "localhost");
  hosts.pop_back();
  for (const std::string& host : hosts) {
    EXPECT_TRUE(parse_listen_address(host + ":80").ok()) << host;
    EXPECT_FALSE(host.starts_with("127.")) << host;
  }
}

}  // namespace
}  // namespace camloop
