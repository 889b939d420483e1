#include "sinks/http_connection.h"

#include "base/clock.h"
#include "io/listener.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <cstring>

namespace camloop {
namespace {

// One connection with made-up time for its deadlines. Its server has neither places nor frames to
// offer but what the test says.
class HttpConnectionTest : public testing::Test, private HttpHost {
 protected:
  void SetUp() override {
    auto on_accept = [this](Owned<Stream> stream) {
      HttpHost& host = *this;
      connection_ = std::make_unique<HttpConnection>(std::move(stream), host, monotonic_us());
    };
    listener_ =
        Listener::open(loop_, parse_listen_address("127.0.0.1:0").value(), {1, 1}, "", on_accept)
            .value();
    // Bytes pile up on the way to a client that does not read.
    client_ = std::make_unique<LoopClient>(listener_->address(), 4096);
    ASSERT_TRUE(turn_until(loop_, [this] { return connection_ != nullptr; }));
  }
  void TearDown() override {
    connection_.reset();
    listener_.reset();
    loop_.drain();
  }

  Frame frame(size_t size, int64_t captured_us) {
    BufferRef jpeg = pool_.take(size);
    std::memset(jpeg.storage().data(), 'j', size);
    jpeg.set_size(size);
    return Frame{jpeg, 640, 480, captured_us, 1};
  }

  bool tick_after(double seconds) {
    return connection_->on_tick(monotonic_us() + static_cast<int64_t>(seconds * kSecond_us));
  }
  void expect_reply(std::string_view begin) {
    turn_until(loop_, [&] { return client_->read().size() >= begin.size(); });
    EXPECT_EQ(client_->read().substr(0, begin.size()), begin);
  }
  void request(std::string_view target) {
    ASSERT_TRUE(client_->send("GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n"));
  }
  void request_snapshot() {
    request("/snapshot");
    ASSERT_TRUE(turn_until(loop_, [this] { return connection_->viewing(); }));
  }

  Loop loop_;
  BufferPool pool_{0};
  Owned<Listener> listener_;
  std::unique_ptr<LoopClient> client_;
  std::unique_ptr<HttpConnection> connection_;
  Frame newest_;

 private:
  std::optional<HttpReply> refusal(const HttpRequest&, HttpRoute, const std::string&) override {
    return std::nullopt;
  }
  HttpReply reply_to(const HttpRequest& request, HttpRoute) override {
    return {.body = request.body.empty() ? "fine\n" : request.body};
  }
  Result<> admit_viewer() override { return {}; }
  double fps_max() const override { return 0; }
  const Frame& newest() const override { return newest_; }
  const std::string& origin() const override { return origin_; }
  void connection_ended(HttpConnection&) override { connection_.reset(); }

