#include "io/stream.h"

#include "unit/io/stream_fixture.h"

#include <algorithm>
#include <utility>

#include <linux/sockios.h>
#include <netinet/tcp.h>

namespace camloop {
namespace {

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
  stream_->set_unsent_max(100'000);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_NOTSENT_LOWAT), 100'000);
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

TEST_F(StreamTest, LeavesWhatComesToTheSocketWhilePaused) {
  connect();
  do_on_bytes_ = [this] {
    stream_->pause();
    return Result<>();
  };
  peer_->send("first");
  run_until([this] { return received_ == "first"; });
  peer_->send("second");
  EXPECT_TRUE(write("sent meanwhile"));
  run_a_while();
  EXPECT_EQ(received_, "first");
  EXPECT_EQ(peer_->read(), "sent meanwhile");
  stream_->resume();
  EXPECT_EQ(received_, "first") << "never inside a call that its owner made";
  run_until([this] { return received_ == "firstsecond"; });
}

TEST_F(StreamTest, FinishesWhilePausedToo) {
  connect();
  stream_->pause();
  peer_->send("unheard");
  peer_->finish();
  run_a_while();
  EXPECT_EQ(eofs_, 0);
  stream_->finish();
  run_until([this] { return !ended_.empty(); });
  EXPECT_EQ(received_, "");
}

}  // namespace
}  // namespace camloop
