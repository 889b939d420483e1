#include "io/handle.h"

#include "base/check.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include <uv.h>

namespace camloop {
namespace {

// A handle that notes its life, a word an event, and tells its owner of its end as a Stream does.
class Probe : public Handle {
 public:
  Probe(Loop& loop, std::vector<std::string>& life, std::function<void()> on_end)
      : Handle(loop), life_(life), on_end_(std::move(on_end)) {
    CHECK(uv_timer_init(loop.uv(), &timer_) == 0);
    timer_.data = static_cast<Handle*>(this);
  }
  ~Probe() override { life_.push_back("freed"); }

  void end_by_itself() { close(); }
  bool is_live() const { return live(); }

 private:
  uv_handle_t* uv() override { return reinterpret_cast<uv_handle_t*>(&timer_); }
  void on_closing() override { life_.push_back("closing"); }
  void on_ended() override {
    life_.push_back("ended");
    if (on_end_) on_end_();
  }

  uv_timer_t timer_{};
  std::vector<std::string>& life_;
  std::function<void()> on_end_;
};

class HandleTest : public testing::Test {
 protected:
  using Life = std::vector<std::string>;

  Owned<Probe> make(std::function<void()> on_end = {}) {
    return Owned<Probe>(new Probe(loop_, life_, std::move(on_end)));
  }

  Loop loop_;  // its destructor checks that nothing is left
  Life life_;
};

TEST_F(HandleTest, DetachesNowAndIsFreedByTheLoop) {
  Owned<Probe> probe = make();
  EXPECT_TRUE(probe->is_live());
  probe.reset();
  EXPECT_EQ(life_, Life{"closing"});
  loop_.drain();
  EXPECT_EQ(life_, (Life{"closing", "freed"}));
}

TEST_F(HandleTest, TellsItsOwnerOnceFromTheLoopThatItEnded) {
  Owned<Probe> probe = make();
  probe->end_by_itself();
  EXPECT_FALSE(probe->is_live());
  EXPECT_EQ(life_, Life{"closing"});
  loop_.run();
  EXPECT_EQ(life_, (Life{"closing", "ended"}));
  loop_.run();
  EXPECT_EQ(life_, (Life{"closing", "ended"}));
  probe.reset();
  EXPECT_EQ(life_, (Life{"closing", "ended", "freed"}));
}

TEST_F(HandleTest, MayBeDroppedWhileItTellsOfItsEnd) {
  Owned<Probe> probe;
  probe = make([&] {
    probe.reset();
    EXPECT_EQ(life_, (Life{"closing", "ended"})) << "freed under its own feet";
  });
  probe->end_by_itself();
  loop_.run();
  EXPECT_EQ(life_, (Life{"closing", "ended", "freed"}));
}

TEST_F(HandleTest, TellsNobodyWhenDroppedOnItsWayOut) {
  Owned<Probe> probe = make();
  probe->end_by_itself();
  probe.reset();
  loop_.drain();
  EXPECT_EQ(life_, (Life{"closing", "freed"}));
}

TEST_F(HandleTest, EndsOnceHoweverOftenItIsTold) {
  Owned<Probe> probe = make();
  probe->end_by_itself();
  probe->end_by_itself();
  loop_.run();
  probe->end_by_itself();
  loop_.run();
  EXPECT_EQ(life_, (Life{"closing", "ended"}));
}

TEST_F(HandleTest, MayDropOthersWhileItTellsOfItsEnd) {
  Owned<Probe> other = make();
  Owned<Probe> ended_too = make();
  Owned<Probe> probe = make([&] {
    other.reset();
    ended_too.reset();
  });
  probe->end_by_itself();
  ended_too->end_by_itself();
  loop_.run();
  probe.reset();
  loop_.drain();
  EXPECT_EQ(std::count(life_.begin(), life_.end(), "freed"), 3);
  EXPECT_EQ(std::count(life_.begin(), life_.end(), "closing"), 3);
}

TEST_F(HandleTest, KnowsItsLoop) {
  Owned<Probe> probe = make();
  EXPECT_EQ(&probe->loop(), &loop_);
  probe.reset();
  loop_.drain();
}

}  // namespace
}  // namespace camloop
