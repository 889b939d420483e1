// The camera as a source: takes the newest picture, and gets over whatever happens to the device.
#pragma once

#include "base/buffer.h"
#include "base/clock.h"
#include "io/loop.h"
#include "io/poll.h"
#include "io/timer.h"
#include "sources/source.h"
#include "sources/source_options.h"
#include "sources/v4l2/auto_exposure.h"
#include "sources/v4l2/v4l2_device.h"
#include "sources/v4l2/v4l2_sensor.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace camloop {

/// `path`: a device node, or "auto" for the first camera, looked for anew at every opening.
/// `pool` receives the JPEGs of a camera that makes them. Begins active.
std::unique_ptr<Source> make_v4l2_source(Loop& loop, const std::string& path,
                                         const SourceOptions& options, BufferPool& pool,
                                         SourceHandler& handler);

/// How long the source waits for what.
struct V4l2Patience {
  int64_t stall_us = 2 * kSecond_us;      // without a picture
  int64_t retry_min_us = kSecond_us / 4;  // to open anew; each failure doubles it
  int64_t retry_max_us = 2 * kSecond_us;  // so that a replugged camera is back within 3 s
  // To close what was lost: no longer than a hub takes to find a camera that is plugged in again,
  // as it gets another number while the old one is held.
  int64_t release_us = kSecond_us / 10;
  int64_t idle_us = kSecond_us;  // between two looks while nobody watches
  // For a new exposure to show: five frames of the V831's sensor, which takes two or three.
  int64_t settle_us = kSecond_us / 4;
};

class V4l2Source final : public Source, private PictureLender {
 public:
  V4l2Source(Loop& loop, V4l2Calls& calls, const std::string& path, const SourceOptions& options,
             BufferPool& pool, SourceHandler& handler, const V4l2Patience& patience = {});
  ~V4l2Source() override;

  void set_active(bool active) override;
  void reopen() override;
  void set_controls(const CameraControls& controls) override;
  Result<> set_control(const std::string& name, int value) override;
  void set_buffer_count(int count) override;
  const SourceFacts& facts() const override { return facts_; }

 private:
  enum class State { kClosed, kStarting, kRunning };

  void on_due();
  void open();
  Result<> open_device();
  Result<> start_stream();
  void apply_controls();
  std::vector<std::string> set_on_device(const CameraControls& controls);
  void check_liveness();
  void on_stalled();
  void lose(const Error& why);
  void release();
  void tell(const Error& why);
  int64_t retry_wait_us();
  int64_t stall_us() const;
  bool stalled() const;
  void arm();

  void on_ready(bool fault);
  Result<std::optional<FilledBuffer>> take_newest();
  void discard_filled();
  void offer(const FilledBuffer& filled);
  void offer_jpeg(const FilledBuffer& filled);
  void offer_picture(const FilledBuffer& filled);
  void pass_over(const FilledBuffer& filled);
  void drop_broken(const FilledBuffer& filled);
  void note_picture();
  void give_back(int index);
  void take_back(int index) override;

  void start_exposure();
  bool metering_due(const FilledBuffer& filled) const;
  void meter(const PictureView& view);
  void expose();
  bool set_exposure(int exposure);

  Loop& loop_;
  V4l2Calls& calls_;
  const std::string path_;
  SourceOptions options_;
  const V4l2Patience patience_;
  BufferPool& pool_;
  SourceHandler& handler_;

  State state_ = State::kClosed;
  bool active_ = true;
  SourceFacts facts_;
  std::unique_ptr<V4l2Device> device_;  // in kClosed: what was lost, not closed yet
  Owned<Poll> poll_;                    // watches device_ while it streams
  Owned<Timer> timer_;                  // what is due next, in every state
  std::optional<Error> fault_;          // found inside a call made to us; due at once
  int64_t last_picture_us_ = 0;         // or when streaming began
  int failures_ = 0;                    // to open, since the last picture
  std::unique_ptr<V4l2Sensor> sensor_;  // of device_, on the V831
  // Outlives sensor_, to go on with what it found.
  std::optional<AutoExposure> auto_exposure_;
  bool opened_before_ = false;
  bool controls_told_ = false;  // what is wrong with them is logged once
  bool sensor_told_ = false;    // likewise that it refuses
};

}  // namespace camloop
