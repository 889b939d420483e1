#include "media/y4m.h"

#include <gtest/gtest.h>

#include <string>

namespace camloop {
namespace {

// What ffmpeg 5.1 writes.
constexpr std::string_view kFfmpegHeader =
    "YUV4MPEG2 W768 H576 F10:1 Ip A1:1 C420jpeg XYSCSS=420JPEG XCOLORRANGE=LIMITED\n";

Result<Y4mHeader> parse(std::string_view text) {
  return parse_y4m_header(as_bytes(text));
}

std::string error_of(std::string_view text) {
  Result<Y4mHeader> header = parse(text);
  return header.ok() ? "accepted" : header.error().text;
}

TEST(Y4m, a_header_of_ffmpeg_is_understood) {
  Result<Y4mHeader> header = parse(kFfmpegHeader);
  ASSERT_TRUE(header.ok()) << header.error().text;
  EXPECT_EQ(header.value().format, PixelFormat::kYu12);
  EXPECT_EQ(header.value().width, 768);
  EXPECT_EQ(header.value().height, 576);
  EXPECT_EQ(header.value().header_size, kFfmpegHeader.size());
  EXPECT_EQ(header.value().frame_size, 768u * 576u * 3u / 2u);
}

TEST(Y4m, a_header_cut_at_any_byte_is_refused) {
  for (size_t size = 0; size < kFfmpegHeader.size(); ++size) {
    EXPECT_FALSE(parse(kFfmpegHeader.substr(0, size)).ok()) << size;
  }
}

TEST(Y4m, what_follows_the_header_changes_nothing) {
  EXPECT_EQ(parse(std::string(kFfmpegHeader) + "FRAME\nW1 H1\n").value(),
            parse(kFfmpegHeader).value());
}

TEST(Y4m, without_a_colour_format_it_is_420) {
  EXPECT_EQ(parse("YUV4MPEG2 W4 H2\n").value().format, PixelFormat::kYu12);
}

TEST(Y4m, every_8_bit_420_and_mono_is_accepted) {
  for (const char* colour : {"C420", "C420jpeg", "C420mpeg2", "C420paldv"}) {
    Result<Y4mHeader> header = parse("YUV4MPEG2 W4 H2 " + std::string(colour) + "\n");
    ASSERT_TRUE(header.ok()) << colour;
    EXPECT_EQ(header.value().format, PixelFormat::kYu12);
    EXPECT_EQ(header.value().frame_size, 8u + 2u + 2u);
  }
  EXPECT_EQ(parse("YUV4MPEG2 W5 H3 Cmono\n").value().format, PixelFormat::kGrey);
  EXPECT_EQ(parse("YUV4MPEG2 W5 H3 Cmono\n").value().frame_size, 15u);
}

TEST(Y4m, every_other_colour_is_refused_by_name) {
  for (const char* colour : {"C422", "C444", "C411", "C420p10", "C444alpha", "Cmono16", "C"}) {
    std::string error = error_of("YUV4MPEG2 W4 H2 " + std::string(colour) + "\n");
    EXPECT_EQ(error.find("Y4M colour format '" + std::string(colour) + "' is not supported: "), 0u)
        << error;
  }
}

TEST(Y4m, interlacing_rate_aspect_and_comments_are_passed_over) {
  EXPECT_EQ(parse("YUV4MPEG2 W4 H2 It F0:0 A0:0 Xanything Z  Im\n").value().frame_size, 12u);
}

TEST(Y4m, sides_that_are_none_are_refused) {
  for (const char* sides : {"W0 H2", "W4 H0", "W-4 H2", "W H2", "Wx H2", "W4x H2", "W4.5 H2",
                            "W65501 H2", "W99999999999 H2", "W4", "H2", "", "W1 H2", "W2 H1"}) {
    EXPECT_FALSE(parse("YUV4MPEG2 " + std::string(sides) + "\n").ok()) << sides;
  }
}

TEST(Y4m, a_frame_over_the_limit_is_refused) {
  EXPECT_TRUE(parse("YUV4MPEG2 W4096 H2160\n").ok());
  EXPECT_EQ(error_of("YUV4MPEG2 W65500 H65500\n"),
            "Y4M header: a frame of 65500x65500 is over the limit of 16 MiB");
}

TEST(Y4m, a_header_without_an_end_is_refused) {
  std::string endless = "YUV4MPEG2 W4 H2 X" + std::string(kY4mHeaderMax, 'x') + "\n";
  EXPECT_FALSE(parse(endless).ok());
}

TEST(Y4m, something_else_is_refused) {
  EXPECT_FALSE(parse("YUV4MPEG3 W4 H2\n").ok());
  EXPECT_FALSE(parse("YUV4MPEG2W4 H2\n").ok());
  EXPECT_FALSE(parse("\n").ok());
}

TEST(Y4m, the_length_of_a_frame_line_counts_its_newline) {
  EXPECT_EQ(y4m_frame_line_size(as_bytes("FRAME\n")), 6u);
  EXPECT_EQ(y4m_frame_line_size(as_bytes("FRAME\n\n\n")), 6u);
  EXPECT_EQ(y4m_frame_line_size(as_bytes("FRAME Ip Xa\npixels")), 12u);
}

TEST(Y4m, what_is_no_frame_line_has_no_length) {
  for (std::string_view text :
       {"", "FRAM", "FRAME", "FRAME Ip", "FRAMED\n", "frame\n", "\nFRAME\n"}) {
    EXPECT_EQ(y4m_frame_line_size(as_bytes(text)), 0u) << text;
  }
  std::string endless = "FRAME X" + std::string(kY4mFrameLineMax, 'x') + "\n";
  EXPECT_EQ(y4m_frame_line_size(as_bytes(endless)), 0u);
}

TEST(Y4m, planes_follow_one_another) {
  Y4mHeader header = parse("YUV4MPEG2 W4 H2\n").value();
  uint8_t pixels[12] = {};
  PictureView view = y4m_picture(header, pixels);
  EXPECT_EQ(view.planes[0].data, pixels);
  EXPECT_EQ(view.planes[0].stride, 4u);
  EXPECT_EQ(view.planes[1].data, pixels + 8);
  EXPECT_EQ(view.planes[1].stride, 2u);
  EXPECT_EQ(view.planes[2].data, pixels + 10);
  EXPECT_EQ(view.planes[2].stride, 2u);
}

TEST(Y4m, an_odd_size_loses_its_last_column_and_row_but_no_byte_of_its_planes) {
  Y4mHeader header = parse("YUV4MPEG2 W5 H3\n").value();
  EXPECT_EQ(header.frame_size, 15u + 6u + 6u);
  uint8_t pixels[27] = {};
  PictureView view = y4m_picture(header, pixels);
  EXPECT_EQ(view.width, 4);
  EXPECT_EQ(view.height, 2);
  EXPECT_EQ(view.planes[0].stride, 5u);
  EXPECT_EQ(view.planes[1].data, pixels + 15);
  EXPECT_EQ(view.planes[1].stride, 3u);
  EXPECT_EQ(view.planes[2].data, pixels + 21);
}

}  // namespace
}  // namespace camloop
