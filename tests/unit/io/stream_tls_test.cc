#include "io/stream.h"
#include "io/tls_turns.h"

#include "unit/io/stream_fixture.h"
#include "unit/io/tls_certificates.h"

#include <algorithm>
#include <functional>
#include <list>
#include <utility>

namespace camloop {
namespace {

using Ends = std::vector<std::string>;

/// One end of a secured connection, with all that it saw.
struct TlsEnd : StreamHandler {
  Owned<Stream> stream;
  std::string received;
  Ends ended;
  int writable = 0;
  int eofs = 0;
  bool cut = false;
  std::function<Result<>()> do_on_writable = [] { return Result<>(); };

  Result<> on_bytes(Bytes bytes) override {
    received.append(as_text(bytes));
    return {};
  }
  Result<> on_eof() override {
    ++eofs;
    cut = stream->cut();
    return StreamHandler::on_eof();
  }
  Result<> on_writable() override {
    ++writable;
    return do_on_writable();
  }
  void on_end(const Error& why) override { ended.push_back(why.text); }
};

// The fixture's Stream is the server; beside it a client of the program's own.
class StreamTlsTest : public StreamTest {
 protected:
  StreamTlsTest() { files_.make("camera", {}); }
  ~StreamTlsTest() override { client_.stream.reset(); }

  void open(std::shared_ptr<TlsContext> server, std::shared_ptr<TlsContext> client,
            const std::string& name = "camera.test", int client_receive_bytes = 0) {
    TcpPair pair = make_tcp_pair(client_receive_bytes);
    ASSERT_EQ(fcntl(pair.theirs, F_SETFL, O_NONBLOCK), 0);
    client_.stream = Stream::adopt(loop_, pair.theirs, pair.peer, {});
    client_.stream->secure(std::move(client), name);
    socket_ = pair.ours;
    stream_ = Stream::adopt(loop_, pair.ours, pair.peer, {});
    stream_->secure(std::move(server), "");
    received_.clear();
    ended_.clear();
    client_.received.clear();
    client_.ended.clear();
    client_.writable = client_.eofs = writable_ = eofs_ = 0;
  }
  void open(int client_receive_bytes = 0) {
    open(files_.server("camera"), files_.client(), "camera.test", client_receive_bytes);
  }
  void start() {
    stream_->start(*this);
    client_.stream->start(client_);
  }
  void establish() {
    start();
    run_until([this] { return stream_->writable() && client_.stream->writable(); });
    run_until([this] { return stream_->bytes_queued() == 0; });
  }
  /// A server whose client is played by the test, with bytes of its own.
  void open_to_peer() {
    TcpPair pair = make_tcp_pair();
    peer_ = std::make_unique<Peer>(pair.theirs);
    stream_ = Stream::adopt(loop_, pair.ours, pair.peer, {});
    stream_->secure(files_.server("camera"), "");
    stream_->start(*this);
  }

