#include "sinks/http_server.h"

#include "base/clock.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <cstring>

namespace camloop {
namespace {

constexpr std::string_view kDelimiter = "--camloopframe\r\n";

class HttpServerTest : public testing::Test, private HttpContent {
 protected:
  void SetUp() override { serve({.viewers_max = 4}); }
  void TearDown() override {
    server_.reset();
    loop_.drain();
  }

  void serve(HttpServer::Options options) {
    options.address = parse_listen_address("127.0.0.1:0").value();
    server_ = HttpServer::create(loop_, hub_, options, *this).value();
  }

  // A frame whose every byte is `fill`: what a client got is told by its letters.
  void publish(char fill, int64_t captured_us, size_t size = 1000) {
    BufferRef jpeg = pool_.take(size);
    std::memset(jpeg.storage().data(), fill, size);
    jpeg.set_size(size);
    hub_.publish(Frame{jpeg, 640, 480, captured_us, ++sequence_});
  }

  // Watches; returns once the head of the stream is there.
  void watch(LoopClient& client, const std::string& target) {
    ASSERT_TRUE(client.send("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"));
    ASSERT_TRUE(
        turn_until(loop_, [&] { return client.read().find(kDelimiter) != std::string::npos; }));
  }

  // The letters of the whole frames of a stream so far; '?' for one that is not as the wire text
  // says.
  static std::string frames(const std::string& stream) {
    std::string letters;
    const std::string length_name = "\r\nContent-Length: ";
    for (size_t at = 0; (at = stream.find(length_name, at)) != std::string::npos;) {
      size_t size = std::stoul(stream.substr(at + length_name.size(), 12));
      size_t body = stream.find("\r\n\r\n", at) + 4;
      size_t end = body + size + 2 + kDelimiter.size();
      if (body < at || stream.size() < end) break;
      bool good = stream.compare(body + size, 2, "\r\n") == 0 &&
                  stream.compare(body + size + 2, kDelimiter.size(), kDelimiter) == 0 &&
                  stream.find_first_not_of(stream[body], body) == body + size;
      letters += good ? stream[body] : '?';
      at = end - kDelimiter.size() - 2;
    }
    return letters;
  }

  void expect_frames(LoopClient& client, const std::string& letters) {
    turn_until(loop_, [&] { return frames(client.read()).size() >= letters.size(); });
    EXPECT_EQ(frames(client.read()), letters);
  }

  // Publishes what is wanted of 30 frames a second, and sees that the client gets it.
  size_t frames_of_a_second(LoopClient& client) {
    std::string wanted;
    int64_t begin_us = monotonic_us();
    for (int i = 0; i < 30; ++i) {
      int64_t captured_us = begin_us + i * kSecond_us / 30;
      if (!hub_.wants(captured_us)) continue;
      wanted += 'a';
      publish('a', captured_us);
      expect_frames(client, wanted);
    }
    return wanted.size();
  }

  Loop loop_;
  Hub hub_;
  BufferPool pool_{2};
  std::unique_ptr<HttpServer> server_;
  uint64_t sequence_ = 0;

