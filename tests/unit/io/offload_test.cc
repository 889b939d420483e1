#include "io/offload.h"

#include "base/clock.h"
#include "io/timer.h"

#include <gtest/gtest.h>

#include <semaphore>
#include <thread>

namespace camloop {
namespace {

struct Story {
  std::thread::id ran_on;
  std::thread::id returned_on;
  bool destroyed = false;
  std::binary_semaphore may_return{0};
};

class WaitingCall : public BlockingCall {
 public:
  explicit WaitingCall(Story& story) : story_(story) {}
  ~WaitingCall() override { story_.destroyed = true; }
  void run() override {
    story_.ran_on = std::this_thread::get_id();
    story_.may_return.acquire();
  }
  void on_returned() override {
    EXPECT_FALSE(story_.destroyed);
    story_.returned_on = std::this_thread::get_id();
  }

 private:
  Story& story_;
};

TEST(OffloadTest, LetsTheLoopGoOnDuringTheCall) {
  Loop loop;
  Story story;
  offload(loop, std::make_unique<WaitingCall>(story));
  int turns = 0;
  Owned<Timer> timer;
  timer = Timer::create(loop, [&] {
    if (++turns < 5) return;
    timer.reset();
    story.may_return.release();
  });
  timer->start_periodic(1000);
  loop.run();
  EXPECT_EQ(turns, 5);
  EXPECT_EQ(story.returned_on, std::this_thread::get_id());
  EXPECT_NE(story.ran_on, std::this_thread::get_id());
  EXPECT_TRUE(story.destroyed);
  EXPECT_EQ(loop.stalls().count(), 6u);
}

TEST(OffloadTest, KeepsALoopThatWasStoppedFromBeingDrainedTooEarly) {
  Loop loop;
  Story story;
  offload(loop, std::make_unique<WaitingCall>(story));
  loop.stop();
  loop.run();
  EXPECT_FALSE(story.destroyed);
  story.may_return.release();
  loop.drain();
  EXPECT_TRUE(story.destroyed);
}

TEST(OffloadTest, DoesNotHoldUpAnEndThatCannotWaitForIt) {
  Loop loop;
  Story story;
  offload(loop, std::make_unique<WaitingCall>(story));
  EXPECT_FALSE(loop.drain_within(10 * kMillisecond_us));
  story.may_return.release();
  EXPECT_TRUE(loop.drain_within(20 * kSecond_us));
  EXPECT_TRUE(story.destroyed);
}

}  // namespace
}  // namespace camloop
