#include "io/stream.h"

#include "unit/io/tcp_pair.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/syscall.h>

namespace {

// What stands between a Stream and the kernel: it sees each call, and can make the kernel take
// less.
struct Seam {
  std::vector<std::vector<iovec>> calls;
  std::deque<ssize_t> answers;  // bytes to take or -errno, a call each; then as the kernel likes
  bool full = false;            // or nothing
};
Seam* seam = nullptr;

}  // namespace

// In place of the C library's.
extern "C" ssize_t sendmsg(int socket, const msghdr* message, int flags) {
  std::vector<iovec> pieces(message->msg_iov, message->msg_iov + message->msg_iovlen);
  msghdr cut = *message;
  cut.msg_iov = pieces.data();
  if (seam) seam->calls.push_back(pieces);
  if (seam && (seam->full || !seam->answers.empty())) {
    ssize_t answer = -EAGAIN;
    if (!seam->answers.empty()) {
      answer = seam->answers.front();
      seam->answers.pop_front();
    }
    if (answer < 0) {
      errno = static_cast<int>(-answer);
      return -1;
    }
    auto left = static_cast<size_t>(answer);
    for (iovec& piece : pieces) left -= piece.iov_len = std::min(piece.iov_len, left);
  }
  return syscall(SYS_sendmsg, socket, &cut, flags);
}

namespace camloop {
namespace {

class StreamTest : public testing::Test, protected StreamHandler {
 protected:
  StreamTest() { seam = &seam_; }
  ~StreamTest() override {
    seam = nullptr;
    stream_.reset();
    loop_.drain();
  }

  /// A new connection, in place of the one before.
  void connect(int peer_receive_bytes = 0) {
    TcpPair pair = make_tcp_pair(peer_receive_bytes);
    peer_ = std::make_unique<Peer>(pair.theirs);
    socket_ = pair.ours;
    stream_ = Stream::adopt(loop_, pair.ours, pair.peer, std::move(pass_));
    stream_->start(*this);
    received_.clear();
    ended_.clear();
    eofs_ = writable_ = 0;
  }
  void run_until(const std::function<bool()>& condition) {
    ASSERT_TRUE(turn_until(loop_, condition)) << "waited in vain";
  }
  void run_until_ended() {
    run_until([this] { return !ended_.empty(); });
  }
  /// Some turns of the loop, in which all comes that will come.
  void run_a_while() {
    int turns = 0;
    run_until([&turns] { return ++turns > 10; });
  }

  BufferRef filled(std::string_view text) {
    BufferRef buffer = pool_.take(text.size());
    std::copy(text.begin(), text.end(), buffer.storage().begin());
    buffer.set_size(text.size());
    return buffer;
  }
  bool try_send(std::string_view head, const BufferRef& body, std::string_view tail = "") {
    return stream_->try_send(as_bytes(head), body, as_bytes(tail));
  }
  bool write(std::string_view text) { return stream_->write(as_bytes(text)); }
  /// Frames until the socket takes no more; returns how many bytes it took on.
  size_t fill(const BufferRef& frame) {
    size_t sent = 0;
    while (try_send("", frame)) sent += frame.size();
    if (stream_->bytes_queued() > sent) sent += frame.size();  // the last one in part
    return sent;
  }

  Result<> on_bytes(Bytes bytes) override {
    received_.append(as_text(bytes));
    return do_on_bytes_();
  }
  Result<> on_eof() override {
    ++eofs_;
    return do_on_eof_ ? do_on_eof_() : StreamHandler::on_eof();
  }
  Result<> on_writable() override {
    ++writable_;
    return do_on_writable_();
  }
  void on_end(const Error& why) override {
    ended_.push_back(why.text);
    do_on_end_();
  }

  Seam seam_;
  BufferPool pool_{1};
  Loop loop_;
  Admission::Pass pass_;
  std::unique_ptr<Peer> peer_;
  int socket_ = -1;  // the Stream's
  Owned<Stream> stream_;

