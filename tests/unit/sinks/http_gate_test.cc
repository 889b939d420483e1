#include "sinks/http_gate.h"

#include "base/clock.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr HttpRoute kAllRoutes[] = {
    HttpRoute::kPage,    HttpRoute::kStream,      HttpRoute::kSnapshot, HttpRoute::kState,
    HttpRoute::kMetrics, HttpRoute::kWrongMethod, HttpRoute::kUnknown,  HttpRoute::kText};

class HttpGateTest : public testing::Test {
 protected:
  void protect() { gate_.set({.token = "right"}, ""); }

  // 200 for what is let in.
  int status(HttpRoute route, const std::string& token = "", const Headers& headers = {},
             const std::string& host = "192.0.2.1") {
    HttpRequest request;
    request.headers = headers;
    request.headers.emplace_back("host", "camera");
    if (!token.empty()) request.query.emplace_back("token", token);
    auto reply = gate_.refusal(request, route, host, now_us_);
    last_ = reply.value_or(HttpReply{});
    return last_.status;
  }
  void guess_until_stopped() {
    for (int i = 0; i < AttemptLimit::kFailuresMax; ++i) {
      ASSERT_EQ(status(HttpRoute::kState, "wrong" + std::to_string(i)), 401);
    }
  }

  HttpGate gate_;
  HttpReply last_;
  int64_t now_us_ = 1'000 * kSecond_us;
};

TEST_F(HttpGateTest, IsOpenForViewersUntilThereIsASecret) {
  for (HttpRoute route : kAllRoutes) {
    EXPECT_EQ(status(route), changes_state(route) ? 403 : 200);
  }
}

TEST_F(HttpGateTest, WantsTheSecretForEverything) {
  protect();
  for (HttpRoute route : kAllRoutes) {
    EXPECT_EQ(status(route), 401);
    EXPECT_EQ(status(route, "right"), 200);
  }
  EXPECT_EQ(gate_.counts().no_credentials, std::size(kAllRoutes));
  EXPECT_EQ(gate_.counts().wrong_credentials, 0u);
}

TEST_F(HttpGateTest, SaysWhatItWants) {
  protect();
  EXPECT_EQ(status(HttpRoute::kPage), 401);
  EXPECT_EQ(last_.extra_headers, "WWW-Authenticate: Bearer realm=\"camloop\"\r\n");
  EXPECT_EQ(last_.body, "a password or token is needed\n");
}

TEST_F(HttpGateTest, LetsProbesInWithoutOneButNotWithAWrongOne) {
  protect();
  EXPECT_EQ(status(HttpRoute::kHealth), 200);
  EXPECT_EQ(status(HttpRoute::kHealth, "right"), 200);
  EXPECT_EQ(status(HttpRoute::kHealth, "wrong"), 401) << "or guessing would be free here";
}

TEST_F(HttpGateTest, ChangesNothingWithoutASecretSet) {
  EXPECT_EQ(status(HttpRoute::kText), 403);
  EXPECT_NE(last_.body.find("CAMLOOP_HTTP_TOKEN"), std::string::npos);
  EXPECT_EQ(gate_.counts().unprotected, 1u);
}

TEST_F(HttpGateTest, ChangesNothingForPagesOfOtherSites) {
  protect();
  const Headers other = {{"origin", "http://other"}};
  EXPECT_EQ(status(HttpRoute::kText, "right", other), 403);
  EXPECT_EQ(status(HttpRoute::kText, "wrong", other), 403);
  EXPECT_EQ(gate_.counts().cross_site, 2u);
  EXPECT_EQ(gate_.counts().wrong_credentials, 0u) << "or a page could lock its reader out";
  EXPECT_EQ(status(HttpRoute::kState, "right", other), 200);

  gate_.set({.token = "right"}, "http://other");
  EXPECT_EQ(status(HttpRoute::kText, "right", other), 200);
}

TEST_F(HttpGateTest, StopsAHostThatGuesses) {
  protect();
  guess_until_stopped();
  EXPECT_EQ(status(HttpRoute::kState, "wrong"), 429);
  EXPECT_EQ(last_.extra_headers, "Retry-After: 61\r\n");
  EXPECT_EQ(status(HttpRoute::kState, "right"), 429) << "or guessing would go on";
  EXPECT_EQ(status(HttpRoute::kState), 401);
  EXPECT_EQ(status(HttpRoute::kHealth), 200);
  EXPECT_EQ(status(HttpRoute::kState, "right", {}, "192.0.2.2"), 200) << "another host";
  EXPECT_EQ(gate_.counts().wrong_credentials, 10u);
  EXPECT_EQ(gate_.counts().guessing, 2u);

  now_us_ += AttemptLimit::kWindow_us;
  EXPECT_EQ(status(HttpRoute::kState, "right"), 200);
}

TEST_F(HttpGateTest, LocksNobodyOutForAPageWithTheSecretOfYesterday) {
  protect();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(status(HttpRoute::kState, "yesterday"), 401);
  EXPECT_EQ(status(HttpRoute::kState, "right"), 200);
}

TEST_F(HttpGateTest, LetsAllInAgainWhenTheSecretIsTakenAway) {
  protect();
  guess_until_stopped();
  gate_.set({}, "");
  EXPECT_EQ(status(HttpRoute::kState), 200);
}

}  // namespace
}  // namespace camloop
