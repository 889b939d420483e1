// What the HTTP server gives to whom, and the texts that it takes.

#include "sinks/http_server.h"

#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <optional>

namespace camloop {
namespace {

class HttpAccessTest : public testing::Test, private HttpContent {
 protected:
  void SetUp() override {
    server_ = HttpServer::create(loop_, hub_, options_, *this).value();
    client_.emplace(server_->address());
  }
  void TearDown() override {
    server_.reset();
    loop_.drain();
  }

  void protect() {
    options_.credentials.token = "t";
    ASSERT_TRUE(server_->change(options_).ok());
  }

  // Of one more request on the same connection.
  void expect_status(const std::string& method_and_target, int status,
                     const std::string& body = "") {
    size_t before = client_->read().size();
    ASSERT_TRUE(client_->send(method_and_target + " HTTP/1.1\r\nHost: h\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n" + body));
    ASSERT_TRUE(turn_until(loop_, [&] { return client_->read().size() > before; }));
    EXPECT_EQ(client_->read().substr(before, 13), "HTTP/1.1 " + std::to_string(status) + " ");
  }

  Loop loop_;
  Hub hub_;
  HttpServer::Options options_{parse_listen_address("127.0.0.1:0").value(), 4, "", {}};
  std::unique_ptr<HttpServer> server_;
  std::optional<LoopClient> client_;
  std::string texts_;
  bool has_link_ = true;

 private:
  std::string state_json() override { return "{}"; }
  std::string metrics_text() override { return ""; }
  Result<> health() override { return Error{"the camera is away"}; }
  Result<> take_text(std::string_view text) override {
    if (!has_link_) return Error{"there is no link"};
    texts_ += std::string(text) + "|";
    return {};
  }
};

TEST_F(HttpAccessTest, TakesOtherSecretsUnderItsStreams) {
  LoopClient watching(server_->address());
  ASSERT_TRUE(watching.send("GET /stream HTTP/1.0\r\n\r\n"));
  ASSERT_TRUE(turn_until(loop_, [&] { return server_->clients().size() == 1; }));
  expect_status("GET /state", 200);
  protect();
  expect_status("GET /state", 401);
  expect_status("GET /state?token=t", 200);
  EXPECT_EQ(server_->clients().size(), 1u);
}

TEST_F(HttpAccessTest, TellsWhyItIsNotWellOnlyToWhoMayKnow) {
  protect();
  expect_status("GET /healthz", 503);
  EXPECT_TRUE(client_->read().ends_with("\r\n\r\nno fresh pictures\n"));
  expect_status("GET /healthz?token=t", 503);
  EXPECT_TRUE(client_->read().ends_with("\r\n\r\nthe camera is away\n"));
}

TEST_F(HttpAccessTest, HandsTextsOnAndGoesOnWithItsConnection) {
  protect();
  const std::string post = "POST /text?token=t", longest(HttpServer::kTextMax, 'x');
  expect_status(post, 204, "hello\nworld");
  expect_status("POST /text", 401, "secretly");
  expect_status(post, 204, "\xffnoise");
  expect_status(post, 204, longest);
  expect_status(post, 413, longest + "x");
  expect_status(post, 413, std::string(HttpServer::kTextMax, '\xff'));
  expect_status(post, 400, "");
  EXPECT_EQ(texts_, "hello\nworld|\xef\xbf\xbdnoise|" + longest + "|");
}

TEST_F(HttpAccessTest, SaysWhyItCannotHandTextsOn) {
  protect();
  has_link_ = false;
  expect_status("POST /text?token=t", 409, "hello");
  EXPECT_TRUE(client_->read().ends_with("\r\n\r\nthere is no link\n"));
}

}  // namespace
}  // namespace camloop