  std::string received_;
  std::vector<std::string> ended_;
  int eofs_ = 0;
  int writable_ = 0;
  std::function<Result<>()> do_on_bytes_ = [] { return Result<>(); };
  std::function<Result<>()> do_on_writable_ = [] { return Result<>(); };
  std::function<Result<>()> do_on_eof_;
  std::function<void()> do_on_end_ = [] {};
};

using Ends = std::vector<std::string>;

// ---- Sending
// -------------------------------------------------------------------------------------

TEST_F(StreamTest, SendsAFrameByOneCallAndFromWhereItLies) {
  connect();
  BufferRef body = filled("body");
  ASSERT_TRUE(try_send("head", body, "tail"));
  ASSERT_EQ(seam_.calls.size(), 1u);
  ASSERT_EQ(seam_.calls[0].size(), 3u);
  EXPECT_EQ(seam_.calls[0][1].iov_base, body.bytes().data());
  EXPECT_EQ(peer_->read(), "headbodytail");
  EXPECT_TRUE(stream_->writable());
  run_a_while();
  EXPECT_EQ(writable_, 0) << "nobody waited for it";
  body.set_size(0);  // checks that nobody else holds it
}

TEST_F(StreamTest, SendsTheRestOfAFrameFromWhereItLies) {
  connect();
  BufferRef body = filled("body");
  seam_.answers = {6};
  ASSERT_TRUE(try_send("head", body, "tail"));
  EXPECT_FALSE(stream_->writable());
  run_until([this] { return stream_->writable(); });
  ASSERT_EQ(seam_.calls.size(), 2u);
  EXPECT_EQ(seam_.calls[1][1].iov_base, body.bytes().data() + 2);
  EXPECT_EQ(peer_->read(), "headbodytail");
  body.set_size(0);
}

TEST_F(StreamTest, WritesAtOnce) {
  connect();
  EXPECT_TRUE(write("hello"));
  EXPECT_EQ(peer_->read(), "hello");
  EXPECT_TRUE(write(""));
  EXPECT_TRUE(stream_->writable());
}

// Each way to cut a frame between two calls, and then each length of a call.
TEST_F(StreamTest, FinishesWhatWasTakenInPartInOrder) {
  const std::string head = "head", tail = "tail", later = "later", latest = "!";
  for (const std::string& body : {std::string("body"), std::string()}) {
    std::string frame = head + body + tail;
    for (ssize_t cut = 1; cut < static_cast<ssize_t>(frame.size()); ++cut) {
      for (ssize_t length = 1; length < 6; ++length) {
        connect();
        seam_ = {.answers = {cut, length}, .full = true};
        ASSERT_TRUE(try_send(head, body.empty() ? BufferRef() : filled(body), tail));
        ASSERT_TRUE(write(later));
        ASSERT_FALSE(try_send(head, filled("newer"))) << "one frame in flight";
        run_until([this] { return seam_.calls.size() > 2 || writable_ > 0; });
        ASSERT_TRUE(write(latest));
        seam_ = {.answers = std::deque<ssize_t>(40, length)};
        run_until([this] { return stream_->writable(); });
        ASSERT_EQ(peer_->read(), frame + later + latest) << cut << ' ' << length;
      }
    }
  }
}

TEST_F(StreamTest, FinishesAWriteThatWasTakenInPart) {
  connect();
  seam_.answers = {2, 1, -EAGAIN, 1};
  EXPECT_TRUE(write("hello"));
  EXPECT_TRUE(write(" you"));
  EXPECT_EQ(seam_.calls.size(), 1u) << "what waits goes first";
  EXPECT_EQ(writable_, 0);
  run_until([this] { return writable_ == 1; });
  EXPECT_EQ(peer_->read(), "hello you");
}

TEST_F(StreamTest, TakesNothingOfAFrameWhileTheSocketIsFull) {
  for (int full : {EAGAIN, ENOBUFS}) {
    connect();
    seam_.answers = {-full};
    BufferRef body = filled("body");
    EXPECT_FALSE(try_send("head", body, "tail"));
    EXPECT_EQ(stream_->bytes_queued(), 0u);
    body.set_size(1);  // nobody else holds it
    EXPECT_FALSE(stream_->writable());
    EXPECT_EQ(writable_, 0);
    run_until([this] { return writable_ == 1; });
    EXPECT_EQ(peer_->read(), "");
    EXPECT_TRUE(try_send("head", body, "tail"));
  }
}

TEST_F(StreamTest, KeepsAWriteForASocketThatIsFull) {
  connect();
  seam_.answers = {-EAGAIN, -EAGAIN};
  EXPECT_TRUE(write("hello"));
  EXPECT_EQ(stream_->bytes_queued(), 5u);
  run_until([this] { return writable_ == 1; });
  EXPECT_EQ(peer_->read(), "hello");
}

TEST_F(StreamTest, GoesOnAfterASignal) {
  connect();
  seam_.answers = {-EINTR, -EINTR};
  EXPECT_TRUE(try_send("head", filled("body"), "tail"));
  EXPECT_EQ(peer_->read(), "headbodytail");
}

TEST_F(StreamTest, ShowsAClientThatStalledTheNewestFrame) {
  connect(4096);
  std::string large(300'000, '.');
  char newest = 'a';
  std::string sent;  // the names of the frames that were taken
  auto offer_newest = [&] {
    large.front() = large.back() = newest;
    if (try_send("", filled(large))) sent += newest;
  };
  do_on_writable_ = [&] {
    offer_newest();
    return Result<>();
  };
  for (; newest <= 'z'; ++newest) offer_newest();
  EXPECT_LT(sent.size(), 3u);
  size_t taken_early = sent.size();
  newest = 'Z';
  run_until([&] {
    peer_->read();
    return sent.size() > taken_early + 1;
  });
  do_on_writable_ = [] { return Result<>(); };
  run_until([&] { return peer_->read().size() == large.size() * sent.size(); });
  EXPECT_EQ(sent.substr(taken_early), "ZZ");
  for (size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(peer_->read()[i * large.size()], sent[i]);
    EXPECT_EQ(peer_->read()[(i + 1) * large.size() - 1], sent[i]) << "each frame is whole";
  }
}

// ---- Bounds
// --------------------------------------------------------------------------------------

TEST_F(StreamTest, QueuesAsMuchAsItSaysAndNoMore) {
  connect();
  std::string most(Stream::kQueueMax, 'x');
  seam_.full = true;
  EXPECT_TRUE(write(most));
  EXPECT_FALSE(write("y"));
  EXPECT_EQ(stream_->bytes_queued(), most.size());
  seam_.full = false;
  run_until([&] { return peer_->read().size() == most.size(); });
  EXPECT_TRUE(peer_->read() == most);
  EXPECT_TRUE(write("y"));
}

TEST_F(StreamTest, RefusesWholeWhatItCouldNotQueue) {
  connect();
  EXPECT_FALSE(write(std::string(Stream::kQueueMax + 1, 'x')));
  EXPECT_TRUE(seam_.calls.empty()) << "a client must not see the first half of a reply";
  EXPECT_TRUE(write("y"));
  EXPECT_EQ(peer_->read(), "y");
}

TEST_F(StreamTest, QueuesBehindAFrameAsMuch) {
  connect();
  seam_ = {.answers = {5}, .full = true};
  std::string most(Stream::kQueueMax, 'x');
  EXPECT_TRUE(try_send("head", filled("body")));
  EXPECT_TRUE(write(most));
  EXPECT_FALSE(write("y"));
  seam_.full = false;
  run_until([&] { return peer_->read().size() == 8 + most.size(); });
  EXPECT_TRUE(peer_->read() == "headbody" + most);
}

TEST_F(StreamTest, LetsTheKernelQueueNextToNothing) {
  connect(8192);
  constexpr size_t kFrameSize = 57'000;
  size_t sent = fill(filled(std::string(kFrameSize, 'x')));
  run_a_while();
  int unsent = 0;
  ASSERT_EQ(ioctl(socket_, SIOCOUTQNSD, &unsent), 0);
  EXPECT_LT(unsent, 2 * static_cast<int>(kFrameSize)) << "of a frame that the peer does not take";
  EXPECT_LT(sent, 5 * kFrameSize);
}

TEST_F(StreamTest, AsksTheKernelForWhatItNeeds) {
  connect();
  auto option = [this](int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    EXPECT_EQ(getsockopt(socket_, level, name, &value, &size), 0);
    return value;
  };
  EXPECT_EQ(option(IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_NOTSENT_LOWAT), 4096);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 20'000);
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
}

// ---- Counts
// --------------------------------------------------------------------------------------

TEST_F(StreamTest, CountsWhatThePeerTook) {
  connect(8192);
  BufferRef frame = filled(std::string(57'000, 'x'));
  size_t sent = fill(frame);
  auto settled = [this] { return stream_->bytes_acknowledged() == peer_->arrived(); };
  run_until(settled);
  uint64_t stuck = stream_->bytes_acknowledged();
  EXPECT_GT(stuck, 0u);
  EXPECT_LT(stuck, sent);
  EXPECT_EQ(stream_->bytes_queued() + stuck, sent);
  run_a_while();
  EXPECT_EQ(stream_->bytes_acknowledged(), stuck) << "it grew though the peer took nothing";
  run_until([&] { return peer_->read().size() == sent; });
  run_until([&] { return stream_->bytes_acknowledged() == sent; });
  EXPECT_EQ(stream_->bytes_queued(), 0u);
}

TEST_F(StreamTest, CountsWhatCame) {
  connect();
  peer_->send("hello");
  run_until([this] { return received_ == "hello"; });
  EXPECT_EQ(stream_->bytes_received(), 5u);
  EXPECT_TRUE(stream_->peer().text().starts_with("127.0.0.1:"));
}

// ---- Receiving
// -----------------------------------------------------------------------------------

TEST_F(StreamTest, ReceivesInOrderAndInPiecesOfABuffer) {
  connect();
  std::string much(500'000, '\0');
  for (size_t i = 0; i < much.size(); ++i) much[i] = static_cast<char>(i * 7 / 3);
  size_t before = 0;
  do_on_bytes_ = [&] {
    EXPECT_LE(received_.size() - std::exchange(before, received_.size()), 64u * 1024);
    return Result<>();
  };
  run_until([&, sent = size_t{0}]() mutable {
    size_t piece = std::min<size_t>(20'000, much.size() - sent);
    peer_->send(std::string_view(much).substr(sent, piece));
    sent += piece;
    return received_.size() == much.size();
  });
  EXPECT_TRUE(received_ == much);
}

TEST_F(StreamTest, AnswersFromWithinACall) {
  connect();
  do_on_bytes_ = [this] {
    EXPECT_TRUE(write("echo "));
    EXPECT_TRUE(try_send("<", filled(received_), ">"));
    return Result<>();
  };
  peer_->send("hello");
  run_until([this] { return peer_->read() == "echo <hello>"; });
}

// ---- The peer ends
// -------------------------------------------------------------------------------

TEST_F(StreamTest, EndsWhenThePeerDoes) {
  connect();
  peer_->send("bye");
  peer_->leave();
  run_until_ended();
  EXPECT_EQ(received_, "bye");
  EXPECT_EQ(ended_, Ends{"closed by the peer"});
  run_a_while();
  EXPECT_EQ(ended_.size(), 1u);
}

TEST_F(StreamTest, EndsWhenThePeerResets) {
  connect();
  peer_->reset();
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"connection lost: Connection reset by peer"});
  EXPECT_EQ(eofs_, 0);
}

TEST_F(StreamTest, EndsWhenAPeerThatTookNothingResets) {
  connect(4096);
  BufferRef frame = filled(std::string(300'000, 'x'));
  fill(frame);
  peer_->reset();
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"connection lost: Connection reset by peer"});
  frame.set_size(1);  // it was let go
}

TEST_F(StreamTest, TellsOfAFailedSendLater) {
  connect();
  peer_->reset();
  EXPECT_FALSE(try_send("head", filled("body")));
  EXPECT_TRUE(ended_.empty()) << "never inside a call that its owner made";
  EXPECT_TRUE(write("into the void"));
  EXPECT_FALSE(try_send("head", filled("body")));
  stream_->finish();
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"send: Connection reset by peer"});
}

TEST_F(StreamTest, TellsOfAFailedWriteLater) {
  connect();
  seam_.answers = {-EPIPE};
  EXPECT_TRUE(write("hello"));
  EXPECT_TRUE(ended_.empty());
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"send: Broken pipe"});
}

TEST_F(StreamTest, EndsWhenTheRestOfAFrameFails) {
  connect();
  BufferRef body = filled("body");
  seam_.answers = {6, -EPIPE};
  EXPECT_TRUE(try_send("head", body));
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"send: Broken pipe"});
  EXPECT_EQ(writable_, 0);
  body.set_size(1);
}

