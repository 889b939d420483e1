// A V4l2Source on a kernel that is a fake, and what it tells its handler.
#pragma once

#include "sources/v4l2/v4l2_source.h"

#include "unit/sources/v4l2/v4l2_fake_kernel.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace camloop {

inline constexpr int64_t kNever_us = 3600 * kSecond_us;
// Long enough for a busy machine; only a failing test waits for it.
inline constexpr int64_t kGiveUp_us = 20 * kSecond_us;

class V4l2SourceTest : public ::testing::Test, public SourceHandler {
 protected:
  V4l2SourceTest() {
    options_.width = 64;
    options_.height = 16;
    patience_ = {.stall_us = kNever_us,
                 .retry_min_us = kMillisecond_us,
                 .retry_max_us = 4 * kMillisecond_us,
                 .release_us = kMillisecond_us,
                 .idle_us = kMillisecond_us};
  }
  ~V4l2SourceTest() override {
    pictures_.clear();
    source_.reset();
    loop_.drain();
    EXPECT_TRUE(kernel_.all_closed());
    EXPECT_EQ(kernel_.violations, std::vector<std::string>());
  }

  bool wants(int64_t captured_us) override {
    asked_.push_back(captured_us);
    return wanted_;
  }
  void on_picture(Picture picture) override {
    ++picture_count_;
    last_value_ = picture.view().planes[0].data[0];
    if (keeps_) pictures_.push_back(std::move(picture));
  }
  void on_jpeg(Frame frame) override { frames_.push_back(std::move(frame)); }
  void on_lost(const Error& why) override { lost_.push_back(why.text); }

  void start(const std::string& path = "/dev/video0") {
    source_ = std::make_unique<V4l2Source>(loop_, kernel_, path, options_, pool_, *this, patience_);
  }
  void start_and_stream() {
    start();
    run_until([this] { return kernel_.streaming; });
  }
  /// Runs the loop until `done`, which is looked at about every millisecond.
  void run_until(const std::function<bool()>& done) {
    int64_t give_up_us = monotonic_us() + kGiveUp_us;
    Owned<Timer> look = Timer::create(loop_, [&] {
      if (done() || monotonic_us() > give_up_us) loop_.stop();
    });
    look->start_periodic(kMillisecond_us);
    loop_.run();
    EXPECT_TRUE(done());
  }
  void fill_and_wait(const FakeShot& shot) {
    size_t before = asked_.size();
    ASSERT_TRUE(kernel_.fill(shot));
    run_until([&] { return asked_.size() > before; });
  }
  const SourceFacts& facts() { return source_->facts(); }

  Loop loop_;
  FakeKernel kernel_;
  BufferPool pool_{4};
  SourceOptions options_;
  V4l2Patience patience_;
  std::unique_ptr<Source> source_;

  bool wanted_ = true;
  bool keeps_ = false;
  std::vector<int64_t> asked_;
  std::vector<Picture> pictures_;
  int picture_count_ = 0;
  int last_value_ = -1;
  std::vector<Frame> frames_;
  std::vector<std::string> lost_;
};

}  // namespace camloop
