#include "sources/file/jpeg_folder.h"

#include "unit/sources/file/reader_fixture.h"

#include <sys/stat.h>

namespace camloop {
namespace {

using Widths = std::vector<int>;

class JpegFolderTest : public ReaderTest {
 protected:
  void write_frame(const std::string& name, int width) {
    folder_.write(name, jpeg_of_width(width));
  }
};

TEST_F(JpegFolderTest, plays_in_natural_order_and_begins_anew) {
  write_frame("frame10.jpg", 10);
  write_frame("frame9.jpg", 9);
  write_frame("frame1.jpg", 1);
  open(folder_.path());
  EXPECT_EQ(widths(7), (Widths{1, 9, 10, 1, 9, 10, 1}));
}

TEST_F(JpegFolderTest, a_frame_is_the_file_with_what_is_missing_put_in) {
  folder_.write("a", jpeg_of_width(1));
  folder_.write("b", make_jpeg({.width = 2, .huffman_tables = false}));
  open(folder_.path());
  EXPECT_EQ(as_text(read().jpeg.jpeg.bytes()), jpeg_of_width(1));
  EXPECT_NE(as_text(read().jpeg.jpeg.bytes()).find("\xff\xc4"), std::string_view::npos);
}

TEST_F(JpegFolderTest, what_is_no_jpeg_is_passed_over_whatever_its_name) {
  write_frame("a.jpg", 1);
  folder_.write("b.jpg", "not a JPEG");
  folder_.write("c.jpg", "");
  std::filesystem::create_directory(folder_.path_of("d.jpg"));
  write_frame(".hidden.jpg", 7);
  write_frame("e.txt", 2);
  open(folder_.path());
  EXPECT_EQ(widths(4), (Widths{1, 2, 1, 2}));
  EXPECT_EQ(facts_.dropped_broken, 0u);
}

TEST_F(JpegFolderTest, a_pipe_is_passed_over_without_waiting_for_a_writer) {
  ASSERT_EQ(mkfifo(folder_.path_of("a").c_str(), 0600), 0);
  write_frame("b", 2);
  open(folder_.path());
  EXPECT_EQ(widths(2), (Widths{2, 2}));
}

TEST_F(JpegFolderTest, a_broken_jpeg_is_passed_over_and_counted) {
  write_frame("a", 1);
  folder_.write("b", jpeg_of_width(2).substr(0, 100));
  open(folder_.path());
  EXPECT_EQ(widths(2), (Widths{1, 1}));
  EXPECT_EQ(facts_.dropped_broken, 1u);
}

TEST_F(JpegFolderTest, a_file_over_the_limit_is_passed_over) {
  write_frame("a", 1);
  folder_.write("b", make_jpeg({.width = 2, .scan_size = kFrameSizeMax}));
  open(folder_.path());
  EXPECT_EQ(widths(2), (Widths{1, 1}));
}

TEST_F(JpegFolderTest, files_that_come_and_go_count_from_the_next_round_on) {
  write_frame("a", 1);
  write_frame("c", 3);
  open(folder_.path());
  EXPECT_EQ(widths(1), Widths{1});
  write_frame("b", 2);
  EXPECT_EQ(widths(4), (Widths{3, 1, 2, 3}));
  std::filesystem::remove(folder_.path_of("a"));
  EXPECT_EQ(widths(3), (Widths{2, 3, 2}));
}

TEST_F(JpegFolderTest, time_passes_while_nobody_wants_frames) {
  for (int width = 1; width <= 4; ++width) write_frame(std::to_string(width), width);
  open(folder_.path());
  EXPECT_EQ(widths(1), Widths{1});
  skip();
  EXPECT_EQ(widths(1), Widths{3});
  skip();
  skip();
  EXPECT_EQ(widths(1), Widths{2});
}

TEST_F(JpegFolderTest, many_other_files_take_several_turns) {
  for (int other = 0; other < 20; ++other) folder_.write("a" + std::to_string(other), "text");
  write_frame("b", 2);
  open(folder_.path());
  Widths seen = widths(9);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 2), 3);
}

TEST_F(JpegFolderTest, an_empty_folder_is_an_error) {
  open(folder_.path());
  EXPECT_EQ(read_error(), "the folder is empty");
}

TEST_F(JpegFolderTest, a_folder_without_a_jpeg_is_an_error_that_names_one_file_and_why) {
  folder_.write("notes.txt", "text");
  open(folder_.path());
  EXPECT_EQ(read_error(), "no file in the folder can be shown; notes.txt: is not a JPEG");
}

TEST_F(JpegFolderTest, a_folder_that_vanished_is_an_error) {
  write_frame("a", 1);
  open(folder_.path());
  EXPECT_EQ(widths(1), Widths{1});
  std::filesystem::remove_all(folder_.path());
  EXPECT_EQ(read_error(), "cannot list the folder: No such file or directory");
}

}  // namespace
}  // namespace camloop