TEST_F(StreamTest, AnswersAPeerThatSendsNoMore) {
  connect();
  do_on_eof_ = [] { return Result<>(); };
  peer_->send("question");
  peer_->finish();
  run_until([this] { return eofs_ == 1; });
  EXPECT_EQ(received_, "question");
  EXPECT_TRUE(write("answer"));
  run_a_while();
  EXPECT_EQ(peer_->read(), "answer");
  EXPECT_EQ(eofs_, 1);
  EXPECT_TRUE(ended_.empty());
}

TEST_F(StreamTest, SleepsWhileAPeerThatSendsNoMoreIsLeftAlone) {
  connect();
  do_on_eof_ = [] { return Result<>(); };
  peer_->finish();
  run_until([this] { return eofs_ == 1; });
  uint64_t callbacks = loop_.stalls().count();
  run_a_while();
  EXPECT_LE(loop_.stalls().count() - callbacks, 12u) << "the timer's own and no more";
}

TEST_F(StreamTest, SendsTheRestToAPeerThatSendsNoMore) {
  connect(4096);
  do_on_eof_ = [] { return Result<>(); };
  size_t sent = fill(filled(std::string(300'000, 'x')));
  peer_->finish();
  run_until([this] { return eofs_ == 1; });
  run_until([&] { return peer_->read().size() == sent; });
}

// ---- We end
// --------------------------------------------------------------------------------------

TEST_F(StreamTest, EndsWhenACallReturnsAnError) {
  connect();
  do_on_bytes_ = [] { return Error{"rubbish"}; };
  peer_->send("x");
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"rubbish"});
  peer_->read();
  EXPECT_TRUE(peer_->end_seen());
}

TEST_F(StreamTest, EndsWhenItsEofReturnsAnError) {
  connect();
  do_on_eof_ = [] { return Error{"no more wanted"}; };
  peer_->finish();
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"no more wanted"});
}

