#include "sources/file/y4m_file.h"

#include "unit/sources/file/reader_fixture.h"

namespace camloop {
namespace {

class Y4mFileTest : public ReaderTest {
 protected:
  std::string film(std::string_view values) {
    std::string bytes(kSmallY4mHeader);
    for (char value : values) bytes += small_y4m_frame(value);
    return bytes;
  }
};

TEST_F(Y4mFileTest, plays_in_order_and_begins_anew) {
  open(folder_.write("film", film("abc")));
  EXPECT_EQ(lumas(7), "abcabca");
  EXPECT_EQ(facts_.format, "Y4M 4:2:0");
}

TEST_F(Y4mFileTest, a_picture_has_the_bytes_of_its_frame_in_its_planes) {
  std::string pixels =
      "ABCDEFGH"
      "uU"
      "vV";
  open(folder_.write("film", std::string(kSmallY4mHeader) + "FRAME\n" + pixels));
  Shot shot = read();
  const PictureView& view = shot.picture.view();
  EXPECT_EQ(view.format, PixelFormat::kYu12);
  EXPECT_EQ(view.width, 4);
  EXPECT_EQ(view.height, 2);
  EXPECT_EQ(view.sequence, sequence_);
  EXPECT_EQ(view.captured_us, 1000 * static_cast<int64_t>(sequence_));
  EXPECT_EQ(as_text({view.planes[0].data, 8}), "ABCDEFGH");
  EXPECT_EQ(as_text({view.planes[1].data, 2}), "uU");
  EXPECT_EQ(as_text({view.planes[2].data, 2}), "vV");
}

TEST_F(Y4mFileTest, mono_is_grey) {
  open(folder_.write("film", "YUV4MPEG2 W3 H1 Cmono\nFRAME\nabcFRAME\ndef"));
  EXPECT_EQ(facts_.format, "Y4M mono");
  EXPECT_EQ(read().picture.view().format, PixelFormat::kGrey);
  EXPECT_EQ(lumas(2), "da");
}

TEST_F(Y4mFileTest, a_last_frame_cut_short_anywhere_is_left_out) {
  std::string last = small_y4m_frame('z');
  for (size_t cut = 1; cut < last.size(); ++cut) {
    facts_.dropped_broken = 0;
    open(folder_.write("film", film("ab") + last.substr(0, cut)));
    EXPECT_EQ(lumas(5), "ababa") << cut;
    EXPECT_EQ(facts_.dropped_broken, 1u) << cut;
  }
}

TEST_F(Y4mFileTest, no_whole_frame_is_an_error_wherever_it_is_cut) {
  std::string only = small_y4m_frame('z');
  for (size_t cut = 0; cut < only.size(); ++cut) {
    open(folder_.write("film", film("") + only.substr(0, cut)));
    EXPECT_EQ(read_error(), "there is no whole frame in the Y4M file") << cut;
  }
}

TEST_F(Y4mFileTest, a_header_cut_anywhere_is_an_error) {
  for (size_t cut = 1; cut < kSmallY4mHeader.size(); ++cut) {
    EXPECT_NE(open_error(folder_.write("film", kSmallY4mHeader.substr(0, cut))), "opened") << cut;
  }
}

TEST_F(Y4mFileTest, frame_lines_may_have_parameters) {
  open(folder_.write("film", film("a") + small_y4m_frame('b', "FRAME Ip XCOMMENT\n") +
                                 small_y4m_frame('c', "FRAME It\n") + small_y4m_frame('d')));
  EXPECT_EQ(lumas(9), "abcdabcda");
}

TEST_F(Y4mFileTest, skipping_among_frame_lines_of_many_lengths_begins_the_film_anew) {
  open(
      folder_.write("film", film("a") + small_y4m_frame('b', "FRAME Ip\n") + small_y4m_frame('c')));
  EXPECT_EQ(lumas(1), "a");
  skip();
  EXPECT_EQ(lumas(3), "abc");
}

TEST_F(Y4mFileTest, time_passes_while_nobody_wants_frames) {
  open(folder_.write("film", film("abcd")));
  EXPECT_EQ(lumas(1), "a");
  skip();
  EXPECT_EQ(lumas(1), "c");
  skip();
  skip();
  EXPECT_EQ(lumas(2), "bc");
}

TEST_F(Y4mFileTest, while_all_buffers_are_on_loan_frames_are_left_out_and_counted) {
  open(folder_.write("film", film("abcdef")));
  Shot first = read();
  Shot second = read();
  EXPECT_EQ(lumas(1), "-");
  EXPECT_EQ(facts_.dropped_stale, 1u);
  EXPECT_EQ(first.picture.view().planes[0].data[0], 'a');
  EXPECT_EQ(second.picture.view().planes[0].data[0], 'b');
  first.picture.reset();
  EXPECT_EQ(lumas(1), "d");
}

TEST_F(Y4mFileTest, a_film_still_being_written_is_followed) {
  open(folder_.write("film", film("ab")));
  EXPECT_EQ(lumas(1), "a");
  folder_.append("film", small_y4m_frame('c'));
  changed();
  EXPECT_EQ(lumas(4), "bcab");
}

TEST_F(Y4mFileTest, a_film_that_shrank_begins_anew) {
  open(folder_.write("film", film("abcd")));
  EXPECT_EQ(lumas(3), "abc");
  folder_.write("film", film("xy"));
  changed();
  EXPECT_EQ(lumas(3), "xyx");
}

TEST_F(Y4mFileTest, another_header_is_an_error_so_that_the_file_is_opened_anew) {
  open(folder_.write("film", film("ab")));
  EXPECT_EQ(lumas(1), "a");
  folder_.write("film", "YUV4MPEG2 W2 H4 F25:1 C420jpeg\n" + small_y4m_frame('x'));
  EXPECT_FALSE(reader_->changed().ok());
}

TEST_F(Y4mFileTest, rubbish_where_a_frame_should_be_begins_the_film_anew) {
  open(folder_.write("film", film("ab") + std::string(18, '?') + small_y4m_frame('d')));
  EXPECT_EQ(lumas(4), "abab");
}

}  // namespace
}  // namespace camloop
