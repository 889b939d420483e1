#include "sources/pattern_source.h"

#include "unit/sources/source_fixture.h"

#include <algorithm>
#include <cstring>

namespace camloop {
namespace {

class PatternSourceTest : public SourceTest {
 protected:
  ~PatternSourceTest() override { pictures_.clear(); }

  void start() {
    source_ = make_pattern_source(loop_, options_, *this);
    source_->set_active(true);
  }
  void run_for_pictures(size_t count) {
    run_until([this, count] { return pictures_.size() >= count; });
  }
};

uint8_t at(const PictureView& view, size_t plane, int x, int y) {
  return view.planes[plane]
      .data[static_cast<size_t>(y) * view.planes[plane].stride + static_cast<size_t>(x)];
}

TEST_F(PatternSourceTest, nothing_is_told_before_the_loop_runs) {
  start();
  EXPECT_EQ(asked_, 0);
  EXPECT_TRUE(pictures_.empty());
}

TEST_F(PatternSourceTest, pictures_have_the_size_asked_for) {
  start();
  run_for_pictures(1);
  const PictureView& view = pictures_[0].view();
  EXPECT_EQ(view.format, PixelFormat::kYu12);
  EXPECT_EQ(view.width, 64);
  EXPECT_EQ(view.height, 48);
  EXPECT_EQ(view.captured_us, asked_at_us_);
  EXPECT_EQ(source_->facts().width, 64);
  EXPECT_EQ(source_->facts().height, 48);
  EXPECT_EQ(source_->facts().pictures, 1u);
}

TEST_F(PatternSourceTest, every_size_can_be_drawn) {
  for (auto [width, height] :
       {std::pair{1, 1}, {16, 16}, {17, 33}, {320, 16}, {16, 320}, {1921, 1081}}) {
    options_.width = width;
    options_.height = height;
    pictures_.clear();
    start();
    run_for_pictures(2);
    EXPECT_EQ(pictures_[0].view().width, std::max(width & ~1, 16));
    EXPECT_EQ(pictures_[0].view().height, std::max(height & ~1, 16));
    pictures_.clear();
    source_.reset();
  }
}

// 75% red is 191, 0, 0: luma 0.299 * 191, and the colour differences of ITU-T T.871.
TEST_F(PatternSourceTest, the_sixth_bar_is_red) {
  options_.width = 640;
  options_.height = 480;
  start();
  run_for_pictures(1);
  const PictureView& view = pictures_[0].view();
  EXPECT_NEAR(at(view, 0, 440, 340), 57, 1);
  EXPECT_NEAR(at(view, 1, 220, 170), 128 - 0.168736 * 191, 1);
  EXPECT_NEAR(at(view, 2, 220, 170), 128 + 0.5 * 191, 1);
}

TEST_F(PatternSourceTest, the_picture_moves_and_leaves_no_trace) {
  start();
  run_for_pictures(2);
  auto bottom = [](const Picture& picture) {
    const Plane& luma = picture.view().planes[0];
    return std::string(reinterpret_cast<const char*>(luma.data) + 47 * luma.stride, 64);
  };
  std::string first = bottom(pictures_[0]), second = bottom(pictures_[1]);
  EXPECT_NE(first, second);
  size_t bright = static_cast<size_t>(std::count(first.begin(), first.end(), first[0]));
  pictures_.clear();
  run_for_pictures(1);
  std::string third = bottom(pictures_[0]);
  EXPECT_EQ(static_cast<size_t>(std::count(third.begin(), third.end(), first[0])), bright);
}

TEST_F(PatternSourceTest, the_frame_number_is_drawn) {
  options_.width = 640;
  options_.height = 480;
  start();
  run_for_pictures(2);
  // The text's second line.
  auto number = [](const Picture& picture) {
    const Plane& luma = picture.view().planes[0];
    return std::string(reinterpret_cast<const char*>(luma.data) + 75 * 640, 30 * 640);
  };
  EXPECT_NE(number(pictures_[0]), number(pictures_[1]));
}

TEST_F(PatternSourceTest, a_tick_nobody_wants_draws_nothing_but_counts) {
  wanted_ = false;
  start();
  run_until([this] { return asked_ >= 5; });
  EXPECT_TRUE(pictures_.empty());
  EXPECT_EQ(source_->facts().dropped_stale, 0u);
  int unwanted = asked_;
  wanted_ = true;
  run_for_pictures(1);
  EXPECT_EQ(pictures_[0].view().sequence, static_cast<uint64_t>(unwanted));
}

TEST_F(PatternSourceTest, while_both_buffers_are_on_loan_ticks_are_left_out_and_counted) {
  start();
  run_for_pictures(2);
  int asked_before = asked_;
  run_until([this, asked_before] { return asked_ >= asked_before + 3; });
  EXPECT_EQ(pictures_.size(), 2u);
  EXPECT_GE(source_->facts().dropped_stale, 2u);
  pictures_.clear();
  run_for_pictures(1);
}

TEST_F(PatternSourceTest, a_picture_on_loan_stays_as_it_is) {
  start();
  run_for_pictures(1);
  const Plane luma = pictures_[0].view().planes[0];
  std::vector<uint8_t> before(luma.data, luma.data + 64 * 48);
  run_until([this] { return asked_ >= 10; });
  EXPECT_EQ(std::memcmp(before.data(), luma.data, before.size()), 0);
}

TEST_F(PatternSourceTest, an_idle_source_gives_a_picture_at_once_when_somebody_watches) {
  source_ = make_pattern_source(loop_, options_, *this);
  wanted_ = false;
  run_until([this] { return asked_ == 1; });
  wanted_ = true;
  source_->set_active(true);
  EXPECT_TRUE(pictures_.empty());
  run_for_pictures(1);
  EXPECT_EQ(pictures_[0].view().sequence, 1u);
}

TEST_F(PatternSourceTest, an_active_source_that_becomes_idle_goes_on_asking) {
  start();
  run_for_pictures(1);
  pictures_.clear();
  source_->set_active(false);
  run_for_pictures(1);
}

}  // namespace
}  // namespace camloop
