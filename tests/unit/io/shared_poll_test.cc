#include "io/shared_poll.h"

#include "unit/io/stream_ends.h"
#include "unit/sinks/loop_client.h"
#include "unit/temp_folder.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace camloop {
namespace {

class SharedPollTest : public testing::Test {
 protected:
  ~SharedPollTest() override {
    poll_.reset();
    leave(ends_.near);
    leave(ends_.far);
    loop_.drain();
  }

  void watch(Ends ends, Poll::Event event = Poll::Event::kReadable) {
    ends_ = ends;
    poll_ = std::make_unique<SharedPoll>(loop_, ends.near, event, [this] { ++calls_; });
  }
  /// Some turns of the loop, in which all comes that will come.
  void run_a_while() {
    int turns = 0;
    ASSERT_TRUE(turn_until(loop_, [&turns] { return ++turns > 10; }));
  }

  Loop loop_;
  Ends ends_;
  std::unique_ptr<SharedPoll> poll_;
  int calls_ = 0;
};

TEST_F(SharedPollTest, TellsAgainAndAgainWhileItIsReady) {
  watch(pipe_to_read());
  poll_->start();
  run_a_while();
  EXPECT_EQ(calls_, 0);
  ASSERT_EQ(write(ends_.far, "x", 1), 1);
  ASSERT_TRUE(turn_until(loop_, [this] { return calls_ > 3; }));
  EXPECT_TRUE(is_blocking(ends_.near));
}

TEST_F(SharedPollTest, IsSilentUnlessStarted) {
  watch(pipe_to_write(), Poll::Event::kWritable);
  run_a_while();
  EXPECT_EQ(calls_, 0);
  poll_->start();
  poll_->start();
  ASSERT_TRUE(turn_until(loop_, [this] { return calls_ > 0; }));
  poll_->stop();
  int before = calls_;
  run_a_while();
  EXPECT_EQ(calls_, before);
}

TEST_F(SharedPollTest, TellsOfTheOtherEndsLeaving) {
  watch(pipe_to_read());
  poll_->start();
  leave(ends_.far);
  ASSERT_TRUE(turn_until(loop_, [this] { return calls_ > 0; }));
}

TEST_F(SharedPollTest, IsReadyForAFileAndForNothingAtAll) {
  TempFolder folder;
  for (int descriptor : {open(folder.write("file", "").c_str(), O_RDONLY | O_CLOEXEC), -1}) {
    calls_ = 0;
    watch({descriptor});
    poll_->start();
    ASSERT_TRUE(turn_until(loop_, [this] { return calls_ > 3; }));
    poll_.reset();
    leave(ends_.near);
  }
}

}  // namespace
}  // namespace camloop