 private:
  std::string state_json() override { return "{}"; }
  std::string metrics_text() override { return "metrics\n"; }
  Result<> health() override { return Error{"the camera is away"}; }
  Result<> take_text(std::string_view) override { return {}; }
};

// ---- Streams ----

TEST_F(HttpServerTest, SendsEveryFrameToAClientThatReads) {
  LoopClient client(server_->address());
  watch(client, "/stream");
  for (char letter : {'a', 'b', 'c'}) {
    publish(letter, monotonic_us());
    expect_frames(client, std::string("abc").substr(0, static_cast<size_t>(letter - 'a' + 1)));
  }
  EXPECT_EQ(server_->counts().frames_sent, 3u);
}

TEST_F(HttpServerTest, SendsTheNewestFrameToAClientThatWasSlow) {
  LoopClient client(server_->address(), 4096);
  watch(client, "/stream");
  publish('a', monotonic_us(), 2'000'000);
  for (char letter : {'b', 'c', 'd'}) publish(letter, monotonic_us());
  EXPECT_GT(server_->clients().at(0).queued_bytes, 0u);
  EXPECT_EQ(frames(client.read()), "");

  expect_frames(client, "ad");
  EXPECT_EQ(server_->counts().dropped_replaced, 2u);
}

TEST_F(HttpServerTest, LetsASlowClientHoldUpNoOther) {
  LoopClient slow(server_->address(), 4096);
  LoopClient fast(server_->address());
  watch(slow, "/stream");
  watch(fast, "/stream");
  publish('a', monotonic_us(), 2'000'000);
  expect_frames(fast, "a");
  publish('b', monotonic_us());
  expect_frames(fast, "ab");
  EXPECT_EQ(frames(slow.read()), "");
  expect_frames(slow, "ab");
}

TEST_F(HttpServerTest, GivesAClientThatJoinsTheFrameOfThisMoment) {
  publish('a', monotonic_us());
  LoopClient client(server_->address());
  watch(client, "/stream");
  expect_frames(client, "a");
}

TEST_F(HttpServerTest, KeepsAnOldFrameFromAClientThatJoins) {
  publish('o', monotonic_us() - 2 * kSecond_us);
  LoopClient client(server_->address());
  watch(client, "/stream");
  publish('n', monotonic_us());
  expect_frames(client, "n");
}

TEST_F(HttpServerTest, RepeatsTheLastFrameWhenNoneComesForASecond) {
  LoopClient client(server_->address());
  watch(client, "/stream");
  publish('a', monotonic_us());
  expect_frames(client, "aa");
}

TEST_F(HttpServerTest, CountsNoRepetitionAsAFrameLeftOut) {
  LoopClient slow(server_->address(), 4096);
  LoopClient fast(server_->address());
  watch(slow, "/stream");
  watch(fast, "/stream");
  publish('a', monotonic_us(), 2'000'000);
  expect_frames(fast, "a");
  publish('b', monotonic_us());
  expect_frames(fast, "abb");
  EXPECT_EQ(server_->counts().dropped_replaced, 0u);
}

TEST_F(HttpServerTest, RepeatsNoFrameFromBeforeAnybodyWatched) {
  publish('o', monotonic_us() - 60 * kSecond_us);
  LoopClient client(server_->address());
  watch(client, "/stream");
  int64_t begin_us = monotonic_us();
  ASSERT_TRUE(turn_until(loop_, [&] { return monotonic_us() - begin_us > 1.5 * kSecond_us; }));
  publish('n', monotonic_us());
  expect_frames(client, "nn");
}

TEST_F(HttpServerTest, RepeatsNoFrameToAClientThatAsksForLessThanOneASecond) {
  LoopClient slow(server_->address());
  LoopClient other(server_->address());
  watch(slow, "/stream?fps=0.5");
  watch(other, "/stream");
  publish('a', monotonic_us());
  expect_frames(other, "aa");
  EXPECT_EQ(frames(slow.read()), "a");
}

TEST_F(HttpServerTest, SendsAsManyFramesASecondAsTheClientAsks) {
  LoopClient client(server_->address());
  watch(client, "/stream?fps=10");
  EXPECT_EQ(frames_of_a_second(client), 10u);
}

struct RateCase {
  const char* target;
  double limit;
  size_t frames;
};

class HttpRateTest : public HttpServerTest, public testing::WithParamInterface<RateCase> {};

TEST_P(HttpRateTest, IsLimitedForAClientThatIsThere) {
  LoopClient client(server_->address());
  watch(client, GetParam().target);
  server_->limit_rates(GetParam().limit);
  EXPECT_EQ(frames_of_a_second(client), GetParam().frames);
}

TEST_P(HttpRateTest, IsLimitedForAClientThatComes) {
  server_->limit_rates(GetParam().limit);
  LoopClient client(server_->address());
  watch(client, GetParam().target);
  EXPECT_EQ(frames_of_a_second(client), GetParam().frames);
}

INSTANTIATE_TEST_SUITE_P(OfTwoTheLowerCounts, HttpRateTest,
                         testing::Values(RateCase{"/stream", 10, 10},
                                         RateCase{"/stream?fps=15", 10, 10},
                                         RateCase{"/stream?fps=10", 15, 10},
                                         RateCase{"/stream?fps=15", 0, 15},
                                         RateCase{"/stream", 0, 30}));

TEST_F(HttpServerTest, DropsFramesOlderThanTheClientAsks) {
  LoopClient client(server_->address());
  watch(client, "/stream?max_age=0.5");
  publish('o', monotonic_us() - kSecond_us);
  publish('n', monotonic_us());
  expect_frames(client, "n");
  EXPECT_EQ(server_->counts().dropped_stale, 1u);
}

TEST_F(HttpServerTest, ShowsEachFrameAtOnceToAClientThatAsksForHeadsInAdvance) {
  LoopClient client(server_->address());
  ASSERT_TRUE(client.send("GET /stream?advance_headers=1 HTTP/1.1\r\nHost: h\r\n\r\n"));
  ASSERT_TRUE(turn_until(loop_, [&] { return hub_.watched(); }));
  publish('a', monotonic_us(), 3);
  const std::string parts =
      "\r\n\r\n--camloopframe\r\nContent-Type: image/jpeg\r\n\r\n"
      "aaa\r\n--camloopframe\r\nContent-Type: image/jpeg\r\n\r\n";
  EXPECT_TRUE(turn_until(loop_, [&] { return client.read().ends_with(parts); })) << client.read();
}

TEST_F(HttpServerTest, EndsAClientThatFloodsItsStreamWithRequests) {
  LoopClient client(server_->address());
  watch(client, "/stream");
  std::string request = "GET /snapshot HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_TRUE(turn_until(loop_, [&] {
    client.send(request);
    client.read();
    return client.closed();
  }));
}

