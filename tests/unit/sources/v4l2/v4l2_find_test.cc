#include "sources/v4l2/v4l2_find.h"

#include "unit/sources/v4l2/v4l2_fake_kernel.h"

#include <gtest/gtest.h>
#include <cerrno>

namespace camloop {
namespace {

class V4l2Find : public ::testing::Test {
 protected:
  ~V4l2Find() override {
    EXPECT_TRUE(kernel_.all_closed());
    EXPECT_EQ(kernel_.violations, std::vector<std::string>());
  }
  std::string found() {
    Result<std::string> path = find_v4l2_camera(kernel_);
    return path ? path.value() : path.error().text;
  }

  FakeKernel kernel_;
};

TEST_F(V4l2Find, TheCameraWithTheLowestNumberIsTaken) {
  kernel_.plug("video10");
  kernel_.plug("video2");
  EXPECT_EQ(found(), "/dev/video2");
}

TEST_F(V4l2Find, ANodeThatGivesOnlyMetadataIsNoCamera) {
  FakeNode metadata;
  metadata.device_caps = V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING;
  kernel_.plug("video0", "metadata", metadata);
  kernel_.plug("video1");
  EXPECT_EQ(found(), "/dev/video1");
}

TEST_F(V4l2Find, ANodeThatOnlyShowsPicturesIsNoCamera) {
  FakeNode output;
  output.capabilities = output.device_caps = V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING;
  kernel_.plug("video0", "output", output);
  EXPECT_EQ(found(), "no camera was found: is it plugged in?");
}

TEST_F(V4l2Find, TheBoardsCameraIsKnownByNameAndNotOpened) {
  kernel_.plug("video0");
  kernel_.plug_sunxi("video1");
  EXPECT_EQ(found(), "/dev/video1");
  EXPECT_EQ(kernel_.opened, 0);
}

TEST_F(V4l2Find, ACameraThatLeavesDeviceCapsOutIsFoundAndGivenItsInputFirst) {
  kernel_.plug_sunxi("video0");
  kernel_.plug("video0", "another name", kernel_.node("/dev/video0"));
  EXPECT_EQ(found(), "/dev/video0");
}

TEST_F(V4l2Find, ACameraThatCannotBeAskedCountsLast) {
  FakeNode busy;
  busy.open_errno = EBUSY;
  kernel_.plug("video0", "busy", busy);
  EXPECT_EQ(found(), "/dev/video0");
  kernel_.plug("video1");
  EXPECT_EQ(found(), "/dev/video1");
}

TEST_F(V4l2Find, AMachineWithoutCamerasSaysSo) {
  EXPECT_EQ(found(), "no camera was found: is it plugged in?");
}

TEST_F(V4l2Find, TheBoardsSensorIsFoundByName) {
  EXPECT_EQ(find_v4l2_sensor(kernel_), "");
  kernel_.plug("v4l-subdev0", "sunxi_mipi.0");
  kernel_.plug("v4l-subdev7", "sp2305_mipi");
  EXPECT_EQ(find_v4l2_sensor(kernel_), "/dev/v4l-subdev7");
}

}  // namespace
}  // namespace camloop