TEST_F(StreamTest, EndsWhenBeingWritableReturnsAnError) {
  connect();
  do_on_writable_ = [] { return Error{"too late"}; };
  seam_.answers = {-EAGAIN};
  EXPECT_TRUE(write("x"));
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"too late"});
}

TEST_F(StreamTest, FinishesOnceAllIsOut) {
  connect();
  seam_.answers = {2, -EAGAIN, 3};
  EXPECT_TRUE(try_send("head", filled("body"), "tail"));
  EXPECT_TRUE(write("last"));
  stream_->finish();
  stream_->finish();
  run_until([this] {
    peer_->read();
    return peer_->end_seen();
  });
  EXPECT_EQ(peer_->read(), "headbodytaillast");
  EXPECT_EQ(writable_, 0);
  EXPECT_TRUE(ended_.empty()) << "the peer's FIN is still to come";
  peer_->leave();
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"finished"});
  EXPECT_EQ(eofs_, 0);
}

TEST_F(StreamTest, IgnoresWhatComesAfterItFinished) {
  connect();
  EXPECT_TRUE(write("answer"));
  stream_->finish();
  peer_->send("more questions");
  run_until([this] { return stream_->bytes_received() > 0; });
  EXPECT_EQ(received_, "");
  EXPECT_EQ(peer_->read(), "answer");
  peer_->leave();
  run_until_ended();
}

