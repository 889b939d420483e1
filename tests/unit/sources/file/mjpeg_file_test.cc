#include "sources/file/mjpeg_file.h"

#include "unit/sources/file/reader_fixture.h"

namespace camloop {
namespace {

using Widths = std::vector<int>;

class MjpegFileTest : public ReaderTest {
 protected:
  std::string film_ = jpeg_of_width(1) + jpeg_of_width(2) + jpeg_of_width(3);
};

TEST_F(MjpegFileTest, plays_in_order_and_begins_anew) {
  open(folder_.write("film", film_));
  EXPECT_EQ(widths(8), (Widths{1, 2, 3, 1, 2, 3, 1, 2}));
  EXPECT_EQ(facts_.format, "MJPEG");
}

TEST_F(MjpegFileTest, frames_are_the_bytes_of_the_file_in_every_round) {
  open(folder_.write("film", film_));
  for (int round = 0; round < 3; ++round) {
    for (int width = 1; width <= 3; ++width) {
      Shot shot = read();
      EXPECT_EQ(as_text(shot.jpeg.jpeg.bytes()), jpeg_of_width(width));
      EXPECT_EQ(shot.jpeg.height, 8);
      EXPECT_EQ(shot.jpeg.sequence, sequence_);
      EXPECT_EQ(shot.jpeg.captured_us, 1000 * static_cast<int64_t>(sequence_));
    }
  }
}

TEST_F(MjpegFileTest, frames_without_huffman_tables_are_mended_in_every_round) {
  open(folder_.write("film", make_jpeg({.width = 1, .huffman_tables = false}) + jpeg_of_width(2)));
  for (int frame = 0; frame < 6; ++frame) {
    Shot shot = read();
    EXPECT_NE(as_text(shot.jpeg.jpeg.bytes()).find("\xff\xc4"), std::string_view::npos) << frame;
    EXPECT_EQ(shot.jpeg.width, 1 + frame % 2);
  }
}

TEST_F(MjpegFileTest, thumbnails_are_left_out_in_every_round) {
  open(folder_.write("film", make_jpeg({.width = 1, .comment = "\xff\xd8 a thumbnail \xff\xd9"}) +
                                 jpeg_of_width(2)));
  for (int frame = 0; frame < 6; ++frame) {
    EXPECT_EQ(as_text(read().jpeg.jpeg.bytes()), jpeg_of_width(1 + frame % 2));
  }
}

TEST_F(MjpegFileTest, what_lies_between_frames_is_passed_over) {
  open(folder_.write("film", jpeg_of_width(1) + "\r\n--boundary\r\n" + jpeg_of_width(2) + "\n"));
  EXPECT_EQ(widths(4), (Widths{1, 2, 1, 2}));
  EXPECT_EQ(facts_.dropped_broken, 0u);
}

TEST_F(MjpegFileTest, a_broken_frame_is_left_out_and_counted_once) {
  std::string no_scan = "\xff\xd8" + segment('\xfe', "nothing else") + "\xff\xd9";
  open(folder_.write("film", jpeg_of_width(1) + no_scan + jpeg_of_width(2)));
  EXPECT_EQ(widths(6), (Widths{1, 2, 1, 2, 1, 2}));
  EXPECT_EQ(facts_.dropped_broken, 1u);
}

TEST_F(MjpegFileTest, a_last_frame_cut_short_anywhere_is_left_out) {
  std::string last = jpeg_of_width(9);
  for (size_t cut = 0; cut < last.size(); ++cut) {
    open(folder_.write("film", jpeg_of_width(1) + jpeg_of_width(2) + last.substr(0, cut)));
    EXPECT_EQ(widths(5), (Widths{1, 2, 1, 2, 1})) << cut;
  }
}

TEST_F(MjpegFileTest, a_last_frame_cut_short_is_counted_once) {
  open(folder_.write("film", film_.substr(0, film_.size() - 1)));
  EXPECT_EQ(widths(6), (Widths{1, 2, 1, 2, 1, 2}));
  EXPECT_EQ(facts_.dropped_broken, 1u);
}

TEST_F(MjpegFileTest, frames_larger_than_a_read_are_found) {
  std::string large = make_jpeg({.width = 1, .scan_size = 10 * scratch_.size()});
  open(folder_.write("film", large + jpeg_of_width(2)));
  EXPECT_EQ(widths(4), (Widths{1, 2, 1, 2}));
}

TEST_F(MjpegFileTest, a_frame_larger_than_a_turn_takes_several_turns) {
  std::string large = make_jpeg({.width = 1, .scan_size = 3u << 20});
  open(folder_.write("film", large + jpeg_of_width(2)));
  EXPECT_EQ(widths(6), (Widths{0, 1, 2, 1, 2, 1}));
}

TEST_F(MjpegFileTest, a_frame_over_the_limit_is_left_out) {
  std::string large = make_jpeg({.width = 7, .scan_size = kFrameSizeMax});
  open(folder_.write("film", jpeg_of_width(1) + large + jpeg_of_width(2)));
  Widths seen = widths(12);
  std::erase(seen, 0);
  EXPECT_EQ(Widths(seen.begin(), seen.begin() + 4), (Widths{1, 2, 1, 2}));
  EXPECT_EQ(facts_.dropped_broken, 1u);
}

TEST_F(MjpegFileTest, time_passes_while_nobody_wants_frames) {
  open(folder_.write("film", film_));
  EXPECT_EQ(widths(1), Widths{1});
  skip();
  EXPECT_EQ(widths(2), (Widths{3, 1}));
  skip();
  skip();
  EXPECT_EQ(widths(1), Widths{1});
}

TEST_F(MjpegFileTest, one_jpeg_is_a_still_and_shown_once) {
  open(folder_.write("still", jpeg_of_width(5)));
  EXPECT_EQ(widths(4), (Widths{5, 0, 0, 0}));
  EXPECT_EQ(facts_.format, "JPEG");
}

TEST_F(MjpegFileTest, a_still_is_shown_again_to_fresh_eyes) {
  open(folder_.write("still", jpeg_of_width(5)));
  EXPECT_EQ(widths(3), (Widths{5, 0, 0}));
  EXPECT_EQ(read(true).jpeg.width, 5);
  EXPECT_EQ(widths(1), Widths{0});
}

TEST_F(MjpegFileTest, a_still_nobody_wanted_at_first_is_shown_when_somebody_does) {
  open(folder_.write("still", jpeg_of_width(5)));
  for (int tick = 0; tick < 3; ++tick) skip();
  EXPECT_EQ(widths(2), (Widths{5, 0}));
}

TEST_F(MjpegFileTest, padding_behind_a_still_is_cut_off) {
  open(folder_.write("still", jpeg_of_width(5) + std::string(1000, '\0')));
  EXPECT_EQ(as_text(read().jpeg.jpeg.bytes()), jpeg_of_width(5));
  EXPECT_EQ(widths(2), (Widths{0, 0}));
}

TEST_F(MjpegFileTest, a_still_is_shown_again_when_it_changes) {
  open(folder_.write("still", jpeg_of_width(5)));
  EXPECT_EQ(widths(2), (Widths{5, 0}));
  folder_.write("still", jpeg_of_width(6));
  changed();
  EXPECT_EQ(widths(3), (Widths{6, 0, 0}));
}

TEST_F(MjpegFileTest, a_film_still_being_written_goes_on) {
  open(folder_.write("film", jpeg_of_width(1) + jpeg_of_width(2)));
  EXPECT_EQ(widths(1), Widths{1});
  for (int width = 3; width < 9; ++width) {
    folder_.append("film", jpeg_of_width(width));
    changed();
    EXPECT_EQ(widths(1), Widths{width - 1});
  }
  EXPECT_EQ(widths(10), (Widths{8, 1, 2, 3, 4, 5, 6, 7, 8, 1}));
}

TEST_F(MjpegFileTest, a_film_that_shrank_begins_anew) {
  open(folder_.write("film", film_));
  EXPECT_EQ(widths(5), (Widths{1, 2, 3, 1, 2}));
  folder_.write("film", jpeg_of_width(7) + jpeg_of_width(8));
  changed();
  EXPECT_EQ(widths(4), (Widths{7, 8, 7, 8}));
}

TEST_F(MjpegFileTest, a_change_that_leaves_no_trace_is_noticed_at_the_frame) {
  open(folder_.write("film", film_));
  EXPECT_EQ(widths(4), (Widths{1, 2, 3, 1}));
  folder_.write("film", std::string(20, ' ') + jpeg_of_width(7) + jpeg_of_width(8));
  EXPECT_EQ(widths(5), (Widths{0, 7, 8, 7, 8}));
  EXPECT_EQ(facts_.dropped_broken, 1u);
}

TEST_F(MjpegFileTest, a_file_without_a_whole_jpeg_is_an_error_that_says_why) {
  open(folder_.write("film", jpeg_of_width(1).substr(0, 150)));
  EXPECT_EQ(read_error(), "there is no whole JPEG in it: it is cut short");
  open(folder_.write("film", "\xff\xd8" + segment('\xfe', "no scan") + "\xff\xd9"));
  EXPECT_EQ(read_error().find("there is no whole JPEG in it: broken JPEG: EOI before any scan"),
            0u);
}

TEST_F(MjpegFileTest, a_film_that_became_rubbish_is_an_error) {
  open(folder_.write("film", film_));
  EXPECT_EQ(widths(4), (Widths{1, 2, 3, 1}));
  folder_.write("film", std::string(500, 'x'));
  changed();
  EXPECT_EQ(read_error(), "there is no whole JPEG in it");
}

TEST_F(MjpegFileTest, a_film_longer_than_the_index_plays_to_its_end_and_begins_anew) {
  constexpr int kFrames = 100'010;
  std::string ten, film;
  for (int width = 0; width < 10; ++width) ten += make_jpeg({.width = 1 + width, .scan_size = 1});
  for (int frame = 0; frame < kFrames; frame += 10) film += ten;
  open(folder_.write("film", film));
  for (int frame = 0; frame < kFrames + 3; ++frame) {
    ASSERT_EQ(read().jpeg.width, 1 + frame % kFrames % 10) << frame;
  }
}

}  // namespace
}  // namespace camloop
