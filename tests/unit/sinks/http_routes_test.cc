#include "sinks/http_routes.h"

#include <gtest/gtest.h>

#include <string>

namespace camloop {
namespace {

HttpRequest request(std::string_view method, std::string_view target,
                    std::string_view header = "") {
  HttpRequestParser parser;
  std::string bytes = std::string(method) + " " + std::string(target) + " HTTP/1.0\r\n" +
                      std::string(header) + "\r\n";
  size_t taken = 0;
  EXPECT_EQ(parser.feed(as_bytes(bytes), taken), HttpRequestParser::Outcome::kRequest) << bytes;
  return parser.request();
}

HttpRoute route(std::string_view method, std::string_view target, std::string_view header = "") {
  return http_route(request(method, target, header));
}

ViewOptions options(std::string_view query) {
  return view_options(request("GET", "/stream?" + std::string(query)));
}

TEST(HttpRoute, KnowsEveryPathAndAlias) {
  for (const char* path : {"/stream", "/stream.mjpg", "/video_feed", "/?action=stream"}) {
    EXPECT_EQ(route("GET", path), HttpRoute::kStream) << path;
  }
  for (const char* path : {"/snapshot", "/snapshot.jpg", "/?action=snapshot"}) {
    EXPECT_EQ(route("GET", path), HttpRoute::kSnapshot) << path;
  }
  EXPECT_EQ(route("GET", "/state"), HttpRoute::kState);
  EXPECT_EQ(route("GET", "/metrics"), HttpRoute::kMetrics);
  EXPECT_EQ(route("GET", "/healthz"), HttpRoute::kHealth);
}

TEST(HttpRoute, PassesOverParametersThatItDoesNotKnow) {
  EXPECT_EQ(route("GET", "/stream?timestamp=1&bypassCache=2&cacheBust=3"), HttpRoute::kStream);
  EXPECT_EQ(route("GET", "/?action=other"), HttpRoute::kStream);
}

TEST(HttpRoute, GivesAPersonThePageAndAnyOtherTheStream) {
  EXPECT_EQ(route("GET", "/", "Accept: text/html,application/xhtml+xml\r\n"), HttpRoute::kPage);
  EXPECT_EQ(route("GET", "/", "Accept: image/avif,image/webp,*/*\r\n"), HttpRoute::kStream);
  EXPECT_EQ(route("GET", "/"), HttpRoute::kStream);
  EXPECT_EQ(route("GET", "/?action=stream", "Accept: text/html\r\n"), HttpRoute::kStream);
}

TEST(HttpRoute, KnowsNoOtherPath) {
  for (const char* path :
       {"/streams", "/stream/", "/Stream", "/index.html", "//", "/favicon.ico"}) {
    EXPECT_EQ(route("GET", path), HttpRoute::kUnknown) << path;
  }
  EXPECT_EQ(route("DELETE", "/nothing"), HttpRoute::kUnknown);
}

TEST(HttpRoute, TakesGetAndHeadEverywhereAndPostForTheStream) {
  EXPECT_EQ(route("HEAD", "/state"), HttpRoute::kState);
  EXPECT_EQ(route("POST", "/stream"), HttpRoute::kStream);
  EXPECT_EQ(route("POST", "/snapshot"), HttpRoute::kWrongMethod);
  EXPECT_EQ(route("PUT", "/stream"), HttpRoute::kWrongMethod);
  EXPECT_EQ(route("get", "/state"), HttpRoute::kWrongMethod);
}

TEST(HttpRoute, TakesTextsByPostAlone) {
  EXPECT_EQ(route("POST", "/text"), HttpRoute::kText);
  for (const char* method : {"GET", "HEAD", "PUT"}) {
    EXPECT_EQ(route(method, "/text"), HttpRoute::kWrongMethod) << method;
  }
  EXPECT_EQ(allowed_methods(request("GET", "/text")), "POST");
}

TEST(HttpRoute, ListsTheMethodsThatAPathAnswers) {
  EXPECT_EQ(allowed_methods(request("PUT", "/video_feed")), "GET, HEAD, POST");
  EXPECT_EQ(allowed_methods(request("PUT", "/state")), "GET, HEAD");
}

TEST(HttpRoute, TellsAPreflightByAllThatMakesIt) {
  std::string origin = "Origin: http://a\r\n";
  std::string asks = "Access-Control-Request-Method: POST\r\n";
  EXPECT_TRUE(is_preflight(request("OPTIONS", "/text", origin + asks)));
  EXPECT_FALSE(is_preflight(request("POST", "/text", origin + asks)));
  EXPECT_FALSE(is_preflight(request("OPTIONS", "/text", origin)));
  EXPECT_FALSE(is_preflight(request("OPTIONS", "/text", asks)));
}

TEST(ViewOptions, ReadWhatTheClientAsks) {
  ViewOptions asked = options("fps=12.5&max_age=0.25&advance_headers=1");
  EXPECT_EQ(asked.fps_max, 12.5);
  EXPECT_EQ(asked.max_age_us, 250'000);
  EXPECT_TRUE(asked.advance_headers);
}

TEST(ViewOptions, AreOpenByDefaultAndForWhatIsNoNumber) {
  for (const char* query :
       {"", "fps=&max_age=", "fps=fast&max_age=old", "fps=5x&max_age=1s", "fps=-1&max_age=-1",
        "fps=nan&max_age=nan", "fps=inf&max_age=inf", "fps=0&advance_headers=yes"}) {
    ViewOptions asked = options(query);
    EXPECT_EQ(asked.fps_max, 0) << query;
    EXPECT_EQ(asked.max_age_us, std::nullopt) << query;
    EXPECT_FALSE(asked.advance_headers) << query;
  }
}

TEST(ViewOptions, AreBounded) {
  EXPECT_EQ(options("fps=1e300").fps_max, 1000);
  EXPECT_EQ(options("fps=1e-300").fps_max, 0.01);
  EXPECT_EQ(options("max_age=1e300").max_age_us, 3'600'000'000);
  EXPECT_EQ(options("max_age=0").max_age_us, 0);
}

}  // namespace
}  // namespace camloop
