#include "sources/capture.h"

#include "media/jpeg_scan.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace camloop {
namespace {

// A source that does what the test tells it to, and checks that it gets back what it lends.
class FakeSource : public Source, public PictureLender {
 public:
  explicit FakeSource(SourceHandler& told) : handler(told) { facts_.name = "fake"; }
  ~FakeSource() override { EXPECT_TRUE(lent.empty()) << "a picture outlived its memory"; }

  void set_active(bool is_active) override { active.push_back(is_active); }
  const SourceFacts& facts() const override { return facts_; }
  void take_back(int index) override { EXPECT_EQ(lent.erase(index), 1u); }

  /// A grey picture all of one luma.
  void give_picture(int width, int height, uint64_t sequence = 0, uint8_t luma = 0) {
    give(width, height, sequence, [luma] { return luma; });
  }
  /// A picture that JPEG makes no smaller.
  void give_noise(int width, int height) {
    give(width, height, 0, [random = std::minstd_rand()]() mutable { return random() >> 8; });
  }

  SourceHandler& handler;
  SourceFacts facts_;
  std::map<int, std::vector<uint8_t>> lent;
  std::vector<bool> active;

 private:
  template <class Luma>
  void give(int width, int height, uint64_t sequence, Luma luma) {
    int index = next_index_++;
    std::vector<uint8_t>& pixels = lent[index];
    pixels.resize(static_cast<size_t>(width) * static_cast<size_t>(height));
    std::generate(pixels.begin(), pixels.end(), luma);
    PictureView view;
    view.format = PixelFormat::kGrey;
    view.width = width;
    view.height = height;
    view.planes[0] = {pixels.data(), static_cast<size_t>(width)};
    view.captured_us = 1000 + static_cast<int64_t>(sequence);
    view.sequence = sequence;
    handler.on_picture(Picture(view, *this, index));
  }

  int next_index_ = 0;
};

class CaptureTest : public testing::Test, private Viewer {
 protected:
  CaptureTest() { capture_ = Capture::create(loop_, hub_, {80, 320, 240}, make_fake_).value(); }
  ~CaptureTest() override {
    capture_.reset();
    loop_.drain();
  }

  void watch() { hub_.attach(*this); }
  void leave() { hub_.detach(*this); }
  void run_until(const std::function<bool()>& condition) {
    ASSERT_TRUE(turn_until(loop_, condition)) << "waited in vain";
  }
  void run_until_shown(size_t count) {
    run_until([this, count] { return frames_.size() >= count; });
  }
  std::vector<uint64_t> shown() const {
    std::vector<uint64_t> sequences;
    for (const Frame& frame : frames_) sequences.push_back(frame.sequence);
    return sequences;
  }
  Frame make_frame(uint64_t sequence) {
    return Frame{pool_.take(10), 640, 480, monotonic_us(), sequence};
  }

  bool wants(int64_t captured_us) override { return captured_us >= wanted_from_us_; }
  void on_frame(const Frame& frame) override {
    frames_.push_back(frame);
    do_on_frame_();
  }

  Loop loop_;
  Hub hub_;
  BufferPool pool_{0};
  FakeSource* source_ = nullptr;  // made last
  Capture::MakeSource make_fake_ = [this](BufferPool&, SourceHandler& handler) {
    auto source = std::make_unique<FakeSource>(handler);
    source_ = source.get();
    return Result<std::unique_ptr<Source>>(std::move(source));
  };
  std::unique_ptr<Capture> capture_;
  int64_t wanted_from_us_ = 0;
  std::vector<Frame> frames_;
  std::function<void()> do_on_frame_ = [] {};
};

using Sequences = std::vector<uint64_t>;

TEST(Capture, FailsAsItsSourceDoes) {
  Loop loop;
  Hub hub;
  auto failed = Capture::create(loop, hub, {80, 320, 240}, [](BufferPool&, SourceHandler&) {
    return Result<std::unique_ptr<Source>>(Error{"no such file"});
  });
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().text, "no such file");
  loop.drain();
}

// ---- Demand
// --------------------------------------------------------------------------------------

TEST_F(CaptureTest, TellsTheSourceWhetherAnybodyWatches) {
  EXPECT_EQ(source_->active, std::vector<bool>{false}) << "nobody does at first";
  watch();
  leave();
  EXPECT_EQ(source_->active, (std::vector<bool>{false, true, false}));
}