TEST_F(StreamTest, IgnoresTheEndOfAPeerThatStillReads) {
  connect(4096);
  size_t sent = fill(filled(std::string(300'000, 'x')));
  stream_->finish();
  peer_->finish();
  run_a_while();
  EXPECT_TRUE(ended_.empty());
  EXPECT_EQ(eofs_, 0);
  run_until([&] { return peer_->read().size() == sent && !ended_.empty(); });
  EXPECT_EQ(ended_, Ends{"finished"});
}

TEST_F(StreamTest, EndsAtOnceWhenBothHaveFinished) {
  connect();
  do_on_eof_ = [this] {
    EXPECT_TRUE(write("answer"));
    stream_->finish();
    EXPECT_TRUE(ended_.empty()) << "never inside a call that its owner made";
    return Result<>();
  };
  peer_->finish();
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"finished"});
  EXPECT_EQ(peer_->read(), "answer");
  EXPECT_TRUE(peer_->end_seen());
}

TEST_F(StreamTest, SaysSoWhenAPeerResetsAfterItFinished) {
  connect();
  stream_->finish();
  peer_->reset();
  run_until_ended();
  EXPECT_EQ(ended_.size(), 1u);
}

using StreamDeathTest = StreamTest;

TEST_F(StreamDeathTest, WritesNothingOnceItFinished) {
  connect();
  stream_->finish();
  EXPECT_DEATH((void)write("x"), "check failed: !finishing_");
  EXPECT_DEATH((void)try_send("x", {}), "check failed: !finishing_");
}

// ---- Lifetimes
// -----------------------------------------------------------------------------------

TEST_F(StreamTest, ClosesTheSocketAtOnceWhenDropped) {
  connect();
  EXPECT_TRUE(write("x"));
  stream_.reset();
  EXPECT_EQ(peer_->read(), "x");
  EXPECT_TRUE(peer_->end_seen());
  loop_.drain();
  EXPECT_TRUE(ended_.empty()) << "its owner knows";
}

TEST_F(StreamTest, LetsAFrameInFlightGoWhenDropped) {
  connect(4096);
  BufferRef frame = filled(std::string(300'000, 'x'));
  fill(frame);
  EXPECT_GT(stream_->bytes_queued(), 0u);
  stream_.reset();
  frame.set_size(1);  // checks that nobody else holds it
}

TEST_F(StreamTest, GivesItsPlaceBackWhenDropped) {
  Admission admission({.connections_max = 1, .per_host_max = 1});
  pass_ = admission.admit("a").value();
  connect();
  EXPECT_EQ(admission.connections(), 1u);
  stream_.reset();
  EXPECT_EQ(admission.connections(), 0u);
}

TEST_F(StreamTest, GivesItsPlaceBackWhenItEnds) {
  Admission admission({.connections_max = 1, .per_host_max = 1});
  pass_ = admission.admit("a").value();
  connect();
  peer_->leave();
  run_until_ended();
  EXPECT_EQ(admission.connections(), 0u);
  EXPECT_EQ(stream_->bytes_queued(), 0u);
}

TEST_F(StreamTest, MayBeDroppedFromAnyCall) {
  auto drop = [this] {
    stream_.reset();
    return Result<>();
  };
  auto drop_and_fail = [this] {
    stream_.reset();
    return Error{"gone already"};
  };
  for (const std::function<Result<>()>& act : {std::function<Result<>()>(drop), {drop_and_fail}}) {
    connect();
    do_on_bytes_ = act;
    peer_->send("x");
    run_until([this] { return !stream_; });

    connect();
    do_on_eof_ = act;
    peer_->finish();
    run_until([this] { return !stream_; });

    connect();
    do_on_writable_ = act;
    seam_.answers = {-EAGAIN};
    peer_->send("to be read in the same turn");
    EXPECT_FALSE(try_send("", filled("frame")));
    run_until([this] { return !stream_; });
    run_a_while();
    EXPECT_TRUE(ended_.empty());
    do_on_bytes_ = do_on_writable_ = [] { return Result<>(); };
  }
}

TEST_F(StreamTest, MayBeDroppedWhenItEnds) {
  connect();
  do_on_end_ = [this] { stream_.reset(); };
  peer_->leave();
  run_until([this] { return !stream_; });
  EXPECT_EQ(ended_.size(), 1u);
}

TEST_F(StreamTest, MayBeDroppedOnItsWayOut) {
  connect();
  seam_.answers = {-EPIPE};
  EXPECT_TRUE(write("x"));
  stream_.reset();
  loop_.drain();
  EXPECT_TRUE(ended_.empty());
}

TEST_F(StreamTest, CanBeAskedAfterItEnded) {
  connect();
  EXPECT_TRUE(write("hello"));
  peer_->leave();
  run_until_ended();
  EXPECT_FALSE(try_send("head", filled("body")));
  EXPECT_TRUE(write("into the void"));
  stream_->finish();
  EXPECT_EQ(stream_->bytes_acknowledged(), 5u);
  EXPECT_EQ(ended_.size(), 1u);
}

TEST_F(StreamTest, NeedsNoHandlerUntilStarted) {
  TcpPair pair = make_tcp_pair();
  Peer peer(pair.theirs);
  stream_ = Stream::adopt(loop_, pair.ours, pair.peer, {});
  peer.send("early");
  peer.leave();
  run_a_while();
  EXPECT_TRUE(ended_.empty());
  stream_->start(*this);
  run_until_ended();
  EXPECT_EQ(received_, "early");
}

// A connection that owns its Stream, and ends with it.
class SelfOwned : public StreamHandler {
 public:
  SelfOwned(Loop& loop, const TcpPair& pair, int& alive)
      : stream_(Stream::adopt(loop, pair.ours, pair.peer, {})), alive_(++alive) {
    stream_->start(*this);
  }
  virtual ~SelfOwned() { --alive_; }

 private:
  Result<> on_bytes(Bytes) override { return {}; }
  void on_end(const Error&) override { delete this; }

  Owned<Stream> stream_;
  int& alive_;
};

TEST_F(StreamTest, MayTakeItsHandlerWithIt) {
  int alive = 0;
  TcpPair pair = make_tcp_pair();
  Peer peer(pair.theirs);
  new SelfOwned(loop_, pair, alive);
  peer.leave();
  run_until([&] { return alive == 0; });
}

}  // namespace
}  // namespace camloop
