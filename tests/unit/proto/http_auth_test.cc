#include "proto/http_auth.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

const HttpCredentials kPassword{.user = "Aladdin", .password = "open sesame"};
const HttpCredentials kToken{.token = "mF_9.B5f-4.1JqM"};
const HttpCredentials kBoth{kPassword.user, kPassword.password, kToken.token};

// The examples of RFC 7617, 2 and RFC 6750, 2.1.
constexpr const char* kBasic = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
constexpr const char* kBearer = "Bearer mF_9.B5f-4.1JqM";

HttpRequest request(const std::string& authorization, const std::string& token = "") {
  HttpRequest request;
  if (!authorization.empty()) request.headers.emplace_back("authorization", authorization);
  if (!token.empty()) request.query.emplace_back("token", token);
  return request;
}

HttpAuth check(const HttpRequest& request, const HttpCredentials& credentials) {
  return check_http_auth(request, credentials);
}

// ---- Credentials ----

TEST(HttpAuth, TakesTheExamplesOfTheRfcs) {
  EXPECT_EQ(check(request(kBasic), kPassword), HttpAuth::kRight);
  EXPECT_EQ(check(request(kBearer), kToken), HttpAuth::kRight);
  HttpCredentials utf8{.user = "test", .password = "123\xc2\xa3"};  // RFC 7617, 2.1
  EXPECT_EQ(check(request("Basic dGVzdDoxMjPCow=="), utf8), HttpAuth::kRight);
}

TEST(HttpAuth, TakesATokenInTheQuery) {
  EXPECT_EQ(check(request("", kToken.token), kToken), HttpAuth::kRight);
  EXPECT_EQ(check(request("", "mF_9"), kToken), HttpAuth::kWrong);
  EXPECT_EQ(check(request("", "a b+c"), {.token = "a+b+c"}), HttpAuth::kRight);
}

TEST(HttpAuth, TakesTheSchemeInAnyCaseAndBehindAnyBlanks) {
  EXPECT_EQ(check(request("bAsIc   QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), kPassword), HttpAuth::kRight);
  EXPECT_EQ(check(request("BEARER mF_9.B5f-4.1JqM"), kToken), HttpAuth::kRight);
}

TEST(HttpAuth, IsContentWithOneThatIsRight) {
  EXPECT_EQ(check(request(kBasic), kBoth), HttpAuth::kRight);
  EXPECT_EQ(check(request(kBearer), kBoth), HttpAuth::kRight);
  EXPECT_EQ(check(request(kBasic, "wrong"), kBoth), HttpAuth::kRight);
  EXPECT_EQ(check(request("Bearer wrong", kToken.token), kBoth), HttpAuth::kRight);
}

TEST(HttpAuth, AsksForNothingWithoutASecret) {
  EXPECT_EQ(check(request(""), {}), HttpAuth::kRight);
  EXPECT_EQ(check(request("Basic !", "x"), {}), HttpAuth::kRight);
}

TEST(HttpAuth, MissesWhatIsNotGivenOrNotOfAKindThatIsAskedFor) {
  for (const char* value : {"", "Digest username=\"a\"", "Negotiate YII=", "QWxhZGRpbg==", " "}) {
    EXPECT_EQ(check(request(value), kBoth), HttpAuth::kMissing) << value;
  }
  EXPECT_EQ(check(request(kBearer, "token"), kPassword), HttpAuth::kMissing);
  EXPECT_EQ(check(request(kBasic), kToken), HttpAuth::kMissing);
}

TEST(HttpAuth, SeesWhatIsWrong) {
  for (const char* value : {
           "Basic",
           "Basic ",
           "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ",      // no padding
           "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== x",  //
           "Basic QWxhZGRpbjpvcGVuIHNlc2FtZTE=",    // one letter more
           "Basic QWxhZGRpbjpvcGVuIHNlc2Ft",        // one less
           "Basic QWxhZGRpbjo=",                    // no password
           "Basic Om9wZW4gc2VzYW1l",                // no user
           "Basic YWxhZGRpbjpvcGVuIHNlc2FtZQ==",    // "aladdin"
           "Bearer",
           "Bearer ",
           "Bearer mF_9.B5f-4.1Jq",
           "Bearer mF_9.B5f-4.1JqMM",
           "Bearer mF_9.B5f-4.1JqMmF_9.B5f-4.1JqM",  // twice
           "Bearer MF_9.B5f-4.1JqM",
       }) {
    EXPECT_EQ(check(request(value), kBoth), HttpAuth::kWrong) << value;
  }
}

TEST(HttpAuth, ChallengesForWhatIsAskedFor) {
  const std::string basic = "WWW-Authenticate: Basic realm=\"camloop\", charset=\"UTF-8\"\r\n";
  const std::string bearer = "WWW-Authenticate: Bearer realm=\"camloop\"\r\n";
  EXPECT_EQ(http_challenges(kPassword), basic);
  EXPECT_EQ(http_challenges(kToken), bearer);
  EXPECT_EQ(http_challenges(kBoth), basic + bearer);
}

// ---- Sites ----

bool cross_site(std::initializer_list<std::pair<std::string, std::string>> headers,
                std::string_view trusted_origin = "") {
  HttpRequest request;
  request.headers.assign(headers);
  request.headers.emplace_back("host", "camera:18811");
  return is_cross_site(request, trusted_origin);
}

TEST(HttpSite, IsOursForProgramsAndForOurPage) {
  EXPECT_FALSE(cross_site({}));
  EXPECT_FALSE(cross_site({{"origin", "http://camera:18811"}}));
  EXPECT_FALSE(cross_site({{"origin", "https://CAMERA:18811"}})) << "TLS in front of us";
  for (const char* site : {"same-origin", "same-site", "none"}) {
    EXPECT_FALSE(cross_site({{"sec-fetch-site", site}})) << site;
  }
}

TEST(HttpSite, IsAnothersForPagesFromElsewhere) {
  EXPECT_TRUE(cross_site({{"sec-fetch-site", "cross-site"}}));
  EXPECT_TRUE(cross_site({{"sec-fetch-site", "cross-site"}, {"origin", "http://camera:18811"}}));
  for (const char* origin : {"null", "", "http://", "http://other", "http://camera",
                             "http://camera:80", "http://camera:188110", "http://evil.camera:18811",
                             "http://camera:18811.evil", "camera:18811"}) {
    EXPECT_TRUE(cross_site({{"origin", origin}})) << origin;
    EXPECT_TRUE(cross_site({{"origin", origin}}, "*")) << origin;
  }
}

TEST(HttpSite, IsOursForPagesOfTheTrustedOrigin) {
  const std::string panel = "http://panel.example";
  EXPECT_FALSE(cross_site({{"origin", panel}}, panel));
  EXPECT_FALSE(cross_site({{"origin", panel}, {"sec-fetch-site", "cross-site"}}, panel));
  EXPECT_TRUE(cross_site({{"origin", "https://panel.example"}}, panel));
  EXPECT_TRUE(cross_site({{"sec-fetch-site", "cross-site"}}, panel));
}

}  // namespace
}  // namespace camloop
