#include "io/loop.h"

#include "base/clock.h"
#include "io/idle.h"
#include "io/timer.h"

#include <gtest/gtest.h>

#include <optional>

namespace camloop {
namespace {

TEST(Loop, ReturnsWhenThereIsNothingToDo) {
  Loop loop;
  loop.run();
  loop.drain();
}

TEST(Loop, ReturnsOnceTheLastHandleIsGone) {
  Loop loop;
  Owned<Timer> timer;
  timer = Timer::create(loop, [&] { timer.reset(); });
  timer->start(0);
  loop.run();
  EXPECT_EQ(timer, nullptr);
}

TEST(Loop, StopsAfterTheCallbackInProgress) {
  Loop loop;
  int turns = 0;
  auto idle = Idle::create(loop, [&] {
    ++turns;
    loop.stop();
    loop.stop();
  });
  idle->start();
  loop.run();
  EXPECT_EQ(turns, 1);
  loop.run();
  EXPECT_EQ(turns, 2) << "it runs again as if nothing had been";
  idle.reset();
  loop.drain();
}

TEST(Loop, DrainsWhatWasDropped) {
  std::optional<Loop> loop(std::in_place);
  for (int i = 0; i < 10; ++i) Timer::create(*loop, [] {})->start_periodic(1);
  loop->drain();
  loop.reset();
}

TEST(Loop, MeasuresEveryCallback) {
  Loop loop;
  EXPECT_EQ(loop.stalls().count(), 0u);
  int turns = 0;
  auto idle = Idle::create(loop, [&] {
    if (++turns == 5) loop.stop();
  });
  idle->start();
  loop.run();
  EXPECT_EQ(loop.stalls().count(), 5u);
  idle.reset();
  loop.drain();
}

TEST(Loop, MeasuresHowLongATurnLasted) {
  Loop loop;
  int64_t begin_us = 0;
  {
    Loop::Turn turn(loop);
    begin_us = monotonic_us();
    while (monotonic_us() < begin_us + 3000) {
    }
  }
  EXPECT_GE(loop.stalls().max_us(), 3000);
}

TEST(Loop, LendsOneBufferToAllReads) {
  Loop loop;
  MutableBytes buffer = loop.read_buffer();
  EXPECT_EQ(buffer.size(), 64u * 1024);
  buffer.front() = buffer.back() = 1;
  EXPECT_EQ(loop.read_buffer().data(), buffer.data());
}

TEST(LoopDeathTest, EndsTheProgramWhenAHandleIsLeft) {
  auto forget_a_timer = [] {
    Loop loop;
    Timer::create(loop, [] {}).release();
  };
  EXPECT_DEATH(forget_a_timer(), "check failed: uv_loop_close");
}

TEST(LoopDeathTest, EndsTheProgramWhenItCannotBeDrained) {
  auto keep_a_timer = [] {
    Loop loop;
    auto idle = Idle::create(loop, [&] { loop.stop(); });
    idle->start();
    loop.drain();
  };
  EXPECT_DEATH(keep_a_timer(), "check failed: uv_run");
}

}  // namespace
}  // namespace camloop