TEST_F(CaptureTest, WantsWhatTheHubWants) {
  EXPECT_FALSE(source_->handler.wants(1000));
  watch();
  EXPECT_TRUE(source_->handler.wants(1000));
  wanted_from_us_ = 1001;
  EXPECT_FALSE(source_->handler.wants(1000));
}

TEST_F(CaptureTest, LeavesTheHubAloneOnceItIsGone) {
  capture_.reset();
  watch();
  leave();
}

// ---- Frames
// --------------------------------------------------------------------------------------

TEST_F(CaptureTest, MakesAPictureAFrame) {
  watch();
  source_->give_picture(64, 48, 7);
  EXPECT_TRUE(frames_.empty()) << "the work is the loop's";
  run_until_shown(1);
  const Frame& frame = frames_[0];
  EXPECT_EQ(frame.sequence, 7u);
  EXPECT_EQ(frame.captured_us, 1007);
  EXPECT_EQ(frame.width, 64);
  EXPECT_EQ(frame.height, 48);
  auto layout = scan_jpeg(frame.jpeg.bytes());
  ASSERT_TRUE(layout.ok()) << layout.error().text;
  EXPECT_EQ(layout.value().width, 64);
  EXPECT_EQ(layout.value().height, 48);
  EXPECT_EQ(layout.value().end, frame.jpeg.size());
  EXPECT_TRUE(source_->lent.empty()) << "the picture is back";
  EXPECT_EQ(capture_->counts().encoded, 1u);
  EXPECT_EQ(capture_->encode_cost().count(), 1u);
}

TEST_F(CaptureTest, PassesAJpegOnAsItIs) {
  watch();
  Frame frame = make_frame(3);
  source_->handler.on_jpeg(frame);
  ASSERT_EQ(shown(), Sequences{3});
  EXPECT_EQ(frames_[0].jpeg.bytes().data(), frame.jpeg.bytes().data());
  EXPECT_EQ(capture_->counts().encoded, 0u);
}

TEST_F(CaptureTest, EncodesTheNewestOfWhatCameMeanwhile) {
  watch();
  for (uint64_t sequence = 1; sequence <= 4; ++sequence) {
    source_->give_picture(64, 48, sequence);
    EXPECT_LE(source_->lent.size(), 2u) << "what gave way is back at once";
  }
  EXPECT_EQ(capture_->counts().superseded, 2u);
  run_until_shown(2);
  EXPECT_EQ(shown(), (Sequences{1, 4}));
  EXPECT_EQ(capture_->counts().encoded, 2u);
  EXPECT_TRUE(source_->lent.empty());
}

TEST_F(CaptureTest, GoesOnWithTheNextPicture) {
  watch();
  for (uint64_t sequence = 1; sequence <= 3; ++sequence) {
    source_->give_picture(64, 48, sequence);
    run_until_shown(sequence);
  }
  EXPECT_EQ(shown(), (Sequences{1, 2, 3}));
  EXPECT_EQ(capture_->counts().superseded, 0u);
}

TEST_F(CaptureTest, ShowsEachPictureByItself) {
  watch();
  source_->give_picture(64, 48, 1, 0);
  source_->give_picture(64, 48, 2, 255);
  run_until_shown(2);
  EXPECT_NE(as_text(frames_[0].jpeg.bytes()), as_text(frames_[1].jpeg.bytes()));
}

TEST_F(CaptureTest, GivesTheLoopBackBetweenSlices) {
  watch();
  int served = 0;
  Owned<Timer> other = Timer::create(loop_, [&] {
    ++served;
    other->start(0);
  });
  other->start(0);
  // Some tens of milliseconds of work, of which a slice is at most one and a row of blocks.
  source_->give_picture(4096, 4096);
  run_until_shown(1);
  EXPECT_GE(served, 5);
  other.reset();
}

TEST_F(CaptureTest, PublishesInATurnOfItsOwn) {
  watch();
  source_->give_picture(16, 8);
  uint64_t callbacks = 0;
  do_on_frame_ = [&] {
    callbacks = loop_.stalls().count();
    loop_.stop();
  };
  loop_.run();
  EXPECT_EQ(callbacks, 1u) << "the one before, which encoded";
}

