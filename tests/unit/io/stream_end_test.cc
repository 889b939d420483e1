#include "io/stream.h"

#include "unit/io/stream_fixture.h"

namespace camloop {
namespace {

using StreamEndTest = StreamTest;
using Ends = std::vector<std::string>;

// ---- The peer ends
// -------------------------------------------------------------------------------

TEST_F(StreamEndTest, EndsWhenThePeerDoes) {
  connect();
  peer_->send("bye");
  peer_->leave();
  run_until_ended();
  EXPECT_EQ(received_, "bye");
  EXPECT_EQ(ended_, Ends{"closed by the peer"});
  run_a_while();
  EXPECT_EQ(ended_.size(), 1u);
}

TEST_F(StreamEndTest, EndsWhenThePeerResets) {
  connect();
  peer_->reset();
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"connection lost: Connection reset by peer"});
  EXPECT_EQ(eofs_, 0);
}

TEST_F(StreamEndTest, EndsWhenAPeerThatTookNothingResets) {
  connect(4096);
  BufferRef frame = filled(std::string(300'000, 'x'));
  fill(frame);
  peer_->reset();
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"connection lost: Connection reset by peer"});
  frame.set_size(1);  // it was let go
}

TEST_F(StreamEndTest, TellsOfAFailedSendLater) {
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

TEST_F(StreamEndTest, TellsOfAFailedWriteLater) {
  connect();
  seam_.answers = {-EPIPE};
  EXPECT_TRUE(write("hello"));
  EXPECT_TRUE(ended_.empty());
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"send: Broken pipe"});
}

TEST_F(StreamEndTest, EndsWhenTheRestOfAFrameFails) {
  connect();
  BufferRef body = filled("body");
  seam_.answers = {6, -EPIPE};
  EXPECT_TRUE(try_send("head", body));
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"send: Broken pipe"});
  EXPECT_EQ(writable_, 0);
  body.set_size(1);
}

TEST_F(StreamEndTest, AnswersAPeerThatSendsNoMore) {
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

TEST_F(StreamEndTest, SleepsWhileAPeerThatSendsNoMoreIsLeftAlone) {
  connect();
  do_on_eof_ = [] { return Result<>(); };
  peer_->finish();
  run_until([this] { return eofs_ == 1; });
  uint64_t callbacks = loop_.stalls().count();
  run_a_while();
  EXPECT_LE(loop_.stalls().count() - callbacks, 12u) << "the timer's own and no more";
}

TEST_F(StreamEndTest, SendsTheRestToAPeerThatSendsNoMore) {
  connect(4096);
  do_on_eof_ = [] { return Result<>(); };
  size_t sent = fill(filled(std::string(300'000, 'x')));
  peer_->finish();
  run_until([this] { return eofs_ == 1; });
  run_until([&] { return peer_->read().size() == sent; });
}

// ---- We end
// --------------------------------------------------------------------------------------

TEST_F(StreamEndTest, EndsWhenACallReturnsAnError) {
  connect();
  do_on_bytes_ = [] { return Error{"rubbish"}; };
  peer_->send("x");
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"rubbish"});
  peer_->read();
  EXPECT_TRUE(peer_->end_seen());
}

TEST_F(StreamEndTest, EndsWhenItsEofReturnsAnError) {
  connect();
  do_on_eof_ = [] { return Error{"no more wanted"}; };
  peer_->finish();
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"no more wanted"});
}

TEST_F(StreamEndTest, EndsWhenBeingWritableReturnsAnError) {
  connect();
  do_on_writable_ = [] { return Error{"too late"}; };
  seam_.answers = {-EAGAIN};
  EXPECT_TRUE(write("x"));
  run_until_ended();
  EXPECT_EQ(ended_, Ends{"too late"});
}

TEST_F(StreamEndTest, FinishesOnceAllIsOut) {
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

TEST_F(StreamEndTest, IgnoresWhatComesAfterItFinished) {
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

TEST_F(StreamEndTest, IgnoresTheEndOfAPeerThatStillReads) {
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

TEST_F(StreamEndTest, EndsAtOnceWhenBothHaveFinished) {
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

TEST_F(StreamEndTest, SaysSoWhenAPeerResetsAfterItFinished) {
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

TEST_F(StreamEndTest, ClosesTheSocketAtOnceWhenDropped) {
  connect();
  EXPECT_TRUE(write("x"));
  stream_.reset();
  EXPECT_EQ(peer_->read(), "x");
  EXPECT_TRUE(peer_->end_seen());
  loop_.drain();
  EXPECT_TRUE(ended_.empty()) << "its owner knows";
}

TEST_F(StreamEndTest, LetsAFrameInFlightGoWhenDropped) {
  connect(4096);
  BufferRef frame = filled(std::string(300'000, 'x'));
  fill(frame);
  EXPECT_GT(stream_->bytes_queued(), 0u);
  stream_.reset();
  frame.set_size(1);  // checks that nobody else holds it
}

TEST_F(StreamEndTest, GivesItsPlaceBackWhenDropped) {
  Admission admission({.connections_max = 1, .per_host_max = 1});
  pass_ = admission.admit("a").value();
  connect();
  EXPECT_EQ(admission.connections(), 1u);
  stream_.reset();
  EXPECT_EQ(admission.connections(), 0u);
}

TEST_F(StreamEndTest, GivesItsPlaceBackWhenItEnds) {
  Admission admission({.connections_max = 1, .per_host_max = 1});
  pass_ = admission.admit("a").value();
  connect();
  peer_->leave();
  run_until_ended();
  EXPECT_EQ(admission.connections(), 0u);
  EXPECT_EQ(stream_->bytes_queued(), 0u);
}

TEST_F(StreamEndTest, MayBeDroppedFromAnyCall) {
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

TEST_F(StreamEndTest, MayBeDroppedWhenItEnds) {
  connect();
  do_on_end_ = [this] { stream_.reset(); };
  peer_->leave();
  run_until([this] { return !stream_; });
  EXPECT_EQ(ended_.size(), 1u);
}

TEST_F(StreamEndTest, MayBeDroppedOnItsWayOut) {
  connect();
  seam_.answers = {-EPIPE};
  EXPECT_TRUE(write("x"));
  stream_.reset();
  loop_.drain();
  EXPECT_TRUE(ended_.empty());
}

TEST_F(StreamEndTest, CanBeAskedAfterItEnded) {
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

TEST_F(StreamEndTest, NeedsNoHandlerUntilStarted) {
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

TEST_F(StreamEndTest, MayTakeItsHandlerWithIt) {
  int alive = 0;
  TcpPair pair = make_tcp_pair();
  Peer peer(pair.theirs);
  new SelfOwned(loop_, pair, alive);
  peer.leave();
  run_until([&] { return alive == 0; });
}

}  // namespace
}  // namespace camloop