// ---- Snapshots ----

TEST_F(HttpServerTest, TakesASnapshotAfterItsRequest) {
  int64_t before_us = monotonic_us();
  publish('o', before_us);
  LoopClient client(server_->address());
  ASSERT_TRUE(client.send("GET /snapshot HTTP/1.1\r\nHost: h\r\n\r\n"));
  ASSERT_TRUE(turn_until(loop_, [&] { return hub_.watched(); }));
  EXPECT_FALSE(hub_.wants(before_us));
  publish('o', before_us);
  publish('n', monotonic_us(), 5);
  ASSERT_TRUE(turn_until(loop_, [&] { return client.read().ends_with("nnnnn"); })) << client.read();
  EXPECT_EQ(client.read().find('o', client.read().find("\r\n\r\n")), std::string::npos);
}

TEST_F(HttpServerTest, GivesAnOlderSnapshotToAClientThatAllowsIt) {
  publish('o', monotonic_us() - kSecond_us, 5);
  LoopClient client(server_->address());
  ASSERT_TRUE(client.send("GET /snapshot?max_age=60 HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_TRUE(turn_until(loop_, [&] { return client.read().ends_with("ooooo"); })) << client.read();
}

TEST_F(HttpServerTest, GivesASnapshotToAClientThatOnlyHalfCloses) {
  LoopClient client(server_->address());
  ASSERT_TRUE(client.send("GET /snapshot HTTP/1.0\r\n\r\n"));
  client.finish();
  ASSERT_TRUE(turn_until(loop_, [&] { return hub_.watched(); }));
  publish('n', monotonic_us(), 5);
  EXPECT_TRUE(turn_until(loop_, [&] { return client.read().ends_with("nnnnn"); })) << client.read();
  EXPECT_TRUE(turn_until(loop_, [&] { return client.read(), client.closed(); }));
}

TEST_F(HttpServerTest, ClosesOnAClientThatAsksOnBeforeItsSnapshotIsThere) {
  LoopClient client(server_->address());
  ASSERT_TRUE(
      client.send("GET /snapshot HTTP/1.1\r\nHost: h\r\n\r\n"
                  "GET /state HTTP/1.1\r\nHost: h\r\n\r\n"));
  ASSERT_TRUE(turn_until(loop_, [&] { return hub_.watched(); }));
  publish('n', monotonic_us(), 5);
  EXPECT_TRUE(turn_until(loop_, [&] { return client.read(), client.closed(); }));
  EXPECT_NE(client.read().find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_TRUE(client.read().ends_with("nnnnn"));
}

// ---- Demand and limits ----

TEST_F(HttpServerTest, WatchesTheHubOnlyWhileSomebodyWatches) {
  EXPECT_FALSE(hub_.watched());
  LoopClient client(server_->address());
  watch(client, "/stream");
  EXPECT_TRUE(hub_.watched());
  client.leave();
  EXPECT_TRUE(turn_until(loop_, [&] { return !hub_.watched(); }));
}

TEST_F(HttpServerTest, AsksForNoFrameToAnswerAboutItself) {
  LoopClient client(server_->address());
  ASSERT_TRUE(client.send("GET /state HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_TRUE(turn_until(loop_, [&] { return client.read().ends_with("{}"); }));
  EXPECT_FALSE(hub_.watched());
}

TEST_F(HttpServerTest, RefusesViewersBeyondItsPlacesAndAnswersThemOtherwise) {
  serve({.viewers_max = 1});
  LoopClient first(server_->address());
  watch(first, "/stream");

  LoopClient second(server_->address());
  ASSERT_TRUE(
      second.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"
                  "GET /state HTTP/1.1\r\nHost: h\r\n\r\n"));
  ASSERT_TRUE(turn_until(loop_, [&] { return second.read().ends_with("{}"); })) << second.read();
  EXPECT_TRUE(second.read().starts_with("HTTP/1.1 503 ")) << second.read();
  EXPECT_NE(second.read().find("\r\nRetry-After: "), std::string::npos);
  EXPECT_NE(second.read().find("all 1 places are taken"), std::string::npos);
  EXPECT_EQ(server_->counts().viewers_refused, 1u);

  first.leave();
  ASSERT_TRUE(turn_until(loop_, [&] { return server_->clients().empty(); }));
  watch(second, "/stream");
}

TEST_F(HttpServerTest, SwitchedOffItSendsViewersAwayAndRefusesNewOnes) {
  LoopClient watching(server_->address());
  watch(watching, "/stream");
  hub_.set_on(false);
  server_->drop_streams();
  EXPECT_TRUE(server_->clients().empty());
  ASSERT_TRUE(turn_until(loop_, [&] {
    watching.read();
    return watching.closed();
  }));

  LoopClient late(server_->address());
  ASSERT_TRUE(
      late.send("GET /snapshot HTTP/1.1\r\nHost: h\r\n\r\n"
                "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"
                "GET /state HTTP/1.1\r\nHost: h\r\n\r\n"));
  ASSERT_TRUE(turn_until(loop_, [&] { return late.read().ends_with("{}"); })) << late.read();
  EXPECT_TRUE(late.read().starts_with("HTTP/1.1 503 ")) << late.read();
  EXPECT_NE(late.read().find("the stream is switched off"), std::string::npos);
  EXPECT_EQ(server_->counts().off_refused, 2u);

  hub_.set_on(true);
  LoopClient again(server_->address());
  watch(again, "/stream");
}

TEST_F(HttpServerTest, RefusesNewViewersWhileMemoryIsShortAndKeepsThoseItHas) {
  LoopClient watching(server_->address());
  watch(watching, "/stream");
  server_->refuse_viewers(true);

  LoopClient late(server_->address());
  ASSERT_TRUE(
      late.send("GET /snapshot HTTP/1.1\r\nHost: h\r\n\r\n"
                "GET /state HTTP/1.1\r\nHost: h\r\n\r\n"));
  ASSERT_TRUE(turn_until(loop_, [&] { return late.read().ends_with("{}"); })) << late.read();
  EXPECT_TRUE(late.read().starts_with("HTTP/1.1 503 ")) << late.read();
  EXPECT_NE(late.read().find("\r\nRetry-After: "), std::string::npos);
  EXPECT_NE(late.read().find("memory is short"), std::string::npos);
  EXPECT_EQ(server_->counts().memory_refused, 1u);
  EXPECT_EQ(server_->counts().viewers_refused, 0u);
  publish('a', monotonic_us());
  expect_frames(watching, "a");

  server_->refuse_viewers(false);
  watch(late, "/stream");
}

TEST_F(HttpServerTest, RefusesConnectionsBeyondItsPlacesWithAReply) {
  serve({.viewers_max = 0});
  std::vector<std::unique_ptr<LoopClient>> clients;
  EXPECT_TRUE(turn_until(loop_, [&] {
    clients.push_back(std::make_unique<LoopClient>(server_->address()));
    return server_->listener().admission().refused() > 0;
  }));
  EXPECT_TRUE(turn_until(
      loop_, [&] { return clients[clients.size() - 2]->read().starts_with("HTTP/1.1 503 "); }));
}

// ---- Change of options ----

TEST_F(HttpServerTest, MovesToAnotherAddressUnderItsClients) {
  LoopClient client(server_->address());
  watch(client, "/stream");
  Address before = server_->address();
  Address wanted = parse_listen_address("127.0.0.2:0").value();
  ASSERT_TRUE(server_->change({.address = wanted, .viewers_max = 4}).ok());
  EXPECT_EQ(server_->address().host(), "127.0.0.2");
  EXPECT_NE(server_->address(), before);
  LoopClient late(server_->address());
  watch(late, "/stream");
  publish('a', monotonic_us());
  expect_frames(client, "a");
  expect_frames(late, "a");
  EXPECT_EQ(server_->listener().admission().connections(), 2u);
}

TEST_F(HttpServerTest, ChangesNothingWhereItCannotListen) {
  Address wanted = parse_listen_address("192.0.2.1:0").value();
  ASSERT_FALSE(server_->change({.address = wanted, .viewers_max = 1, .origin = "*"}).ok());
  EXPECT_EQ(server_->address().host(), "127.0.0.1");
  EXPECT_EQ(server_->viewers_max(), 4u);
  LoopClient client(server_->address());
  watch(client, "/stream");
  EXPECT_EQ(client.read().find("Access-Control"), std::string::npos);
}

TEST_F(HttpServerTest, ChangesItsLimitAndOriginWhereItIs) {
  LoopClient first(server_->address()), second(server_->address());
  watch(first, "/stream");
  Address asked = parse_listen_address("127.0.0.1:0").value(), before = server_->address();
  ASSERT_TRUE(server_->change({.address = asked, .viewers_max = 1, .origin = "*"}).ok());
  EXPECT_EQ(server_->address(), before);
  ASSERT_TRUE(second.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"));
  ASSERT_TRUE(turn_until(loop_, [&] { return second.read().ends_with("taken\n"); }));
  EXPECT_NE(second.read().find("Access-Control-Allow-Origin: *\r\n"), std::string::npos);
  publish('a', monotonic_us());
  expect_frames(first, "a");
}

// ---- Connections ----

TEST_F(HttpServerTest, AnswersPipelinedRequestsInTheirOrder) {
  LoopClient client(server_->address());
  ASSERT_TRUE(
      client.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
                  "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n"
                  "GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  EXPECT_TRUE(turn_until(loop_, [&] { return client.read(), client.closed(); }));
  size_t health = client.read().find("the camera is away\n");
  size_t nothing = client.read().find("HTTP/1.1 404 ");
  size_t metrics = client.read().find("\r\n\r\nmetrics\n");
  EXPECT_LT(health, nothing);
  EXPECT_LT(nothing, metrics);
  EXPECT_LT(metrics, client.read().size());
}

TEST_F(HttpServerTest, ClosesOnAClientThatHasNoMoreToAsk) {
  LoopClient client(server_->address());
  ASSERT_TRUE(client.send("GET /state HTTP/1.1\r\nHost: h\r\n\r\n"));
  ASSERT_TRUE(turn_until(loop_, [&] { return client.read().ends_with("{}"); }));
  client.finish();
  // Sooner than a client that says nothing, which is kept for a while.
  int64_t begin_us = monotonic_us();
  EXPECT_TRUE(turn_until(loop_, [&] { return client.read(), client.closed(); }));
  EXPECT_LT(monotonic_us() - begin_us, 10 * kSecond_us);
}

TEST_F(HttpServerTest, ForgetsClientsThatVanish) {
  for (int i = 0; i < 3; ++i) {
    LoopClient client(server_->address());
    watch(client, "/stream");
  }
  EXPECT_TRUE(
      turn_until(loop_, [&] { return server_->listener().admission().connections() == 0; }));
  EXPECT_TRUE(server_->clients().empty());
}

TEST_F(HttpServerTest, EndsCleanlyUnderItsClients) {
  LoopClient streaming(server_->address(), 4096);
  LoopClient waiting(server_->address());
  LoopClient asking(server_->address());
  watch(streaming, "/stream");
  publish('a', monotonic_us(), 2'000'000);
  ASSERT_TRUE(waiting.send("GET /snapshot HTTP/1.1\r\nHost: h\r\n\r\n"));
  ASSERT_TRUE(asking.send("GET /sna"));
  ASSERT_TRUE(
      turn_until(loop_, [&] { return server_->listener().admission().connections() == 3; }));
  server_.reset();
  EXPECT_FALSE(hub_.watched());
  EXPECT_TRUE(turn_until(loop_, [&] {
    waiting.read();
    asking.read();
    return waiting.closed() && asking.closed();
  }));
}

}  // namespace
}  // namespace camloop
