#include "sources/v4l2/v4l2_controls.h"

#include "unit/sources/v4l2/v4l2_fake_kernel.h"

#include <gtest/gtest.h>
#include <cerrno>

namespace camloop {
namespace {

using Complaints = std::vector<std::string>;

class V4l2Controls : public ::testing::Test {
 protected:
  V4l2Controls() {
    FakeNode camera;
    camera.controls = {{V4L2_CID_BRIGHTNESS, "Brightness", -64, 64, 0},
                       {V4L2_CID_CONTRAST, "Contrast", 0, 95, 0},
                       {V4L2_CID_EXPOSURE_AUTO, "Exposure, Auto", 0, 3, 0}};
    FakeNode sensor;
    sensor.controls = {{V4L2_CID_EXPOSURE, "Exposure", 16, 17600, 0},
                       {V4L2_CID_BRIGHTNESS, "Brightness", 0, 1, 0}};
    kernel_.plug("video0", "camera", camera);
    kernel_.plug("v4l-subdev0", "sensor", sensor);
    for (const char* path : {"/dev/video0", "/dev/v4l-subdev0"}) {
      descriptors_.push_back(calls().open(path));
    }
  }
  ~V4l2Controls() override {
    for (int descriptor : descriptors_) calls().close(descriptor);
  }

  V4l2Calls& calls() { return kernel_; }
  Complaints set(std::vector<std::pair<std::string, int>> wishes) {
    return set_v4l2_controls(kernel_, descriptors_, wishes);
  }
  int value(const char* path, size_t i) { return kernel_.node(path).controls[i].value; }

  FakeKernel kernel_;
  std::vector<int> descriptors_;
};

TEST_F(V4l2Controls, ControlsAreSetByPlainNames) {
  EXPECT_EQ(set({{"brightness", -10}, {"exposure_auto", 1}}), Complaints());
  EXPECT_EQ(value("/dev/video0", 0), -10);
  EXPECT_EQ(value("/dev/video0", 2), 1);
}

TEST_F(V4l2Controls, TheFirstNodeWithTheNameIsTheOneThatIsSet) {
  EXPECT_EQ(set({{"exposure", 8000}, {"brightness", 1}}), Complaints());
  EXPECT_EQ(value("/dev/v4l-subdev0", 0), 8000);
  EXPECT_EQ(value("/dev/video0", 0), 1);
  EXPECT_EQ(value("/dev/v4l-subdev0", 1), 0);
}

TEST_F(V4l2Controls, AnUnknownNameIsAnsweredWithTheNearest) {
  EXPECT_EQ(set({{"brightnes", 1}, {"contrast", 5}}),
            Complaints{"control brightnes: the camera has no such control; "
                       "did you mean brightness?"});
  EXPECT_EQ(value("/dev/video0", 1), 5);
}

TEST_F(V4l2Controls, ANameThatIsNearToNothingIsAnsweredWithAllThereAre) {
  kernel_.node("/dev/v4l-subdev0").controls.clear();
  EXPECT_EQ(set({{"zoom", 1}}),
            Complaints{"control zoom: the camera has only brightness, contrast, exposure_auto"});
}

TEST_F(V4l2Controls, AValueOutOfRangeIsAnsweredWithTheRangeAndNotSet) {
  EXPECT_EQ(set({{"contrast", 96}}), Complaints{"control contrast=96: must be 0 to 95"});
  EXPECT_EQ(value("/dev/video0", 1), 0);
}

TEST_F(V4l2Controls, ADriverThatKnowsNoNextIsAskedByNumber) {
  kernel_.knows_next_control = false;
  EXPECT_EQ(set({{"contrast", 7}}), Complaints());
  EXPECT_EQ(value("/dev/video0", 1), 7);
}

TEST_F(V4l2Controls, ACameraWithoutControlsSaysSo) {
  kernel_.refused[VIDIOC_QUERYCTRL] = ENOTTY;
  EXPECT_EQ(set({{"contrast", 7}}), Complaints{"control contrast: the camera has no controls"});
}

TEST_F(V4l2Controls, WithoutWishesTheCameraIsNotEvenAsked) {
  set({});
  EXPECT_EQ(kernel_.calls[VIDIOC_QUERYCTRL], 0);
}

}  // namespace
}  // namespace camloop
