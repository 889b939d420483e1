#include "sources/v4l2/v4l2_device.h"

#include "base/clock.h"
#include "unit/sources/v4l2/v4l2_fake_kernel.h"

#include <gtest/gtest.h>
#include <cerrno>

namespace camloop {
namespace {

constexpr uint32_t kMultiPlanar =
    V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING | V4L2_CAP_DEVICE_CAPS;

class V4l2DeviceTest : public ::testing::Test {
 protected:
  V4l2DeviceTest() { kernel_.plug("video0"); }
  ~V4l2DeviceTest() override {
    device_.reset();
    EXPECT_TRUE(kernel_.all_closed());
    EXPECT_EQ(kernel_.violations, std::vector<std::string>());
  }

  void plug_multi_planar() {
    FakeNode node;
    node.capabilities = node.device_caps = kMultiPlanar;
    kernel_.plug("video0", "camera", node);
  }
  /// Empty, or the error.
  std::string open() {
    Result<std::unique_ptr<V4l2Device>> opened = V4l2Device::open(kernel_, "/dev/video0", options_);
    if (!opened) return opened.error().text;
    device_ = std::move(opened).value();
    return {};
  }
  std::string open_and_start() {
    std::string error = open();
    if (!error.empty()) return error;
    Result<> started = device_->start();
    return started ? std::string() : started.error().text;
  }
  std::string granted() {
    std::string error = open();
    if (!error.empty()) return error;
    const V4l2Grant& grant = device_->grant();
    return fourcc_text(grant.format->fourcc) + " " + std::to_string(grant.width) + "x" +
           std::to_string(grant.height);
  }
  FilledBuffer dequeue() {
    Result<std::optional<FilledBuffer>> filled = device_->dequeue();
    EXPECT_TRUE(filled && filled.value());
    return filled && filled.value() ? *filled.value() : FilledBuffer();
  }

  FakeKernel kernel_;
  SourceOptions options_;
  std::unique_ptr<V4l2Device> device_;
};

TEST_F(V4l2DeviceTest, JpegIsTakenFirstBecauseItNeedsNoEncoding) {
  kernel_.formats = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_MJPEG};
  EXPECT_EQ(granted(), "MJPG 640x480");
}

TEST_F(V4l2DeviceTest, JpegInAnotherSizeGivesWayToRawPixelsInTheSizeAskedFor) {
  kernel_.formats = {V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV};
  kernel_.only_size[V4L2_PIX_FMT_MJPEG] = {1280, 720};
  EXPECT_EQ(granted(), "YUYV 640x480");
}

TEST_F(V4l2DeviceTest, WhereNothingComesInTheSizeTheBestFormatIsTakenAsItIs) {
  kernel_.formats = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_MJPEG};
  kernel_.only_size[V4L2_PIX_FMT_MJPEG] = {1280, 720};
  kernel_.only_size[V4L2_PIX_FMT_YUYV] = {320, 240};
  EXPECT_EQ(granted(), "MJPG 1280x720");
}

TEST_F(V4l2DeviceTest, TheFormatAskedForIsTakenInWhateverSize) {
  kernel_.formats = {V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV};
  kernel_.only_size[V4L2_PIX_FMT_YUYV] = {320, 240};
  options_.format = "YUYV";
  EXPECT_EQ(granted(), "YUYV 320x240");
}

TEST_F(V4l2DeviceTest, AFormatThatIsNotOfferedGivesWayToOneThatIs) {
  kernel_.formats = {V4L2_PIX_FMT_UYVY};
  options_.format = "NV12";
  EXPECT_EQ(granted(), "UYVY 640x480");
}

TEST_F(V4l2DeviceTest, ADriverThatListsNothingIsTriedDownTheList) {
  kernel_.lists_formats = false;
  kernel_.formats = {V4L2_PIX_FMT_GREY, V4L2_PIX_FMT_YUV420};
  EXPECT_EQ(granted(), "YU12 640x480");
}

TEST_F(V4l2DeviceTest, ACameraWithNothingReadableSaysSo) {
  kernel_.formats = {V4L2_PIX_FMT_SBGGR8};
  EXPECT_EQ(granted(), "/dev/video0 offers no format that can be read");
}

TEST_F(V4l2DeviceTest, TheRateIsAskedForAndTheGrantedOneKept) {
  kernel_.frames_per_second = 30;
  options_.fps = 7.5;
  ASSERT_EQ(open(), "");
  EXPECT_EQ(kernel_.last_parm.parm.capture.timeperframe.numerator, 1000u);
  EXPECT_EQ(kernel_.last_parm.parm.capture.timeperframe.denominator, 7500u);
  EXPECT_EQ(device_->grant().fps, 30);
}

