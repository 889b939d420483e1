#include "base/clock.h"
#include "sources/v4l2/v4l2_sensor.h"
#include "unit/sources/v4l2/v4l2_source_fixture.h"

#include <algorithm>
#include <cerrno>
#include <cmath>

namespace camloop {
namespace {

constexpr char kSensorPath[] = "/dev/v4l-subdev0";

// ---- The sensor alone

class V4l2SensorTest : public testing::Test {
 protected:
  std::optional<ExposureRange> range() { return V4l2Sensor::open(kernel_)->exposure_range(); }

  FakeKernel kernel_;
};

TEST_F(V4l2SensorTest, AMachineWithoutItHasNone) {
  kernel_.plug("video0");
  EXPECT_EQ(V4l2Sensor::open(kernel_), nullptr);
}

TEST_F(V4l2SensorTest, OneThatMayNotBeOpenedIsNone) {
  FakeNode barred;
  barred.open_errno = EACCES;
  kernel_.plug("v4l-subdev0", "sp2305_mipi", barred);
  EXPECT_EQ(V4l2Sensor::open(kernel_), nullptr);
}

TEST_F(V4l2SensorTest, ItExposesWholeLinesOfAFrame) {
  kernel_.plug_sensor("v4l-subdev0", {.exposure_min = 4 * 16 + 1, .exposure_max = 1117 * 16 + 15});
  EXPECT_EQ(range()->minimum, 5 * 16);
  EXPECT_EQ(range()->maximum, 1117 * 16);
  EXPECT_EQ(range()->step, 16);
}

TEST_F(V4l2SensorTest, WhereTheDriverTellsNothingALineToAPicturesLinesGo) {
  kernel_.plug_sensor("v4l-subdev0", {.knows_vendor_calls = false});
  EXPECT_EQ(range()->minimum, 16);
  EXPECT_EQ(range()->maximum, 1080 * 16);
}

TEST_F(V4l2SensorTest, TheControlsRangeIsKeptToo) {
  kernel_.plug_sensor("v4l-subdev0");
  kernel_.node(kSensorPath).controls[0].minimum = 500;
  kernel_.node(kSensorPath).controls[0].maximum = 8000;
  EXPECT_EQ(range()->minimum, 512);
  EXPECT_EQ(range()->maximum, 8000);
  kernel_.node(kSensorPath).controls[0].maximum = 100;
  EXPECT_FALSE(range());
  kernel_.node(kSensorPath).controls.clear();
  EXPECT_FALSE(range());
}

TEST_F(V4l2SensorTest, AnExposureThatCannotBeSetIsAnErrorThatNamesTheSensor) {
  kernel_.plug_sensor("v4l-subdev0", {.knows_vendor_calls = false});
  kernel_.refused[VIDIOC_S_CTRL] = EIO;
  Result<> set = V4l2Sensor::open(kernel_)->set_exposure(160);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().text, "/dev/v4l-subdev0: exposure: Input/output error");
}

// ---- Within the source

class V4l2ExposureTest : public V4l2SourceTest {
 protected:
  V4l2ExposureTest() {
    patience_.settle_us = 0;
    kernel_.plug("ion");
    kernel_.plug_sunxi("video0");
  }

  FakeSensor& sensor() { return *kernel_.node(kSensorPath).sensor; }
  /// A picture in light in which `right_exposure_` is the right one.
  FakeShot shot() {
    double luma = AutoExposure::kTargetLuma * sensor().exposure / right_exposure_;
    auto value = static_cast<uint8_t>(std::clamp(std::lround(luma), 0L, 255L));
    return {.bytes = std::vector<uint8_t>(64 * 16 * 3 / 2, value)};
  }
  double error_stops() { return std::log2(sensor().exposure / right_exposure_); }
  void show(int pictures) {
    for (int i = 0; i < pictures; ++i) fill_and_wait(shot());
  }

