#include "io/poll.h"

#include "base/check.h"
#include "io/timer.h"

#include <gtest/gtest.h>

#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace camloop {
namespace {

class PollTest : public testing::Test {
 protected:
  PollTest() { CHECK(pipe2(ends_, O_NONBLOCK | O_CLOEXEC) == 0); }
  ~PollTest() override {
    poll_.reset();
    leave(ends_[0]);
    leave(ends_[1]);
    loop_.drain();
  }

  static void leave(int& descriptor) {
    if (descriptor >= 0) close(std::exchange(descriptor, -1));
  }
  void put(char c) { CHECK(write(ends_[1], &c, 1) == 1); }
  char take() {
    char c = 0;
    return read(ends_[0], &c, 1) == 1 ? c : '-';
  }
  /// Some turns of the loop, in which all comes that will come.
  void run_a_while() {
    int turns = 0;
    auto timer = Timer::create(loop_, [&] {
      if (++turns == 5) loop_.stop();
    });
    timer->start_periodic(1000);
    loop_.run();
  }

  Loop loop_;
  int ends_[2];
  Owned<Poll> poll_;
};

TEST_F(PollTest, TellsThatThereIsSomethingToRead) {
  std::string taken;
  poll_ = Poll::create(loop_, ends_[0], [&](bool fault) {
    EXPECT_FALSE(fault);
    taken += take();
    if (taken.size() == 2) loop_.stop();
  });
  poll_->start();
  put('a');
  put('b');  // it comes again while something is left
  loop_.run();
  EXPECT_EQ(taken, "ab");
}

TEST_F(PollTest, IsSilentWhileThereIsNothing) {
  poll_ = Poll::create(loop_, ends_[0], [](bool) { FAIL(); });
  poll_->start();
  run_a_while();
}

TEST_F(PollTest, IsSilentUnlessStarted) {
  int calls = 0;
  poll_ = Poll::create(loop_, ends_[0], [&](bool) {
    ++calls;
    take();
  });
  put('a');
  run_a_while();
  EXPECT_EQ(calls, 0);
  poll_->start();
  run_a_while();
  EXPECT_EQ(calls, 1);
  poll_->stop();
  put('b');
  run_a_while();
  EXPECT_EQ(calls, 1);
  poll_->start();
  run_a_while();
  EXPECT_EQ(calls, 2);
}

TEST_F(PollTest, TellsOfAFaultOnceAndStopsWatching) {
  int faults = 0;
  poll_ = Poll::create(loop_, ends_[1], [&](bool fault) { faults += fault; });
  poll_->start();
  leave(ends_[0]);  // nobody will read: the writing end is in error for good
  run_a_while();
  EXPECT_EQ(faults, 1);
  poll_->start();
  run_a_while();
  EXPECT_EQ(faults, 2);
}

TEST_F(PollTest, MayBeDroppedFromItsOwnCallAndItsDescriptorClosed) {
  poll_ = Poll::create(loop_, ends_[0], [&](bool) {
    poll_.reset();
    leave(ends_[0]);
  });
  poll_->start();
  put('a');
  loop_.run();
  EXPECT_EQ(poll_, nullptr);
}

TEST_F(PollTest, LeavesADescriptorToItsSuccessor) {
  poll_ = Poll::create(loop_, ends_[0], [](bool) { FAIL() << "it has been dropped"; });
  poll_->start();
  int number = ends_[0];
  poll_.reset();
  leave(ends_[0]);
  leave(ends_[1]);
  CHECK(pipe2(ends_, O_NONBLOCK | O_CLOEXEC) == 0);
  ASSERT_EQ(ends_[0], number) << "the kernel gives the lowest number that is free";
  int calls = 0;
  poll_ = Poll::create(loop_, ends_[0], [&](bool) {
    ++calls;
    loop_.stop();
  });
  poll_->start();
  put('a');
  loop_.run();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace camloop