TEST_F(V4l2DeviceTest, ADriverWithoutInputsAndRatesIsUsedAllTheSame) {
  kernel_.refused = {{VIDIOC_S_INPUT, ENOTTY}, {VIDIOC_S_PARM, ENOTTY}};
  EXPECT_EQ(open_and_start(), "");
  EXPECT_EQ(device_->grant().fps, 0);
}

TEST_F(V4l2DeviceTest, InterruptedCallsAreMadeAgain) {
  kernel_.interruptions = 3;
  EXPECT_EQ(open_and_start(), "");
}

TEST_F(V4l2DeviceTest, FiveBuffersAreAskedForAndTwoSuffice) {
  ASSERT_EQ(open(), "");
  EXPECT_EQ(device_->buffer_count(), 5);
  device_.reset();
  kernel_.buffers_max = 2;
  ASSERT_EQ(open_and_start(), "");
  EXPECT_EQ(device_->buffer_count(), 2);
  EXPECT_EQ(kernel_.queued_count(), 2u);
}

TEST_F(V4l2DeviceTest, OneBufferIsTooFew) {
  kernel_.buffers_max = 1;
  EXPECT_EQ(open(), "/dev/video0: REQBUFS: Cannot allocate memory");
}

TEST_F(V4l2DeviceTest, EachReasonNotToOpenIsToldInWords) {
  kernel_.unplug("video0");
  EXPECT_EQ(open(), "/dev/video0 is not there: is the camera plugged in?");
  FakeNode node;
  node.open_errno = EBUSY;
  kernel_.plug("video0", "camera", node);
  EXPECT_EQ(open(), "/dev/video0 is used by another program");
  node.open_errno = EACCES;
  kernel_.plug("video0", "camera", node);
  EXPECT_EQ(open(), "/dev/video0 may not be opened by this user");
  node.open_errno = 0;
  node.device_caps = V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING;
  kernel_.plug("video0", "display", node);
  EXPECT_EQ(open(), "/dev/video0 is not a camera");
}

TEST_F(V4l2DeviceTest, ACameraThatSomebodyStreamsFromIsBusy) {
  kernel_.refused[VIDIOC_S_FMT] = EBUSY;
  EXPECT_EQ(open(), "/dev/video0 is used by another program");
  kernel_.refused = {{VIDIOC_REQBUFS, EBUSY}};
  EXPECT_EQ(open(), "/dev/video0 is used by another program");
}

TEST_F(V4l2DeviceTest, APictureOfOneMemoryShowsItsPlanesWithPaddedRows) {
  kernel_.formats = {V4L2_PIX_FMT_YUV420};
  kernel_.padding = 32;
  options_.width = 64;
  options_.height = 4;
  ASSERT_EQ(open_and_start(), "");
  FakeShot shot;
  shot.bytes.assign(96 * 4 + 48 * 4, 1);
  shot.bytes[96 * 4] = 2;
  shot.bytes[96 * 4 + 48 * 2] = 3;
  ASSERT_TRUE(kernel_.fill(shot));
  std::optional<PictureView> view = device_->view(dequeue());
  ASSERT_TRUE(view);
  EXPECT_EQ(view->format, PixelFormat::kYu12);
  EXPECT_EQ(view->planes[0].stride, 96u);
  EXPECT_EQ(view->planes[1].stride, 48u);
  EXPECT_EQ(view->planes[0].data[0], 1);
  EXPECT_EQ(view->planes[1].data[0], 2);
  EXPECT_EQ(view->planes[2].data[0], 3);
}

TEST_F(V4l2DeviceTest, APictureOfSeveralMemoriesBeginsInEachAtItsDataOffset) {
  plug_multi_planar();
  kernel_.formats = {V4L2_PIX_FMT_YUV420M};
  options_.width = 16;
  options_.height = 4;
  ASSERT_EQ(open_and_start(), "");
  FakeShot shot;
  shot.bytes.assign(16 * 4, 9);
  shot.data_offset = 5;
  ASSERT_TRUE(kernel_.fill(shot));
  std::optional<PictureView> view = device_->view(dequeue());
  ASSERT_TRUE(view);
  for (const Plane& plane : view->planes) EXPECT_EQ(plane.data[0], 9);
  EXPECT_NE(view->planes[1].data, view->planes[2].data);
}

TEST_F(V4l2DeviceTest, ABufferThatIsFilledTooLittleHoldsNoPicture) {
  options_.width = 16;
  options_.height = 4;
  ASSERT_EQ(open_and_start(), "");
  FakeShot shot;
  shot.bytes.assign(16 * 4 * 2, 9);
  ASSERT_TRUE(kernel_.fill(shot));
  EXPECT_TRUE(device_->view(dequeue()));
  shot.missing = 1;
  ASSERT_TRUE(kernel_.fill(shot));
  EXPECT_FALSE(device_->view(dequeue()));
}