  double right_exposure_ = 2000;
};

TEST_F(V4l2ExposureTest, PicturesAreBroughtToMiddleGrey) {
  kernel_.plug_sensor("v4l-subdev0");
  for (double right : {16000.0, 300.0}) {
    right_exposure_ = right;
    source_.reset();
    start_and_stream();
    show(8);
    EXPECT_NEAR(error_stops(), 0, 0.3);
  }
  EXPECT_EQ(sensor().gain, 16);
  EXPECT_GT(kernel_.flushed, 0);
}

TEST_F(V4l2ExposureTest, TheFactsTellExposureAndLuma) {
  kernel_.plug_sensor("v4l-subdev0");
  start_and_stream();
  ASSERT_TRUE(facts().exposure);
  EXPECT_EQ(facts().exposure->lines, sensor().exposure / 16.0);
  EXPECT_EQ(facts().exposure->luma, 0);
  right_exposure_ = sensor().exposure * 3;
  show(1);
  EXPECT_NEAR(facts().exposure->luma, AutoExposure::kTargetLuma / 3, 0.5);
  EXPECT_EQ(facts().exposure->lines, sensor().exposure / 16.0);
  EXPECT_NEAR(error_stops(), 0, 0.05);
}

TEST_F(V4l2ExposureTest, PicturesThatNobodyWantsAreExposedWellTooForTheNextWhoLooks) {
  kernel_.plug_sensor("v4l-subdev0");
  wanted_ = false;
  start_and_stream();
  source_->set_active(false);
  right_exposure_ = 16000;
  run_until([this] {
    if (kernel_.filled_count() == 0) kernel_.fill(shot());
    return std::abs(error_stops()) < 0.3;
  });
  EXPECT_EQ(picture_count_, 0);
  EXPECT_GT(kernel_.flushed, 0);
}

TEST_F(V4l2ExposureTest, PicturesThatNeitherIsInterestedInAreNotFlushed) {
  kernel_.plug_sensor("v4l-subdev0");
  patience_.settle_us = kNever_us;
  wanted_ = false;
  start_and_stream();
  show(5);
  EXPECT_EQ(kernel_.flushed, 0);
  EXPECT_EQ(sensor().sets, 1);
}

TEST_F(V4l2ExposureTest, ARestartedStreamGoesOnWithTheExposureThatWasFound) {
  kernel_.plug_sensor("v4l-subdev0");
  right_exposure_ = 16000;
  start_and_stream();
  show(8);
  int found = sensor().exposure;
  source_->reopen();
  run_until([this] { return facts().reopened == 1; });
  EXPECT_EQ(sensor().exposure, found);
  EXPECT_EQ(facts().exposure->lines, found / 16.0);
}

TEST_F(V4l2ExposureTest, AStalledStreamThatIsRestartedHasItsExposureSetAgain) {
  kernel_.plug_sensor("v4l-subdev0");
  patience_.stall_us = 150 * kMillisecond_us;
  right_exposure_ = 16000;
  start_and_stream();
  show(1);
  int found = sensor().exposure;
  run_until([this] { return kernel_.calls[VIDIOC_STREAMON] == 2; });
  EXPECT_EQ(sensor().exposure, found);
}

TEST_F(V4l2ExposureTest, WhileTheCameraIsGoneThereIsNoExposureToTell) {
  kernel_.plug_sensor("v4l-subdev0");
  start_and_stream();
  kernel_.unplug("video0");
  run_until([this] { return !lost_.empty(); });
  EXPECT_FALSE(facts().exposure);
}

TEST_F(V4l2ExposureTest, TheUsersExposureIsKept) {
  kernel_.plug_sensor("v4l-subdev0");
  options_.controls = {{"exposure", 4000}};
  start_and_stream();
  EXPECT_EQ(sensor().exposure, 4000);
  right_exposure_ = 16000;
  show(8);
  EXPECT_EQ(sensor().exposure, 4000);
  EXPECT_FALSE(facts().exposure);
  source_->reopen();
  run_until([this] { return facts().reopened == 1; });
  EXPECT_EQ(sensor().exposure, 4000);
}

TEST_F(V4l2ExposureTest, TheUsersExposureComesAndGoesWhileTheCameraStreams) {
  kernel_.plug_sensor("v4l-subdev0");
  start_and_stream();
  source_->set_controls({{"exposure", 4000}});
  EXPECT_EQ(sensor().exposure, 4000);
  show(2);
  EXPECT_EQ(sensor().exposure, 4000);
  EXPECT_FALSE(facts().exposure);
  source_->set_controls({});
  right_exposure_ = 16000;
  show(8);
  EXPECT_NEAR(error_stops(), 0, 0.3);
  EXPECT_TRUE(facts().exposure);
}

TEST_F(V4l2ExposureTest, TheUsersExposureIsNoLongerThanAFrame) {
  kernel_.plug_sensor("v4l-subdev0");
  options_.controls = {{"exposure", 65536 * 16}};
  start_and_stream();
  EXPECT_EQ(sensor().exposure, 1117 * 16);
}

TEST_F(V4l2ExposureTest, OtherControlsOfTheUserDoNotTurnItOff) {
  kernel_.plug_sensor("v4l-subdev0");
  kernel_.node(kSensorPath).controls.push_back({V4L2_CID_HFLIP, "Horizontal Flip", 0, 1, 0});
  options_.controls = {{"horizontal_flip", 1}};
  start_and_stream();
  EXPECT_EQ(kernel_.node(kSensorPath).controls[1].value, 1);
  EXPECT_TRUE(facts().exposure);
}

TEST_F(V4l2ExposureTest, ADriverThatKnowsNoCallsOfTheVendorIsSetByItsControl) {
  kernel_.plug_sensor("v4l-subdev0", {.knows_vendor_calls = false});
  kernel_.node(kSensorPath).controls[0].flags = 0;
  start_and_stream();
  EXPECT_EQ(kernel_.node(kSensorPath).controls[0].value / 16.0, facts().exposure->lines);
}

TEST_F(V4l2ExposureTest, ASensorThatRefusesIsTriedAgainWhilePicturesFlow) {
  kernel_.plug_sensor("v4l-subdev0", {.knows_vendor_calls = false});
  kernel_.refused[VIDIOC_S_CTRL] = EIO;
  right_exposure_ = 1e6;  // so dark that the program comes to its limit
  start_and_stream();
  show(8);
  EXPECT_EQ(picture_count_, 8);
  EXPECT_EQ(facts().exposure->lines, 0);
  sensor().knows_vendor_calls = true;
  run_until([this] {
    if (kernel_.filled_count() == 0) kernel_.fill(shot());
    return facts().exposure->lines == 1080;
  });
  EXPECT_EQ(sensor().exposure, 1080 * 16);
}

TEST_F(V4l2ExposureTest, WithoutTheSensorNothingIsMeasured) {
  start_and_stream();
  fill_and_wait({.bytes = std::vector<uint8_t>(64 * 16 * 3 / 2, 5)});
  EXPECT_EQ(last_value_, 5);
  EXPECT_FALSE(facts().exposure);
}

TEST_F(V4l2ExposureTest, AnotherCameraLeavesTheSensorAlone) {
  kernel_.plug_sensor("v4l-subdev0");
  kernel_.plug("video1");
  kernel_.formats = {V4L2_PIX_FMT_YUYV};
  start("/dev/video1");
  run_until([this] { return kernel_.streaming; });
  fill_and_wait({.bytes = std::vector<uint8_t>(64 * 16 * 2, 5)});
  EXPECT_EQ(sensor().sets, 0);
  EXPECT_FALSE(facts().exposure);
}

}  // namespace
}  // namespace camloop