  TlsFiles files_;
  TlsEnd client_;
};

// ---- Handshakes ----

TEST_F(StreamTlsTest, IsWritableOnceTheHandshakeIsOver) {
  for (bool old : {false, true}) {
    auto client = files_.client();
    if (old) allow_only_tls12(*client);
    open(files_.server("camera"), client);
    EXPECT_FALSE(stream_->writable());
    start();
    EXPECT_FALSE(try_send("head", filled("body")));
    run_until([this] { return writable_ == 1 && client_.writable == 1; });
    EXPECT_TRUE(try_send("head", filled("body"), "tail"));
    EXPECT_TRUE(client_.stream->try_send(as_bytes("hello"), {}, {}));
    run_until([this] { return client_.received == "headbodytail" && received_ == "hello"; });
    run_a_while();
    EXPECT_EQ(writable_, 1);
    EXPECT_EQ(stream_->bytes_received(), 5u);
  }
}

TEST_F(StreamTlsTest, KeepsWhatIsWrittenBeforeTheHandshakeIsOver) {
  open();
  EXPECT_TRUE(write("early "));
  start();
  EXPECT_TRUE(write("bird"));
  EXPECT_TRUE(client_.stream->write(as_bytes("worm")));
  run_until([this] { return client_.received == "early bird" && received_ == "worm"; });
  EXPECT_TRUE(stream_->writable());
  open();
  std::string most(Stream::kQueueMax, 'x');
  EXPECT_TRUE(write(most));
  EXPECT_FALSE(write("y"));
  start();
  run_until([&] { return client_.received.size() == most.size(); });
  EXPECT_TRUE(client_.received == most);
}

TEST_F(StreamTlsTest, ShakesHandsThroughASocketThatTakesAByteAtATime) {
  open();
  seam_.answers = std::deque<ssize_t>(300, 1);
  establish();
  EXPECT_TRUE(try_send("a", {}));
  run_until([this] { return client_.received == "a"; });
}

TEST_F(StreamTlsTest, TellsBothWhyACertificateIsRefused) {
  open(files_.server("camera"), files_.client(), "door.test");
  start();
  run_until([this] { return !ended_.empty() && !client_.ended.empty(); });
  EXPECT_EQ(client_.ended, Ends{"TLS: the certificate is not for door.test"});
  EXPECT_EQ(ended_, Ends{"TLS: the peer refuses our certificate"});
}

TEST_F(StreamTlsTest, LetsNobodyInWithoutAClientCertificate) {
  for (bool old : {false, true}) {
    auto client = files_.client();
    if (old) allow_only_tls12(*client);
    open(files_.server("camera", true), client);
    start();
    run_until([this] { return !ended_.empty() && !client_.ended.empty(); });
    EXPECT_EQ(ended_, Ends{"TLS: the peer sent no client certificate"});
    EXPECT_EQ(client_.ended, Ends{"TLS: the peer asked for a client certificate"});
    EXPECT_EQ(received_ + client_.received, "");
  }
}

TEST_F(StreamTlsTest, SaysThatThePeerDoesNotSpeakTls) {
  open_to_peer();
  peer_->send("GET / HTTP/1.1\r\n\r\n");
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"TLS: the peer does not speak TLS"});
}

TEST_F(StreamTlsTest, SaysThatThePeerLeftDuringTheHandshake) {
  open_to_peer();
  peer_->send("\x16\x03\x01");
  run_a_while();
  peer_->leave();
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"TLS: the peer closed the connection during the handshake"});
}

TEST_F(StreamTlsTest, SleepsWhileThePeerSaysNothing) {
  open_to_peer();
  peer_->send("\x16");
  run_a_while();
  uint64_t callbacks = loop_.stalls().count();
  run_a_while();
  EXPECT_LE(loop_.stalls().count() - callbacks, 12u) << "the timer's own and no more";
}

TEST_F(StreamTlsTest, GoesAtAnyMomentOfTheHandshake) {
  for (int turns = 0; turns < 60; ++turns) {
    open();
    start();
    int left = turns;
    run_until([&left] { return left-- == 0; });
    (turns % 2 ? stream_ : client_.stream).reset();
    run_a_while();
  }
  EXPECT_EQ(loop_.tls_turns().lock(), nullptr);
}

TEST_F(StreamTlsTest, ManyAtOnceGetTheirTurn) {
  auto server = files_.server("camera");
  auto client = files_.client();
  std::list<TlsEnd> ends;
  for (size_t i = 0; i < 3 * TlsTurns::kBegunMax; ++i) {
    TcpPair pair = make_tcp_pair();
    ASSERT_EQ(fcntl(pair.theirs, F_SETFL, O_NONBLOCK), 0);
    for (int socket : {pair.ours, pair.theirs}) {
      TlsEnd& end = ends.emplace_back();
      end.stream = Stream::adopt(loop_, socket, pair.peer, {});
      bool ours = socket == pair.ours;
      end.stream->secure(ours ? server : client, ours ? "" : "camera.test");
      end.stream->start(end);
    }
  }
  run_until([&] {
    return std::ranges::all_of(ends, [](const TlsEnd& end) { return end.stream->writable(); });
  });
}

// ---- Frames ----