TEST_F(CaptureTest, CountsAPictureThatCannotBeEncoded) {
  watch();
  source_->give_picture(70'000, 1, 1);
  EXPECT_EQ(capture_->counts().encode_failed, 1u);
  EXPECT_TRUE(source_->lent.empty());
  source_->give_picture(64, 48, 2);
  run_until_shown(1);
  EXPECT_EQ(shown(), Sequences{2});
}

TEST_F(CaptureTest, CountsAWaitingPictureThatCannotBeEncoded) {
  watch();
  source_->give_picture(64, 48, 1);
  source_->give_picture(70'000, 1, 2);
  run_until_shown(1);
  EXPECT_EQ(capture_->counts().encode_failed, 1u);
  EXPECT_TRUE(source_->lent.empty());
  source_->give_picture(64, 48, 3);
  run_until_shown(2);
  EXPECT_EQ(shown(), (Sequences{1, 3}));
}

TEST_F(CaptureTest, GivesUpAPictureThatBecomesTooLargeAFrame) {
  watch();
  source_->give_noise(4096, 4096);
  source_->give_picture(64, 48, 1);
  run_until([this] { return capture_->counts().encode_failed == 1; });
  EXPECT_TRUE(source_->lent.empty());
  source_->give_picture(64, 48, 2);
  run_until_shown(1);
  EXPECT_EQ(shown(), Sequences{2});
  EXPECT_EQ(capture_->counts().encoded, 1u);
}

TEST_F(CaptureTest, GivesBackWhatItHasWhenItGoes) {
  watch();
  source_->give_picture(64, 48, 1);
  source_->give_picture(64, 48, 2);
  EXPECT_EQ(source_->lent.size(), 2u);
  capture_.reset();  // the source checks
  leave();
}

TEST_F(CaptureTest, FinishesAPictureThoughTheSourceIsLost) {
  watch();
  source_->give_picture(64, 48, 1);
  source_->handler.on_lost(Error{"unplugged"});
  run_until_shown(1);
  EXPECT_EQ(shown(), Sequences{1});
}

TEST_F(CaptureTest, TakesAnotherQualityForTheNextPicture) {
  watch();
  source_->give_noise(64, 48);
  run_until_shown(1);
  capture_->set_quality(10);
  source_->give_noise(64, 48);
  run_until_shown(2);
  EXPECT_LT(frames_[1].jpeg.size(), frames_[0].jpeg.size());
}

// ---- Another source
// ------------------------------------------------------------------------------

TEST_F(CaptureTest, GoesOnWithAnotherSource) {
  watch();
  source_->give_picture(64, 48, 1);
  source_->give_picture(64, 48, 2);  // both on loan, which the source that goes checks
  capture_->replace_source(capture_->make(make_fake_).value(), 160, 120);
  EXPECT_EQ(source_->active, std::vector<bool>{true}) << "it is watched";
  source_->give_picture(32, 16, 3);
  run_until_shown(1);
  EXPECT_EQ(shown(), Sequences{3}) << "nothing of the source before";
}

TEST_F(CaptureTest, WaitsForTheFirstPictureOfAnotherSource) {
  watch();
  source_->handler.on_jpeg(make_frame(1));
  frames_.clear();
  capture_->replace_source(capture_->make(make_fake_).value(), 160, 120);
  EXPECT_TRUE(capture_->health(monotonic_us()).ok());
  EXPECT_FALSE(capture_->alive(monotonic_us()));
  run_until_shown(1);
  EXPECT_EQ(capture_->counts().no_signal, 1u);
  EXPECT_EQ(frames_[0].width, 160);
  source_->handler.on_jpeg(make_frame(2));
  EXPECT_TRUE(capture_->alive(monotonic_us()));
}

TEST_F(CaptureTest, KeepsItsSourceWhereNoOtherCanBeMade) {
  FakeSource* kept = source_;
  auto failed = capture_->make([](BufferPool&, SourceHandler&) {
    return Result<std::unique_ptr<Source>>(Error{"no such file"});
  });
  EXPECT_EQ(failed.error().text, "no such file");
  watch();
  kept->give_picture(64, 48, 1);
  run_until_shown(1);
}

// ---- No signal
// -----------------------------------------------------------------------------------

TEST_F(CaptureTest, ShowsNoSignalUntilThereIsAPicture) {
  watch();
  run_until_shown(1);
  EXPECT_EQ(capture_->counts().no_signal, 1u);
  EXPECT_EQ(frames_[0].width, 320) << "of the size asked for, while none is granted";
  EXPECT_EQ(frames_[0].height, 240);
  auto layout = scan_jpeg(frames_[0].jpeg.bytes());
  ASSERT_TRUE(layout.ok()) << layout.error().text;
  EXPECT_EQ(layout.value().width, 320);

  source_->handler.on_jpeg(make_frame(1));
  bool late = false;
  auto later = Timer::create(loop_, [&] { late = true; });
  later->start(kSecond_us + kSecond_us / 5);
  run_until([&] { return late; });
  EXPECT_EQ(capture_->counts().no_signal, 1u) << "a picture is the all-clear";
}

TEST_F(CaptureTest, ShowsWhyThereIsNoSignal) {
  source_->facts_.width = 160;
  source_->facts_.height = 120;
  watch();
  source_->handler.on_jpeg(make_frame(1));
  frames_.clear();
  source_->handler.on_lost(Error{"unplugged"});
  EXPECT_TRUE(frames_.empty());
  run_until_shown(2);
  EXPECT_EQ(frames_[0].width, 160);
  EXPECT_EQ(as_text(frames_[0].jpeg.bytes()), as_text(frames_[1].jpeg.bytes()));
  EXPECT_GT(frames_[1].captured_us, frames_[0].captured_us);
  EXPECT_GT(frames_[1].sequence, frames_[0].sequence);
  source_->handler.on_lost(Error{"busy"});
  run_until_shown(3);
  EXPECT_NE(as_text(frames_[2].jpeg.bytes()), as_text(frames_[0].jpeg.bytes()));
}

TEST_F(CaptureTest, EncodesNoSignalInSlicesAndNotBehindAPicture) {
  source_->facts_.width = source_->facts_.height = 4096;
  watch();
  run_until([this] { return capture_->counts().no_signal == 1; });
  EXPECT_TRUE(frames_.empty()) << "it takes turns of the loop";
  source_->handler.on_jpeg(make_frame(1));
  source_->give_picture(64, 48, 2);
  run_until_shown(2);
  EXPECT_EQ(shown(), (Sequences{1, 2}));
  EXPECT_EQ(capture_->counts().encoded, 1u);
}

TEST_F(CaptureTest, ShowsNoSignalToNobody) {
  bool late = false;
  auto later = Timer::create(loop_, [&] { late = true; });
  later->start(kSecond_us + kSecond_us / 5);
  run_until([&] { return late; });
  EXPECT_EQ(capture_->counts().no_signal, 0u);
  EXPECT_EQ(hub_.published(), 0u);
}

// ---- Health
// --------------------------------------------------------------------------------------

TEST_F(CaptureTest, IsHealthyWhileTheSourceIs) {
  int64_t now_us = monotonic_us();
  EXPECT_TRUE(capture_->health(now_us).ok());
  source_->facts_.fault = "unplugged";
  ASSERT_FALSE(capture_->health(now_us).ok());
  EXPECT_EQ(capture_->health(now_us).error().text, "unplugged");
  source_->facts_.fault.clear();
  EXPECT_TRUE(capture_->health(now_us).ok());
}

TEST_F(CaptureTest, IsAliveFromTheFirstSignOfLifeOn) {
  EXPECT_TRUE(capture_->health(monotonic_us()).ok()) << "at first it may still come";
  EXPECT_FALSE(capture_->alive(monotonic_us()));
  source_->handler.wants(monotonic_us());
  EXPECT_TRUE(capture_->alive(monotonic_us()));
  source_->facts_.fault = "unplugged";
  EXPECT_FALSE(capture_->alive(monotonic_us()));
}

TEST_F(CaptureTest, IsAliveBySourcesThatMakeJpegs) {
  source_->handler.on_jpeg(make_frame(1));
  EXPECT_TRUE(capture_->alive(monotonic_us()));
}

TEST_F(CaptureTest, MissesASourceThatIsSilent) {
  int64_t now_us = monotonic_us() + 60 * kSecond_us;
  ASSERT_FALSE(capture_->health(now_us).ok());
  EXPECT_EQ(capture_->health(now_us).error().text, "the source is silent");
  source_->handler.wants(now_us - kSecond_us);
  EXPECT_TRUE(capture_->health(now_us).ok()) << "a question is a sign of life";
  Frame frame = make_frame(1);
  frame.captured_us = now_us + 50 * kSecond_us;
  source_->handler.on_jpeg(frame);
  EXPECT_TRUE(capture_->health(now_us + 51 * kSecond_us).ok());
}

TEST_F(CaptureTest, WaitsForASourceThatIsAskedForFewPictures) {
  source_->facts_.fps = 0.1;
  int64_t now_us = monotonic_us();
  source_->handler.wants(now_us);
  EXPECT_TRUE(capture_->health(now_us + 30 * kSecond_us).ok());
  EXPECT_FALSE(capture_->health(now_us + 60 * kSecond_us).ok());
}

}  // namespace
}  // namespace camloop
