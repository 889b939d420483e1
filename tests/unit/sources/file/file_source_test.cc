#include "sources/file/file_source.h"

#include "unit/sources/source_fixture.h"
#include "unit/sources/test_files.h"
#include "unit/temp_folder.h"

namespace camloop {
namespace {

using Widths = std::vector<int>;

class FileSourceTest : public SourceTest {
 protected:
  ~FileSourceTest() override { pictures_.clear(); }

  void start(const std::string& path) {
    auto made = make_file_source(loop_, path, options_, pool_, *this);
    ASSERT_TRUE(made.ok());
    source_ = std::move(made).value();
    source_->set_active(true);
  }
  void run_for_frames(size_t count) {
    run_until([this, count] { return frames_.size() >= count; });
  }
  void run_for_ticks(int count) {
    run_until([this, until = asked_ + count] { return asked_ >= until; });
  }
  void run_until_lost(size_t times = 1) {
    run_until([this, times] { return lost_.size() >= times; });
  }
  std::string y4m(std::string_view values) {
    std::string bytes(kSmallY4mHeader);
    for (char value : values) bytes += small_y4m_frame(value);
    return bytes;
  }

  TempFolder folder_;
  BufferPool pool_{2};
};

TEST_F(FileSourceTest, an_empty_path_is_refused_at_once) {
  EXPECT_FALSE(make_file_source(loop_, "", options_, pool_, *this).ok());
}

TEST_F(FileSourceTest, nothing_is_told_before_the_loop_runs) {
  start(folder_.path_of("none"));
  EXPECT_TRUE(lost_.empty());
  EXPECT_EQ(asked_, 0);
}

TEST_F(FileSourceTest, a_film_loops_and_numbers_its_ticks) {
  start(folder_.write("film", jpeg_of_width(1) + jpeg_of_width(2)));
  run_for_frames(4);
  EXPECT_EQ(widths_, (Widths{1, 2, 1, 2}));
  for (uint64_t tick = 0; tick < 4; ++tick) EXPECT_EQ(frames_[tick].sequence, tick);
  EXPECT_LT(frames_[0].captured_us, frames_[1].captured_us);
  EXPECT_EQ(frames_[3].captured_us, asked_at_us_);
  EXPECT_EQ(source_->facts().pictures, 4u);
  EXPECT_EQ(source_->facts().width, 2);
  EXPECT_EQ(source_->facts().fps, 1000);
}

TEST_F(FileSourceTest, pictures_of_a_y4m_file_are_lent) {
  start(folder_.write("film", y4m("abc")));
  run_until([this] { return pictures_.size() == 2; });
  EXPECT_EQ(pictures_[0].view().planes[0].data[0], 'a');
  EXPECT_EQ(pictures_[1].view().planes[0].data[0], 'b');
  EXPECT_EQ(source_->facts().width, 4);
  EXPECT_EQ(source_->facts().height, 2);
}

TEST_F(FileSourceTest, a_film_moves_on_while_nobody_wants_it) {
  start(folder_.write("film", y4m("abcdefgh")));
  run_until([this] { return pictures_.size() == 1; });
  wanted_ = false;
  run_for_ticks(2);
  wanted_ = true;
  run_until([this] { return pictures_.size() == 2; });
  EXPECT_EQ(pictures_[1].view().sequence % 8 + 'a', pictures_[1].view().planes[0].data[0]);
}

TEST_F(FileSourceTest, a_still_is_shown_once) {
  start(folder_.write("still", jpeg_of_width(5)));
  run_for_ticks(10);
  EXPECT_EQ(widths_, Widths{5});
}

TEST_F(FileSourceTest, a_still_is_shown_again_when_it_is_written_to) {
  start(folder_.write("still", jpeg_of_width(5)));
  run_for_ticks(5);
  folder_.write("still", make_jpeg({.width = 6, .scan_size = 50}));
  run_for_frames(2);
  run_for_ticks(5);
  EXPECT_EQ(widths_, (Widths{5, 6}));
}

TEST_F(FileSourceTest, a_still_is_shown_again_when_another_is_renamed_over_it) {
  start(folder_.write("still", jpeg_of_width(5)));
  for (int width = 6; width < 9; ++width) {
    run_for_ticks(3);
    folder_.replace("still", jpeg_of_width(width));
  }
  run_for_frames(4);
  EXPECT_EQ(widths_, (Widths{5, 6, 7, 8}));
  EXPECT_EQ(source_->facts().reopened, 0u);
}

TEST_F(FileSourceTest, a_still_is_shown_again_when_somebody_begins_to_watch) {
  start(folder_.write("still", jpeg_of_width(5)));
  run_for_ticks(3);
  source_->set_active(false);
  source_->set_active(true);
  run_for_frames(2);
}

TEST_F(FileSourceTest, a_film_becomes_whatever_is_renamed_over_it) {
  start(folder_.write("film", jpeg_of_width(1) + jpeg_of_width(2)));
  run_for_frames(3);
  folder_.replace("film", y4m("a"));
  run_until([this] { return pictures_.size() == 1; });
  EXPECT_EQ(source_->facts().format, "Y4M 4:2:0");
  EXPECT_TRUE(lost_.empty());
}

TEST_F(FileSourceTest, a_film_becomes_whatever_is_written_over_it) {
  start(folder_.write("film", y4m("ab")));
  run_until([this] { return pictures_.size() == 1; });
  pictures_.clear();
  folder_.write("film", jpeg_of_width(3) + jpeg_of_width(4));
  run_for_frames(2);
  EXPECT_EQ(widths_, (Widths{3, 4}));
  EXPECT_TRUE(lost_.empty());
}

TEST_F(FileSourceTest, a_picture_may_be_given_back_after_its_film_is_gone) {
  start(folder_.write("film", y4m("ab")));
  run_until([this] { return pictures_.size() == 1; });
  folder_.replace("film", jpeg_of_width(3));
  run_for_frames(1);
  EXPECT_EQ(pictures_[0].view().planes[0].data[0], 'a');
  pictures_.clear();
}

TEST_F(FileSourceTest, a_missing_file_is_told_and_shown_once_it_is_there) {
  start(folder_.path_of("late"));
  run_until_lost();
  EXPECT_EQ(lost_[0], folder_.path_of("late") + ": cannot open: No such file or directory");
  EXPECT_EQ(source_->facts().fault, lost_[0]);
  folder_.write("late", jpeg_of_width(5));
  run_for_frames(1);
  EXPECT_EQ(source_->facts().fault, "");
  EXPECT_EQ(lost_.size(), 1u);
}

TEST_F(FileSourceTest, a_missing_file_is_told_even_when_nobody_watches) {
  wanted_ = false;
  start(folder_.path_of("late"));
  run_until_lost();
}

TEST_F(FileSourceTest, a_film_that_vanishes_is_told_even_when_nobody_watches) {
  start(folder_.write("film", jpeg_of_width(1) + jpeg_of_width(2)));
  run_for_frames(1);
  wanted_ = false;
  std::filesystem::remove(folder_.path_of("film"));
  run_until_lost();
}

TEST_F(FileSourceTest, a_fault_ends_even_when_nobody_watches) {
  wanted_ = false;
  start(folder_.path_of("late"));
  run_until_lost();
  folder_.write("late", jpeg_of_width(5));
  run_for_frames(1);
  EXPECT_EQ(source_->facts().fault, "");
}

TEST_F(FileSourceTest, a_fault_is_told_again_only_when_it_is_another) {
  start(folder_.write("film", ""));
  run_until_lost();
  EXPECT_EQ(lost_[0], folder_.path_of("film") + ": the file is empty");
  folder_.write("film", "rubbish");
  run_until_lost(2);
  EXPECT_NE(lost_[1].find("should be a JPEG"), std::string::npos);
}

TEST_F(FileSourceTest, a_film_that_vanishes_is_told_and_counted_when_it_is_back) {
  start(folder_.write("film", jpeg_of_width(1) + jpeg_of_width(2)));
  run_for_frames(3);
  std::filesystem::remove(folder_.path_of("film"));
  run_until_lost();
  EXPECT_EQ(lost_[0], folder_.path_of("film") + ": cannot open: No such file or directory");
  folder_.write("film", jpeg_of_width(8) + jpeg_of_width(9));
  size_t before = frames_.size();
  run_for_frames(before + 2);
  EXPECT_EQ(widths_[before], 8);
  EXPECT_EQ(source_->facts().reopened, 1u);
  EXPECT_EQ(source_->facts().fault, "");
}

TEST_F(FileSourceTest, a_film_cut_to_nothing_is_told) {
  start(folder_.write("film", y4m("ab")));
  run_until([this] { return pictures_.size() == 1; });
  pictures_.clear();
  folder_.write("film", "");
  run_until_lost();
  EXPECT_EQ(lost_[0], folder_.path_of("film") + ": the file is empty");
}

TEST_F(FileSourceTest, a_still_that_becomes_rubbish_is_told) {
  start(folder_.write("still", jpeg_of_width(5)));
  run_for_frames(1);
  folder_.write("still", "rubbish");
  run_until_lost();
  EXPECT_NE(lost_[0].find("should be a JPEG"), std::string::npos);
}

TEST_F(FileSourceTest, a_still_caught_half_written_is_not_worth_a_word) {
  start(folder_.write("still", jpeg_of_width(5)));
  run_for_frames(1);
  std::string next = make_jpeg({.width = 6, .scan_size = 300});
  folder_.write("still", next.substr(0, 100));
  run_for_ticks(5);
  folder_.append("still", next.substr(100));
  run_for_frames(2);
  EXPECT_EQ(widths_, (Widths{5, 6}));
  EXPECT_TRUE(lost_.empty());
}

TEST_F(FileSourceTest, a_folder_plays) {
  folder_.write("2", jpeg_of_width(2));
  folder_.write("10", jpeg_of_width(10));
  start(folder_.path());
  run_for_frames(3);
  EXPECT_EQ(widths_, (Widths{2, 10, 2}));
}

TEST_F(FileSourceTest, a_folder_that_is_empty_is_told_and_shown_once_it_is_filled) {
  start(folder_.path());
  run_until_lost();
  EXPECT_EQ(lost_[0], folder_.path() + ": the folder is empty");
  folder_.write("1", jpeg_of_width(1));
  run_for_frames(1);
}

}  // namespace
}  // namespace camloop
