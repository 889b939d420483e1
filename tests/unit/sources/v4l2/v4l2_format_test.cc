#include "sources/v4l2/v4l2_format.h"

#include <gtest/gtest.h>

#include <linux/videodev2.h>

namespace camloop {
namespace {

PictureLayout layout_of(uint32_t fourcc, int width, int height, const MemoryStrides& strides,
                        bool sunxi = false) {
  return picture_layout(*find_v4l2_format(fourcc), width, height, strides, sunxi);
}

void expect_plane(const PlaneLayout& plane, int memory, size_t offset, size_t stride,
                  size_t row_bytes, size_t rows) {
  EXPECT_EQ(plane.memory, memory);
  EXPECT_EQ(plane.offset, offset);
  EXPECT_EQ(plane.stride, stride);
  EXPECT_EQ(plane.row_bytes, row_bytes);
  EXPECT_EQ(plane.rows, rows);
}

TEST(V4l2Format, ThePlanesOfNv12FollowOneAnotherWithTheDriversStride) {
  PictureLayout layout = layout_of(V4L2_PIX_FMT_NV12, 640, 480, {704});
  ASSERT_EQ(layout.plane_count, 2);
  expect_plane(layout.planes[0], 0, 0, 704, 640, 480);
  expect_plane(layout.planes[1], 0, 704 * 480, 704, 640, 240);
  EXPECT_EQ(layout.planes[1].end(), 704 * 480 + 704 * 239 + 640u);
}

TEST(V4l2Format, TheChromaOfYu12HasHalfTheStride) {
  PictureLayout layout = layout_of(V4L2_PIX_FMT_YUV420, 320, 240, {352});
  ASSERT_EQ(layout.plane_count, 3);
  expect_plane(layout.planes[0], 0, 0, 352, 320, 240);
  expect_plane(layout.planes[1], 0, 352 * 240, 176, 160, 120);
  expect_plane(layout.planes[2], 0, 352 * 240 + 176 * 120, 176, 160, 120);
}

TEST(V4l2Format, Yv12IsYu12WithUAndVExchanged) {
  PictureLayout layout = layout_of(V4L2_PIX_FMT_YVU420, 320, 240, {320});
  EXPECT_EQ(layout.planes[1].offset, 320 * 240 + 160 * 120u);
  EXPECT_EQ(layout.planes[2].offset, 320 * 240u);
}

TEST(V4l2Format, TheFormatsWithAnMHaveEachPlaneInAMemoryOfItsOwn) {
  PictureLayout two = layout_of(V4L2_PIX_FMT_NV12M, 640, 480, {640, 768});
  expect_plane(two.planes[1], 1, 0, 768, 640, 240);
  PictureLayout three = layout_of(V4L2_PIX_FMT_YVU420M, 640, 480, {640, 384, 448});
  expect_plane(three.planes[1], 2, 0, 448, 320, 240);
  expect_plane(three.planes[2], 1, 0, 384, 320, 240);
}

TEST(V4l2Format, APackedFormatIsOnePlane) {
  expect_plane(layout_of(V4L2_PIX_FMT_YUYV, 640, 480, {1280}).planes[0], 0, 0, 1280, 1280, 480);
  expect_plane(layout_of(V4L2_PIX_FMT_RGB24, 641, 480, {2000}).planes[0], 0, 0, 2000, 1923, 480);
  expect_plane(layout_of(V4L2_PIX_FMT_GREY, 641, 480, {641}).planes[0], 0, 0, 641, 641, 480);
  EXPECT_EQ(layout_of(V4L2_PIX_FMT_UYVY, 640, 480, {1280}).plane_count, 1);
}

TEST(V4l2Format, AStrideThatCannotBeIsReplacedByTheRowsOwnLength) {
  EXPECT_EQ(layout_of(V4L2_PIX_FMT_YUYV, 640, 480, {0}).planes[0].stride, 1280u);
  EXPECT_EQ(layout_of(V4L2_PIX_FMT_NV12M, 640, 480, {640, 0}).planes[1].stride, 640u);
}

TEST(V4l2Format, AnOddColumnIsLeftOutWhereChromaIsSharedByPairs) {
  PictureLayout layout = layout_of(V4L2_PIX_FMT_YUV420, 641, 481, {642});
  EXPECT_EQ(layout.width, 640);
  EXPECT_EQ(layout.height, 481);
  expect_plane(layout.planes[1], 0, 642 * 481, 321, 320, 241);
}

TEST(V4l2Format, SunxiHasNoPaddedRowsButItsChromaBeginsAsIfItHad) {
  PictureLayout layout = layout_of(V4L2_PIX_FMT_NV21, 328, 244, {0xdeadbeef}, true);
  expect_plane(layout.planes[0], 0, 0, 328, 328, 244);
  expect_plane(layout.planes[1], 0, 336 * 244, 328, 328, 122);
  PictureLayout three = layout_of(V4L2_PIX_FMT_YUV420, 328, 244, {0xdeadbeef}, true);
  expect_plane(three.planes[1], 0, 336 * 244, 164, 164, 122);
  expect_plane(three.planes[2], 0, 336 * 244 * 5 / 4, 164, 164, 122);
}

TEST(V4l2Format, EveryFormatIsFoundByItsOwnName) {
  for (const V4l2Format& format : v4l2_formats()) {
    EXPECT_EQ(parse_fourcc(fourcc_text(format.fourcc)), format.fourcc);
    EXPECT_EQ(find_v4l2_format(format.fourcc), &format);
  }
}

TEST(V4l2Format, NamesAreUnderstoodAsPeopleWriteThem) {
  EXPECT_EQ(parse_fourcc("mjpeg"), V4L2_PIX_FMT_MJPEG);
  EXPECT_EQ(parse_fourcc("I420"), V4L2_PIX_FMT_YUV420);
  EXPECT_EQ(parse_fourcc("yuyv"), V4L2_PIX_FMT_YUYV);
  EXPECT_EQ(parse_fourcc("H264"), 0u);
  EXPECT_EQ(parse_fourcc(""), 0u);
}

}  // namespace
}  // namespace camloop
