// A source on a real loop, and somebody who takes down all that it tells.
#pragma once

#include "base/clock.h"
#include "io/loop.h"
#include "io/timer.h"
#include "sources/source.h"
#include "sources/source_options.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace camloop {

class SourceTest : public testing::Test, protected SourceHandler {
 protected:
  ~SourceTest() override {
    source_.reset();
    give_up_.reset();
    loop_.drain();
  }

  /// Runs the loop until `done`, which is asked whenever the source has told something.
  void run_until(std::function<bool()> done) {
    done_ = std::move(done);
    give_up_->start(20 * kSecond_us);
    if (!done_()) loop_.run();
    ASSERT_TRUE(done_()) << "waited in vain";
  }

  bool wants(int64_t captured_us) override {
    ++asked_;
    asked_at_us_ = captured_us;
    bool wanted = wanted_;
    stop_when_done();
    return wanted;
  }
  void on_picture(Picture picture) override {
    pictures_.push_back(std::move(picture));
    stop_when_done();
  }
  void on_jpeg(Frame frame) override {
    widths_.push_back(frame.width);
    frames_.push_back(std::move(frame));
    stop_when_done();
  }
  void on_lost(const Error& why) override {
    lost_.push_back(why.text);
    stop_when_done();
  }
  void stop_when_done() {
    if (done_()) loop_.stop();
  }

  SourceOptions options_{.width = 64, .height = 48, .fps = 1000};
  Loop loop_;
  Owned<Timer> give_up_ = Timer::create(loop_, [this] { loop_.stop(); });
  bool wanted_ = true;
  int asked_ = 0;
  int64_t asked_at_us_ = 0;
  std::vector<Picture> pictures_;
  std::vector<Frame> frames_;
  std::vector<int> widths_;  // of the frames
  std::vector<std::string> lost_;
  std::unique_ptr<Source> source_;
  std::function<bool()> done_ = [] { return false; };
};

}  // namespace camloop