TEST_F(V4l2DeviceTest, ABufferWithMoreThanIsMappedIsReadOnlyAsFarAsItIsMapped) {
  options_.width = 16;
  options_.height = 4;
  ASSERT_EQ(open_and_start(), "");
  FakeShot shot;
  shot.bytes.assign(1 << 20, 9);
  ASSERT_TRUE(kernel_.fill(shot));
  EXPECT_EQ(dequeue().memories[0].size(), 16 * 2 * 4 * 2u);
}

TEST_F(V4l2DeviceTest, FaultyAndEmptyBuffersAreNotWhole) {
  ASSERT_EQ(open_and_start(), "");
  FakeShot shot;
  ASSERT_TRUE(kernel_.fill(shot));
  EXPECT_FALSE(dequeue().whole);
  shot.bytes.assign(100, 9);
  ASSERT_TRUE(kernel_.fill(shot));
  EXPECT_TRUE(dequeue().whole);
  shot.flags |= V4L2_BUF_FLAG_ERROR;
  ASSERT_TRUE(kernel_.fill(shot));
  EXPECT_FALSE(dequeue().whole);
}

TEST_F(V4l2DeviceTest, AMonotonicStampIsKeptAndAnyOtherReplacedByNow) {
  ASSERT_EQ(open_and_start(), "");
  int64_t before_us = monotonic_us();
  FakeShot shot;
  shot.stamp_us = before_us - 1234;
  ASSERT_TRUE(kernel_.fill(shot));
  EXPECT_EQ(dequeue().captured_us, before_us - 1234);
  shot.stamp_us = before_us + 1000 * kSecond_us;
  ASSERT_TRUE(kernel_.fill(shot));
  int64_t captured_us = dequeue().captured_us;
  EXPECT_LE(captured_us, monotonic_us());
  shot.flags = V4L2_BUF_FLAG_TIMESTAMP_UNKNOWN;
  shot.stamp_us = before_us - 1234;
  ASSERT_TRUE(kernel_.fill(shot));
  EXPECT_GE(dequeue().captured_us, before_us);
}

TEST_F(V4l2DeviceTest, WhileTooFewBuffersAreWithTheDriverNoneMayBeLent) {
  ASSERT_EQ(open_and_start(), "");
  for (int lent = 0; lent < 3; ++lent) {
    ASSERT_TRUE(kernel_.fill());
    int index = dequeue().index;
    EXPECT_TRUE(device_->may_lend());
    device_->lend(index);
  }
  ASSERT_TRUE(kernel_.fill());
  dequeue();
  EXPECT_FALSE(device_->may_lend());
  for (int index = 0; index < 3; ++index) device_->keep(index);
}

TEST_F(V4l2DeviceTest, ARestartLeavesLentBuffersAlone) {
  ASSERT_EQ(open_and_start(), "");
  ASSERT_TRUE(kernel_.fill());
  int lent = dequeue().index;
  device_->lend(lent);
  device_->stop();
  ASSERT_TRUE(device_->start());
  EXPECT_EQ(kernel_.queued_count(), 4u);
  ASSERT_TRUE(device_->queue(lent));
  EXPECT_EQ(kernel_.queued_count(), 5u);
}

TEST_F(V4l2DeviceTest, SunxiIsTreatedAsItsDriverWants) {
  kernel_.unplug("video0");
  kernel_.plug_sunxi("video0");
  options_.width = 328;  // its rows are not padded, its chroma begins as if they were
  options_.height = 16;
  ASSERT_EQ(open_and_start(), "");
  EXPECT_EQ(kernel_.last_parm.parm.capture.capturemode, 0x0002u);
  FakeShot shot;
  shot.bytes.assign(328 * 16 * 3 / 2, 1);
  shot.bytes[336 * 16] = 2;
  ASSERT_TRUE(kernel_.fill(shot));
  std::optional<PictureView> view = device_->view(dequeue());
  ASSERT_TRUE(view);
  EXPECT_EQ(view->planes[0].stride, 328u);
  EXPECT_EQ(view->planes[1].data[0], 2);
}

TEST_F(V4l2DeviceTest, SunxiBuffersAreFlushedBeforeTheyAreRead) {
  kernel_.unplug("video0");
  kernel_.plug("ion");
  kernel_.plug_sunxi("video0");
  ASSERT_EQ(open_and_start(), "");
  FakeShot shot;
  shot.bytes.assign(640 * 480 * 3 / 2, 1);
  ASSERT_TRUE(kernel_.fill(shot));
  FilledBuffer filled = dequeue();
  device_->sync(filled);
  EXPECT_EQ(kernel_.flushed, static_cast<int>(filled.memories[0].size()));
}

TEST_F(V4l2DeviceTest, OtherCamerasNeedNoFlush) {
  kernel_.plug("ion");
  ASSERT_EQ(open_and_start(), "");
  ASSERT_TRUE(kernel_.fill({.bytes = {1, 2, 3}}));
  device_->sync(dequeue());
  EXPECT_EQ(kernel_.flushed, 0);
}

}  // namespace
}  // namespace camloop