  std::string origin_ = "*";
};

TEST_F(HttpConnectionTest, WaitsTenSecondsForTheFirstRequest) {
  EXPECT_TRUE(tick_after(9.9));
  EXPECT_TRUE(tick_after(10.1));
  expect_reply("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n");
}

TEST_F(HttpConnectionTest, WaitsTenSecondsForTheRestOfARequest) {
  request("/state");
  expect_reply("HTTP/1.1 200 OK\r\n");
  size_t first_reply = client_->read().size();
  ASSERT_TRUE(client_->send("GET /sta"));
  // The idle wait is longer: once it ends after ten seconds, the beginning has been seen.
  ASSERT_TRUE(turn_until(loop_, [&] {
    EXPECT_TRUE(tick_after(10.1));
    return client_->read().size() > first_reply;
  }));
  EXPECT_EQ(client_->read().substr(first_reply, 13), "HTTP/1.1 408 ");
}

TEST_F(HttpConnectionTest, EndsAConnectionThatIsKeptAliveForNothing) {
  request("/state");
  expect_reply("HTTP/1.1 200 OK\r\n");
  // With bytes that wait it would count as stalled.
  EXPECT_TRUE(turn_until(loop_, [this] { return connection_->facts().queued_bytes == 0; }));
  EXPECT_TRUE(tick_after(14.9));
  EXPECT_FALSE(tick_after(15.1));
}

TEST_F(HttpConnectionTest, DoesNotWaitForEverForThePeerToClose) {
  request("/a%zz");
  expect_reply("HTTP/1.1 400 Bad Request\r\n");
  EXPECT_TRUE(tick_after(1.9));
  EXPECT_FALSE(tick_after(2.1));
}

TEST_F(HttpConnectionTest, HasAClientSendTheBodyThatItAsksAbout) {
  ASSERT_TRUE(
      client_->send("POST /text HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
                    "Expect: 100-continue\r\n\r\n"));
  const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  expect_reply(go_on);
  ASSERT_TRUE(client_->send("hi"));
  expect_reply(go_on + "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n");
  EXPECT_TRUE(client_->read().ends_with("\r\n\r\nhi"));
}

TEST_F(HttpConnectionTest, GivesTheNewestFrameForASnapshotThatNoneComesFor) {
  newest_ = frame(5, monotonic_us() - 5 * kSecond_us);
  request_snapshot();
  EXPECT_TRUE(tick_after(0.8));
  EXPECT_TRUE(connection_->viewing());
  EXPECT_TRUE(tick_after(1.0));
  expect_reply("HTTP/1.1 200 OK\r\n");
  EXPECT_TRUE(client_->read().ends_with("jjjjj"));
}

TEST_F(HttpConnectionTest, SaysThatThereIsNoPictureRatherThanGiveAnOldOne) {
  newest_ = frame(5, monotonic_us() - 10 * kSecond_us);
  request_snapshot();
  EXPECT_TRUE(tick_after(4.4));
  EXPECT_TRUE(connection_->viewing());
  EXPECT_TRUE(tick_after(4.6));
  expect_reply("HTTP/1.1 503 Service Unavailable\r\n");
  EXPECT_NE(client_->read().find("\r\nRetry-After: "), std::string::npos);
  EXPECT_TRUE(client_->read().ends_with("no picture from the source\n"));
}

TEST_F(HttpConnectionTest, DropsAStreamThatTakesNoByteForTenSeconds) {
  request("/stream");
  ASSERT_TRUE(turn_until(loop_, [this] { return connection_->streaming(); }));
  connection_->on_frame(frame(2'000'000, monotonic_us()));
  // What the kernels take at first may still be on its way: two looks that see no byte move are
  // needed.
  double seconds = 0;
  EXPECT_TRUE(turn_until(loop_, [&] { return !tick_after(seconds += 10.1); }));
}

TEST_F(HttpConnectionTest, KeepsAStreamThatHasTakenAllThereWas) {
  request("/stream");
  ASSERT_TRUE(turn_until(loop_, [this] { return connection_->streaming(); }));
  connection_->on_frame(frame(2'000'000, monotonic_us()));
  ASSERT_TRUE(turn_until(loop_, [this] {
    client_->read();
    return connection_->facts().queued_bytes == 0;
  }));
  for (double seconds : {10.1, 20.2, 30.3}) EXPECT_TRUE(tick_after(seconds));
}

TEST_F(HttpConnectionTest, NamesItsOriginOnEveryReply) {
  for (std::string_view target : {"/nothing", "/a%zz"}) {
    size_t before = client_->read().size();
    request(target);
    ASSERT_TRUE(turn_until(loop_, [&] { return client_->read().size() > before; }));
    EXPECT_NE(client_->read().find("\r\nAccess-Control-Allow-Origin: *\r\n", before),
              std::string::npos);
  }
}

TEST_F(HttpConnectionTest, EndsWhenItsClientLeaves) {
  request("/stream");
  ASSERT_TRUE(turn_until(loop_, [this] { return connection_->streaming(); }));
  client_->leave();
  EXPECT_TRUE(turn_until(loop_, [this] { return connection_ == nullptr; }));
}

}  // namespace
}  // namespace camloop
