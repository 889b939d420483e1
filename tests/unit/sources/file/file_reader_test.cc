#include "sources/file/file_reader.h"

#include "unit/sources/file/reader_fixture.h"

#include <sys/stat.h>

namespace camloop {
namespace {

class FileReaderTest : public ReaderTest {};

TEST_F(FileReaderTest, the_content_decides_and_not_the_name) {
  open(folder_.write("clip.y4m", jpeg_of_width(1)));
  EXPECT_EQ(facts_.format, "JPEG");
  open(folder_.write("clip.jpg", std::string(kSmallY4mHeader) + small_y4m_frame('a')));
  EXPECT_EQ(facts_.format, "Y4M 4:2:0");
  open(folder_.path());
  EXPECT_EQ(facts_.format, "JPEG folder");
}

TEST_F(FileReaderTest, a_missing_file_says_so) {
  EXPECT_EQ(open_error(folder_.path_of("none")), "cannot open: No such file or directory");
}

TEST_F(FileReaderTest, an_empty_file_says_so) {
  EXPECT_EQ(open_error(folder_.write("empty", "")), "the file is empty");
}

TEST_F(FileReaderTest, another_format_is_told_what_would_be_right) {
  EXPECT_EQ(open_error(folder_.write("clip.avi", "RIFF....AVI LIST")),
            "should be a JPEG, MJPEG (JPEGs one behind the other) or Y4M file, "
            "or a folder of JPEGs");
}

TEST_F(FileReaderTest, another_y4m_colour_is_told_what_would_be_right) {
  std::string error = open_error(folder_.write("clip", "YUV4MPEG2 W4 H2 C444\n"));
  EXPECT_NE(error.find("'C444' is not supported: should be 8-bit C420"), std::string::npos)
      << error;
}

TEST_F(FileReaderTest, a_pipe_is_refused_without_waiting_for_a_writer) {
  ASSERT_EQ(mkfifo(folder_.path_of("pipe").c_str(), 0600), 0);
  EXPECT_EQ(open_error(folder_.path_of("pipe")), "neither a regular file nor a folder");
}

}  // namespace
}  // namespace camloop
