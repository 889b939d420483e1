#include "unit/sources/v4l2/v4l2_source_fixture.h"

#include <cerrno>

namespace camloop {
namespace {

// A stall that a busy machine does not make by itself.
constexpr int64_t kShortStall_us = 150 * kMillisecond_us;

/// A JPEG without Huffman tables, as many webcams send it.
std::vector<uint8_t> webcam_jpeg() {
  std::vector<uint8_t> jpeg{0xff, 0xd8, 0xff, 0xdb, 0, 2 + 1 + 64, 0};  // SOI, DQT
  jpeg.insert(jpeg.end(), 64, 1);
  jpeg.insert(jpeg.end(), {0xff, 0xc0, 0, 11, 8, 0, 8, 0, 16, 1, 1, 0x11, 0});  // SOF0: 16x8
  jpeg.insert(jpeg.end(), {0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34});   // SOS
  jpeg.insert(jpeg.end(), {0xff, 0xd9});
  return jpeg;
}

FakeShot raw_shot(uint8_t value) {
  return {.bytes = std::vector<uint8_t>(64 * 16 * 2, value)};
}

TEST_F(V4l2SourceTest, APictureIsLentAndItsBufferGoesBackToTheDriver) {
  kernel_.plug("video0");
  keeps_ = true;
  start_and_stream();
  fill_and_wait(raw_shot(7));
  ASSERT_EQ(pictures_.size(), 1u);
  EXPECT_EQ(pictures_[0].view().format, PixelFormat::kYuyv);
  EXPECT_EQ(pictures_[0].view().width, 64);
  EXPECT_EQ(pictures_[0].view().captured_us, asked_[0]);
  EXPECT_EQ(kernel_.queued_count(), 4u);
  pictures_.clear();
  EXPECT_EQ(kernel_.queued_count(), 5u);
}

TEST_F(V4l2SourceTest, TheFactsSayWhatWasGranted) {
  kernel_.plug("video3");
  kernel_.frames_per_second = 30;
  start("auto");
  run_until([this] { return kernel_.streaming; });
  EXPECT_EQ(facts().name, "v4l2:/dev/video3");
  EXPECT_EQ(facts().device, "Fake Camera");
  EXPECT_EQ(facts().format, "YUYV");
  EXPECT_EQ(facts().width, 64);
  EXPECT_EQ(facts().height, 16);
  EXPECT_EQ(facts().fps, 30);
  EXPECT_EQ(facts().fault, "");
}

TEST_F(V4l2SourceTest, TheNewestPictureWinsAndTheOlderOnesGoBackUnread) {
  kernel_.plug("video0");
  start_and_stream();
  for (uint8_t value : {1, 2, 3}) ASSERT_TRUE(kernel_.fill(raw_shot(value)));
  run_until([this] { return picture_count_ > 0; });
  EXPECT_EQ(picture_count_, 1);
  EXPECT_EQ(last_value_, 3);
  EXPECT_EQ(facts().pictures, 3u);
  EXPECT_EQ(facts().dropped_stale, 2u);
  EXPECT_EQ(kernel_.queued_count(), 5u);
}

TEST_F(V4l2SourceTest, APictureThatNobodyWantsGoesBackUnread) {
  kernel_.plug("video0");
  wanted_ = false;
  start_and_stream();
  fill_and_wait(raw_shot(1));
  EXPECT_EQ(picture_count_, 0);
  EXPECT_EQ(kernel_.queued_count(), 5u);
}

TEST_F(V4l2SourceTest, FaultyAndShortPicturesAreCountedAndNeverSeen) {
  kernel_.plug("video0");
  start_and_stream();
  FakeShot faulty = raw_shot(1);
  faulty.flags |= V4L2_BUF_FLAG_ERROR;
  FakeShot empty;
  FakeShot cut = raw_shot(1);
  cut.missing = 1;
  for (const FakeShot& shot : {faulty, empty, cut}) ASSERT_TRUE(kernel_.fill(shot));
  run_until([this] { return facts().dropped_broken == 3; });
  EXPECT_EQ(picture_count_, 0);
  EXPECT_EQ(kernel_.queued_count(), 5u);
}

TEST_F(V4l2SourceTest, WhileTooManyPicturesAreLentNewOnesAreDroppedUnasked) {
  kernel_.plug("video0");
  keeps_ = true;
  start_and_stream();
  for (uint8_t value : {1, 2, 3}) fill_and_wait(raw_shot(value));
  ASSERT_TRUE(kernel_.fill(raw_shot(4)));
  run_until([this] { return facts().dropped_stale == 1; });
  EXPECT_EQ(asked_.size(), 3u);
  EXPECT_EQ(kernel_.queued_count(), 2u);
  pictures_.clear();
  fill_and_wait(raw_shot(5));
  EXPECT_EQ(last_value_, 5);
}

TEST_F(V4l2SourceTest, ADriverWithTwoBuffersCanStillLendOne) {
  kernel_.plug("video0");
  kernel_.buffers_max = 2;
  keeps_ = true;
  start_and_stream();
  fill_and_wait(raw_shot(9));
  EXPECT_EQ(picture_count_, 1);
}

TEST_F(V4l2SourceTest, AJpegIsMendedAndItsBufferGivenBackAtOnce) {
  kernel_.plug("video0");
  kernel_.formats = {V4L2_PIX_FMT_MJPEG};
  start_and_stream();
  fill_and_wait({.bytes = webcam_jpeg()});
  ASSERT_EQ(frames_.size(), 1u);
  EXPECT_EQ(frames_[0].width, 16);
  EXPECT_EQ(frames_[0].height, 8);
  EXPECT_EQ(frames_[0].captured_us, asked_[0]);
  EXPECT_GT(frames_[0].jpeg.size(), webcam_jpeg().size() + 400);  // the tables of K.3 are in
  EXPECT_EQ(kernel_.queued_count(), 5u);
}

TEST_F(V4l2SourceTest, AJpegThatIsCutShortIsDroppedAndCounted) {
  kernel_.plug("video0");
  kernel_.formats = {V4L2_PIX_FMT_MJPEG};
  start_and_stream();
  FakeShot cut{.bytes = webcam_jpeg()};
  cut.missing = 2;
  fill_and_wait(cut);
  EXPECT_EQ(frames_.size(), 0u);
  EXPECT_EQ(facts().dropped_broken, 1u);
  fill_and_wait({.bytes = webcam_jpeg()});
  ASSERT_EQ(frames_.size(), 1u);
  EXPECT_EQ(frames_[0].sequence, 1u);
}

TEST_F(V4l2SourceTest, AJpegThatNobodyWantsIsNotLookedAt) {
  kernel_.plug("video0");
  kernel_.formats = {V4L2_PIX_FMT_MJPEG};
  wanted_ = false;
  start_and_stream();
  fill_and_wait({.bytes = {1, 2, 3}});
  EXPECT_EQ(facts().dropped_broken, 0u);
}

TEST_F(V4l2SourceTest, AMissingCameraIsToldOnceAndTakenWhenItComes) {
  start();
  run_until([this] { return !lost_.empty(); });
  int64_t later_us = monotonic_us() + 20 * patience_.retry_max_us;
  run_until([&] { return monotonic_us() > later_us; });
  EXPECT_EQ(lost_, std::vector<std::string>{"/dev/video0 is not there: is the camera plugged in?"});
  EXPECT_EQ(facts().fault, lost_[0]);
  kernel_.plug("video0");
  run_until([this] { return kernel_.streaming; });
  fill_and_wait(raw_shot(1));
  EXPECT_EQ(facts().fault, "");
  EXPECT_EQ(facts().reopened, 0u);
}

TEST_F(V4l2SourceTest, ABusyCameraIsToldAndTakenWhenItIsFree) {
  kernel_.plug("video0");
  kernel_.refused[VIDIOC_STREAMON] = EBUSY;
  start();
  run_until([this] { return !lost_.empty(); });
  EXPECT_EQ(lost_[0], "/dev/video0 is used by another program");
  kernel_.refused.clear();
  run_until([this] { return kernel_.streaming; });
  EXPECT_EQ(lost_.size(), 1u);
}

TEST_F(V4l2SourceTest, AnUnpluggedCameraIsTakenAgainUnderItsNewNumber) {
  kernel_.plug("video0");
  start("auto");
  run_until([this] { return kernel_.streaming; });
  fill_and_wait(raw_shot(1));
  kernel_.unplug("video0");
  run_until([this] { return !lost_.empty(); });
  EXPECT_EQ(lost_[0], "/dev/video0 is not there: is the camera plugged in?");
  kernel_.plug("video1");
  run_until([this] { return kernel_.streaming; });
  fill_and_wait(raw_shot(2));
  EXPECT_EQ(last_value_, 2);
  EXPECT_EQ(facts().name, "v4l2:/dev/video1");
  EXPECT_EQ(facts().reopened, 1u);
}

TEST_F(V4l2SourceTest, ANamedCameraIsWaitedForUnderItsName) {
  kernel_.plug("video0");
  start_and_stream();
  kernel_.unplug("video0");
  kernel_.plug("video1");
  run_until([this] { return !lost_.empty(); });
  kernel_.plug("video0");
  run_until([this] { return facts().reopened == 1; });
  EXPECT_EQ(facts().name, "v4l2:/dev/video0");
}

TEST_F(V4l2SourceTest, AFaultThatPollReportsIsHealedByOpeningAnew) {
  kernel_.plug("video0");
  start_and_stream();
  fill_and_wait(raw_shot(1));
  kernel_.break_poll();
  run_until([this] { return facts().reopened == 1; });
  EXPECT_EQ(lost_, std::vector<std::string>{"/dev/video0 reports a fault"});
  fill_and_wait(raw_shot(2));
  EXPECT_EQ(last_value_, 2);
}

TEST_F(V4l2SourceTest, AnUnpluggedCameraIsClosedOnlyWhenTheKernelHasForgottenIt) {
  patience_.release_us = kNever_us;
  kernel_.plug("video0");
  start_and_stream();
  kernel_.unplug("video0");
  run_until([this] { return !lost_.empty(); });
  int64_t later_us = monotonic_us() + 20 * patience_.retry_max_us;
  run_until([&] { return monotonic_us() > later_us; });
  EXPECT_GT(kernel_.mapped, 0);
  EXPECT_FALSE(kernel_.all_closed());
}

TEST_F(V4l2SourceTest, APictureLentByACameraThatIsGoneStaysReadableUntilItIsBack) {
  kernel_.plug("video0");
  keeps_ = true;
  start_and_stream();
  fill_and_wait(raw_shot(7));
  fill_and_wait(raw_shot(8));
  kernel_.unplug("video0");
  run_until([this] { return !lost_.empty(); });
  kernel_.plug("video0");
  int64_t later_us = monotonic_us() + 20 * patience_.retry_max_us;
  run_until([&] { return monotonic_us() > later_us; });
  EXPECT_EQ(kernel_.opened, 1);  // what is mapped keeps the kernel from giving it out anew
  EXPECT_EQ(pictures_[0].view().planes[0].data[64 * 16 * 2 - 1], 7);
  EXPECT_EQ(pictures_[1].view().planes[0].data[64 * 16 * 2 - 1], 8);
  pictures_.erase(pictures_.begin());
  EXPECT_EQ(kernel_.mapped, 5);
  EXPECT_EQ(pictures_[0].view().planes[0].data[64 * 16 * 2 - 1], 8);
  pictures_.clear();
  run_until([this] { return kernel_.mapped == 0; });
  run_until([this] { return kernel_.streaming; });
  fill_and_wait(raw_shot(9));
  EXPECT_EQ(last_value_, 9);
}

TEST_F(V4l2SourceTest, AFaultFoundWhileAPictureComesBackIsToldOnALaterTurn) {
  kernel_.plug("video0");
  keeps_ = true;
  start_and_stream();
  fill_and_wait(raw_shot(7));
  kernel_.refused[VIDIOC_QBUF] = ENODEV;
  pictures_.clear();
  EXPECT_EQ(lost_.size(), 0u);
  kernel_.refused.clear();
  run_until([this] { return facts().reopened == 1; });
  EXPECT_EQ(lost_.size(), 1u);
}

TEST_F(V4l2SourceTest, AStalledStreamIsRestartedAndIfThatDoesNotHelpOpenedAnew) {
  patience_.stall_us = kShortStall_us;
  kernel_.plug("video0");
  start_and_stream();
  fill_and_wait(raw_shot(1));
  run_until([this] { return kernel_.calls[VIDIOC_STREAMON] == 2; });
  EXPECT_EQ(kernel_.opened, 1);
  EXPECT_EQ(lost_, std::vector<std::string>{"/dev/video0 gives no picture"});
  run_until([this] { return facts().reopened == 1; });
  EXPECT_EQ(lost_.size(), 1u);
  run_until([this] { return kernel_.streaming; });
  fill_and_wait(raw_shot(2));
  EXPECT_EQ(facts().fault, "");
}

TEST_F(V4l2SourceTest, ARestartedStreamGoesOnWithLentPicturesOut) {
  patience_.stall_us = kShortStall_us;
  kernel_.plug("video0");
  keeps_ = true;
  start_and_stream();
  fill_and_wait(raw_shot(1));
  run_until([this] { return kernel_.calls[VIDIOC_STREAMON] == 2; });
  fill_and_wait(raw_shot(2));
  EXPECT_EQ(pictures_[0].view().planes[0].data[0], 1);
  pictures_.clear();
  EXPECT_EQ(kernel_.queued_count(), 5u);
}

TEST_F(V4l2SourceTest, PicturesThatWaitForALateLoopAreNoStall) {
  patience_.stall_us = kShortStall_us;
  kernel_.plug("video0");
  start_and_stream();
  fill_and_wait(raw_shot(1));
  int64_t late_us = monotonic_us() + kShortStall_us;
  while (monotonic_us() < late_us) continue;  // hold the loop
  fill_and_wait(raw_shot(2));
  EXPECT_EQ(lost_.size(), 0u);
  EXPECT_EQ(kernel_.calls[VIDIOC_STREAMON], 1);
}

TEST_F(V4l2SourceTest, ASlowCameraIsGivenTimeForThreePictures) {
  patience_.stall_us = kMillisecond_us;
  kernel_.frames_per_second = 1;
  kernel_.plug("video0");
  start_and_stream();
  fill_and_wait(raw_shot(1));
  int64_t later_us = monotonic_us() + 20 * patience_.stall_us;
  run_until([&] { return monotonic_us() > later_us; });
  EXPECT_EQ(lost_.size(), 0u);
}

TEST_F(V4l2SourceTest, AStallIsNoticedWhileNobodyWatches) {
  patience_.stall_us = kShortStall_us;
  kernel_.plug("video0");
  start_and_stream();
  fill_and_wait(raw_shot(1));
  source_->set_active(false);
  run_until([this] { return kernel_.calls[VIDIOC_STREAMON] == 2; });
  EXPECT_EQ(lost_.size(), 1u);
}

TEST_F(V4l2SourceTest, WhileNobodyWatchesOnlyAFreshPictureIsOfferedNowAndThen) {
  kernel_.plug("video0");
  wanted_ = false;
  start_and_stream();
  fill_and_wait(raw_shot(1));
  source_->set_active(false);
  for (uint8_t value : {2, 3, 4, 5, 6}) ASSERT_TRUE(kernel_.fill(raw_shot(value)));
  run_until([this] { return kernel_.queued_count() == 5; });  // thrown away as stale
  EXPECT_EQ(asked_.size(), 1u);
  wanted_ = true;
  fill_and_wait(raw_shot(7));
  EXPECT_EQ(last_value_, 7);
}

TEST_F(V4l2SourceTest, WhoBeginsToWatchSeesNoStalePicture) {
  patience_.idle_us = kNever_us;
  kernel_.plug("video0");
  start_and_stream();
  fill_and_wait(raw_shot(1));
  source_->set_active(false);
  ASSERT_TRUE(kernel_.fill(raw_shot(2)));
  source_->set_active(true);
  EXPECT_EQ(kernel_.filled_count(), 0u);
  fill_and_wait(raw_shot(3));
  EXPECT_EQ(last_value_, 3);
  EXPECT_EQ(picture_count_, 2);
}

TEST_F(V4l2SourceTest, AFaultFoundOnWakingIsToldOnALaterTurn) {
  patience_.idle_us = kNever_us;
  kernel_.plug("video0");
  start_and_stream();
  source_->set_active(false);
  ASSERT_TRUE(kernel_.fill(raw_shot(1)));
  kernel_.refused[VIDIOC_QBUF] = ENODEV;
  source_->set_active(true);
  kernel_.refused.clear();
  EXPECT_EQ(lost_.size(), 0u);
  run_until([this] { return !lost_.empty(); });
}

TEST_F(V4l2SourceTest, ACameraOpenedWhileNobodyWatchesOffersOnePictureAndRests) {
  patience_.idle_us = kNever_us;
  kernel_.plug("video0");
  start();
  source_->set_active(false);
  run_until([this] { return kernel_.streaming; });
  fill_and_wait(raw_shot(1));
  ASSERT_TRUE(kernel_.fill(raw_shot(2)));
  int64_t later_us = monotonic_us() + 20 * kMillisecond_us;
  run_until([&] { return monotonic_us() > later_us; });
  EXPECT_EQ(asked_.size(), 1u);
  EXPECT_EQ(kernel_.filled_count(), 1u);
}

TEST_F(V4l2SourceTest, ACameraIsOpenedAnewWhenAskedTo) {
  kernel_.plug("video0");
  start_and_stream();
  fill_and_wait(raw_shot(1));
  source_->reopen();
  EXPECT_EQ(lost_.size(), 0u) << "it is told on a later turn";
  run_until([this] { return kernel_.opened == 2 && kernel_.streaming; });
  fill_and_wait(raw_shot(2));
  EXPECT_EQ(last_value_, 2);
  EXPECT_EQ(facts().fault, "");
  EXPECT_EQ(facts().reopened, 1u);
}

TEST_F(V4l2SourceTest, FewerBuffersAreTakenAtOnceMoreWithTheNextOpening) {
  kernel_.plug("video0");
  start_and_stream();
  source_->set_buffer_count(3);
  run_until([this] { return kernel_.opened == 2 && kernel_.streaming; });
  EXPECT_EQ(kernel_.queued_count(), 3u);
  source_->set_buffer_count(5);
  fill_and_wait(raw_shot(1));
  EXPECT_EQ(kernel_.opened, 2);
  source_->reopen();
  run_until([this] { return kernel_.opened == 3 && kernel_.streaming; });
  EXPECT_EQ(kernel_.queued_count(), 5u);
}

TEST_F(V4l2SourceTest, ControlsAreSetAgainWheneverTheCameraIsOpenedAnew) {
  FakeNode camera;
  camera.controls = {{V4L2_CID_BRIGHTNESS, "Brightness", 0, 255, 128}};
  options_.controls = {{"brightness", 10}, {"unheard_of", 1}};
  kernel_.plug("video0", "camera", camera);
  start_and_stream();
  EXPECT_EQ(kernel_.node("/dev/video0").controls[0].value, 10);
  kernel_.unplug("video0");
  run_until([this] { return !lost_.empty(); });
  kernel_.plug("video0", "camera", camera);
  run_until([this] { return kernel_.streaming; });
  EXPECT_EQ(kernel_.node("/dev/video0").controls[0].value, 10);
}

TEST_F(V4l2SourceTest, AnotherSourceOpensTheSameCameraOnceThisOneIsGone) {
  kernel_.plug_sunxi("video0");  // which only one may open
  start_and_stream();
  std::unique_ptr<Source> before = std::move(source_);
  options_.width = 128;
  start();
  before.reset();
  run_until([this] { return kernel_.streaming; });
  EXPECT_EQ(facts().width, 128);
  EXPECT_EQ(lost_, std::vector<std::string>());
}

TEST_F(V4l2SourceTest, OtherControlsAreSetOnACameraThatStreams) {
  FakeNode camera;
  camera.controls = {{V4L2_CID_BRIGHTNESS, "Brightness", 0, 255, 128},
                     {V4L2_CID_CONTRAST, "Contrast", 0, 255, 128}};
  options_.controls = {{"brightness", 10}};
  kernel_.plug("video0", "camera", camera);
  start();
  source_->set_controls({{"brightness", 20}, {"contrast", 30}});
  run_until([this] { return kernel_.streaming; });
  std::vector<FakeControl>& controls = kernel_.node("/dev/video0").controls;
  EXPECT_EQ(controls[0].value, 20) << "asked for before it was open";
  source_->set_controls({{"contrast", 40}});
  EXPECT_EQ(controls[0].value, 20);
  EXPECT_EQ(controls[1].value, 40);
  EXPECT_EQ(kernel_.opened, 1);
}

TEST_F(V4l2SourceTest, OneControlIsSetOrItIsSaidWhyNot) {
  FakeNode camera;
  camera.controls = {{V4L2_CID_BRIGHTNESS, "Brightness", 0, 255, 128}};
  kernel_.plug("video0", "camera", camera);
  start();
  EXPECT_EQ(source_->set_control("brightness", 20).error().text, "there is no camera now");
  run_until([this] { return kernel_.streaming; });
  EXPECT_TRUE(source_->set_control("brightness", 20).ok());
  EXPECT_EQ(source_->set_control("brightness", 256).error().text,
            "control brightness=256: must be 0 to 255");
  EXPECT_EQ(source_->set_control("gain", 1).error().text,
            "control gain: the camera has only brightness");
  EXPECT_EQ(kernel_.node("/dev/video0").controls[0].value, 20);
}

}  // namespace
}  // namespace camloop
