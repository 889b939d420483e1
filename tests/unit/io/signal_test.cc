#include "io/signal.h"

#include <gtest/gtest.h>

#include <csignal>

namespace camloop {
namespace {

class SignalTest : public testing::Test {
 protected:
  ~SignalTest() override {
    signal_.reset();
    loop_.drain();
  }

  Loop loop_;
  int received_ = 0;
  Owned<Signal> signal_ = Signal::create(loop_, SIGUSR1, [this] {
    ++received_;
    loop_.stop();
  });
};

TEST_F(SignalTest, ComesFromTheLoop) {
  raise(SIGUSR1);
  EXPECT_EQ(received_, 0);
  loop_.run();
  EXPECT_EQ(received_, 1);
  raise(SIGUSR1);
  loop_.run();
  EXPECT_EQ(received_, 2);
}

TEST_F(SignalTest, GoesToEveryoneWhoListens) {
  int received_too = 0;
  auto other = Signal::create(loop_, SIGUSR1, [&] { ++received_too; });
  raise(SIGUSR1);
  while (received_ + received_too < 2) loop_.run();
  EXPECT_EQ(received_, 1);
  EXPECT_EQ(received_too, 1);
  other.reset();
}

TEST_F(SignalTest, DoesWhatItDidBeforeOnceNobodyListens) {
  signal_.reset();
  loop_.drain();
  struct sigaction action {};
  sigaction(SIGUSR1, nullptr, &action);
  EXPECT_EQ(action.sa_handler, SIG_DFL);
}

TEST_F(SignalTest, MayBeDroppedWhenReceived) {
  Owned<Signal> once;
  once = Signal::create(loop_, SIGUSR2, [&] {
    once.reset();
    loop_.stop();
  });
  raise(SIGUSR2);
  loop_.run();
  EXPECT_EQ(once, nullptr);
}

}  // namespace
}  // namespace camloop