TEST_F(StreamTlsTest, SendsAFrameWholeHoweverTheSocketCutsIt) {
  std::string body(50'000, '.');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 / 3);
  for (ssize_t length : {1, 7, 1000, 16'000}) {
    open();
    establish();
    seam_.answers = std::deque<ssize_t>(100, length);
    ASSERT_TRUE(try_send("head", filled(body), "tail"));
    ASSERT_TRUE(write("later"));
    ASSERT_FALSE(try_send("", filled("newer"))) << "one frame in flight";
    run_until([&] { return client_.received.size() == body.size() + 13; });
    EXPECT_TRUE(client_.received == "head" + body + "taillater");
    run_until([this] { return stream_->writable(); });
    seam_ = {};
  }
}

TEST_F(StreamTlsTest, TakesNothingOfAFrameWhileCiphertextWaits) {
  open();
  establish();
  seam_.full = true;
  EXPECT_TRUE(try_send("first", {})) << "one record may lie ahead of the socket";
  EXPECT_FALSE(stream_->writable());
  BufferRef body = filled("body");
  EXPECT_FALSE(try_send("head", body, "tail"));
  EXPECT_LT(stream_->bytes_queued(), 100u);
  body.set_size(1);  // nobody else holds it
  int before = writable_;
  seam_.full = false;
  run_until([&] { return writable_ == before + 1 && client_.received == "first"; });
  EXPECT_TRUE(stream_->writable());
}

TEST_F(StreamTlsTest, EncryptsNoFrameAheadOfTheSocket) {
  open();
  establish();
  seam_.full = true;
  std::string large(200'000, 'x');
  seam_.calls.clear();
  EXPECT_TRUE(try_send("", filled(large)));
  EXPECT_LE(stream_->bytes_queued(), large.size() + 100);
  ASSERT_FALSE(seam_.calls.empty());
  EXPECT_LT(seam_.calls[0][0].iov_len, 16u * 1024 + 100);
  seam_.full = false;
  run_until([&] { return client_.received.size() == large.size(); });
}

TEST_F(StreamTlsTest, ShowsAClientThatStalledTheNewestFrame) {
  open(4096);
  establish();
  client_.do_on_writable = [] { return Result<>(); };
  std::string large(300'000, '.');
  char newest = 'a';
  std::string sent;
  auto offer = [&] {
    large.front() = large.back() = newest;
    if (try_send("", filled(large))) sent += newest;
  };
  for (; newest <= 'z'; ++newest) offer();
  EXPECT_EQ(sent, "a");
  newest = 'Z';
  do_on_writable_ = [&] {
    if (sent.size() < 2) offer();
    return Result<>();
  };
  run_until([&] { return client_.received.size() == 2 * large.size(); });
  EXPECT_EQ(sent, "aZ");
  EXPECT_EQ(client_.received.front(), 'a');
  EXPECT_EQ(client_.received.back(), 'Z');
}

TEST_F(StreamTlsTest, CountsWhatWentOverTheWire) {
  open();
  establish();
  EXPECT_TRUE(try_send("", filled(std::string(50'000, 'x'))));
  run_until([this] { return client_.received.size() == 50'000; });
  run_until([this] { return stream_->bytes_queued() == 0; });
  EXPECT_GT(stream_->bytes_acknowledged(), 50'000u) << "and the handshake";
  EXPECT_EQ(client_.stream->bytes_received(), 50'000u);
}

// ---- The end ----

TEST_F(StreamTlsTest, SaysThatItWasTheEnd) {
  open();
  establish();
  EXPECT_TRUE(client_.stream->write(as_bytes("bye")));
  client_.stream->finish();
  run_until([this] { return !ended_.empty() && !client_.ended.empty(); });
  EXPECT_EQ(received_, "bye");
  EXPECT_EQ(ended_, Ends{"closed by the peer"});
  EXPECT_EQ(client_.ended, Ends{"finished"});
  EXPECT_EQ(eofs_, 1);
  EXPECT_FALSE(stream_->cut());
}

TEST_F(StreamTlsTest, FinishesOnceAllIsOutEvenBeforeTheHandshake) {
  open();
  EXPECT_TRUE(write("all there is"));
  start();
  stream_->finish();
  run_until([this] { return !client_.ended.empty(); });
  EXPECT_EQ(client_.received, "all there is");
  EXPECT_EQ(client_.eofs, 1);
  EXPECT_FALSE(client_.cut);
}

TEST_F(StreamTlsTest, TellsACutFromAnEnd) {
  open();
  establish();
  EXPECT_TRUE(try_send("half", {}));
  stream_.reset();
  run_until([this] { return !client_.ended.empty(); });
  EXPECT_EQ(client_.received, "half");
  EXPECT_EQ(client_.eofs, 1);
  EXPECT_TRUE(client_.cut);
}

}  // namespace
}  // namespace camloop
