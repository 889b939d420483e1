#include "io/endpoint.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

std::string fault_of(std::string_view text) {
  auto endpoint = parse_endpoint(text);
  return endpoint.ok() ? "" : endpoint.error().text;
}

TEST(Endpoint, IsANameOrAnAddressWithAPort) {
  for (const char* text : {"server:1998", "camera_1.my-home.example:1", "192.0.2.1:65535",
                           "[2001:db8::1]:80", "localhost.:80"}) {
    auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint.ok()) << endpoint.error().text;
    EXPECT_EQ(endpoint.value().text(), text);
  }
  EXPECT_EQ(parse_endpoint("[::1]:80").value(), (Endpoint{"::1", 80}));
}

TEST(Endpoint, SaysWhatIsWrongWithAnother) {
  EXPECT_EQ(fault_of("server"), "'server' has no port: write HOST:PORT");
  for (const char* text : {"server:0", "server:65536", "server:", "server:http", "server:-1"}) {
    EXPECT_NE(fault_of(text).find("port from 1 to 65535"), std::string::npos) << text;
  }
  for (std::string text :
       {":80", "::1:80", "http://server:80", "a b:80", "a\n:80", "us:er@server:80"}) {
    EXPECT_NE(fault_of(text).find("no host name"), std::string::npos) << text;
  }
  EXPECT_NE(fault_of(std::string(254, 'a') + ":80"), "");
  EXPECT_NE(fault_of("[192.0.2.1]:80").find("no IPv6 address"), std::string::npos);
}

}  // namespace
}  // namespace camloop
