#include "media/hub.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

class FakeViewer : public Viewer {
 public:
  bool wants(int64_t captured_us) override { return captured_us >= wanted_from_us; }
  void on_frame(const Frame& frame) override { frames.push_back(frame); }

  int64_t wanted_from_us = 0;
  std::vector<Frame> frames;
};

class HubTest : public testing::Test {
 protected:
  Frame make_frame(uint64_t sequence) {
    BufferRef jpeg = pool_.take(10);
    jpeg.set_size(10);
    return Frame{jpeg, 640, 480, 1'000'000, sequence};
  }

  BufferPool pool_{1};
  Hub hub_;
  FakeViewer first_, second_;
};

TEST_F(HubTest, BeginsWithoutAFrameAndUnwatched) {
  EXPECT_FALSE(hub_.newest());
  EXPECT_EQ(hub_.published(), 0u);
  EXPECT_FALSE(hub_.watched());
  EXPECT_FALSE(hub_.wants(0));
}

TEST_F(HubTest, TellsWhenDemandBeginsAndEnds) {
  std::vector<bool> changes;
  hub_.on_demand_changed([&] { changes.push_back(hub_.watched()); });
  hub_.attach(first_);
  EXPECT_EQ(changes, std::vector<bool>{true});
  hub_.attach(second_);
  hub_.detach(first_);
  EXPECT_EQ(changes, std::vector<bool>{true}) << "somebody watches all the time";
  hub_.detach(second_);
  EXPECT_EQ(changes, (std::vector<bool>{true, false}));
  hub_.attach(first_);
  EXPECT_EQ(changes, (std::vector<bool>{true, false, true}));
}

TEST_F(HubTest, TellsNobodyOnceNobodyAsks) {
  hub_.on_demand_changed([] { FAIL(); });
  hub_.on_demand_changed({});
  hub_.attach(first_);
  hub_.detach(first_);
}

TEST_F(HubTest, WantsWhatAnyViewerWants) {
  hub_.attach(first_);
  hub_.attach(second_);
  first_.wanted_from_us = 200;
  second_.wanted_from_us = 100;
  EXPECT_FALSE(hub_.wants(99));
  EXPECT_TRUE(hub_.wants(100));
  hub_.detach(second_);
  EXPECT_FALSE(hub_.wants(199));
  EXPECT_TRUE(hub_.wants(200));
}

TEST_F(HubTest, HandsTheSameBytesToEveryViewer) {
  hub_.attach(first_);
  hub_.attach(second_);
  Frame frame = make_frame(7);
  hub_.publish(frame);
  for (const FakeViewer* viewer : {&first_, &second_}) {
    ASSERT_EQ(viewer->frames.size(), 1u);
    EXPECT_EQ(viewer->frames[0].sequence, 7u);
    EXPECT_EQ(viewer->frames[0].jpeg.bytes().data(), frame.jpeg.bytes().data());
  }
}

TEST_F(HubTest, KeepsTheNewestFrameWhoeverWatches) {
  hub_.publish(make_frame(1));
  hub_.publish(make_frame(2));
  EXPECT_EQ(hub_.newest().sequence, 2u);
  EXPECT_EQ(hub_.published(), 2u);
  hub_.publish(hub_.newest());
  EXPECT_EQ(hub_.newest().sequence, 2u);
  EXPECT_EQ(hub_.published(), 3u);
}

TEST_F(HubTest, LetsTheOldFrameGo) {
  Frame old = make_frame(1);
  hub_.publish(old);
  hub_.publish(make_frame(2));
  old.jpeg.set_size(0);  // checks that nobody else holds it
}

TEST_F(HubTest, ShowsNothingToWhoHasLeft) {
  hub_.attach(first_);
  hub_.detach(first_);
  hub_.publish(make_frame(1));
  EXPECT_TRUE(first_.frames.empty());
}

TEST_F(HubTest, SwitchedOffItShowsNobodyAnythingAndForgets) {
  std::vector<bool> changes;
  hub_.attach(first_);
  hub_.publish(make_frame(1));
  hub_.on_demand_changed([&] { changes.push_back(hub_.watched()); });
  hub_.set_on(false);
  EXPECT_FALSE(hub_.newest());
  EXPECT_FALSE(hub_.wants(1'000'000));
  hub_.publish(make_frame(2));
  hub_.attach(second_);
  EXPECT_FALSE(hub_.newest());
  EXPECT_EQ(first_.frames.size(), 1u);
  hub_.set_on(true);
  EXPECT_EQ(changes.front(), false);
  EXPECT_EQ(changes.back(), true);
  hub_.publish(make_frame(3));
  EXPECT_EQ(first_.frames.size(), 2u);
  EXPECT_EQ(second_.frames.size(), 1u);
  EXPECT_EQ(hub_.published(), 2u);
}

using HubDeathTest = HubTest;

TEST_F(HubDeathTest, KnowsItsViewers) {
  hub_.attach(first_);
  EXPECT_DEATH(hub_.attach(first_), "check failed");
  EXPECT_DEATH(hub_.detach(second_), "check failed");
  EXPECT_DEATH(hub_.publish(Frame{}), "check failed");
}

}  // namespace
}  // namespace camloop
