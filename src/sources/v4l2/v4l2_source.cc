// Laws of the states:
//
//   kClosed    no stream; the timer closes the device that was lost, and later opens the camera
//              anew. Closing waits until every picture that the device lent is back: until then its
//              memory stays mapped.
//   kStarting  it streams, but since it (re)started there was no picture. None for 2 s: lose it.
//   kRunning   pictures come. None for 2 s: restart the stream.
//
//   kClosed -open-> kStarting -picture-> kRunning -stall-> kStarting
//   any error, or a stall in kStarting: -> kClosed, opened anew after a growing wait.
//
// The handler is called only from the loop. What goes wrong inside a call made to us is kept in
// fault_ and dealt with on the next turn.

#include "sources/v4l2/v4l2_source.h"

#include "base/check.h"
#include "base/log.h"
#include "media/jpeg_scan.h"
#include "media/luma.h"
#include "sources/v4l2/v4l2_controls.h"
#include "sources/v4l2/v4l2_find.h"

#include <algorithm>
#include <utility>

namespace camloop {
namespace {

constexpr std::string_view kAuto = "auto";
constexpr std::string_view kExposure = "exposure";
// A slow camera is not stalled before it has missed this many pictures.
constexpr double kMissedPictures = 3;

}  // namespace

std::unique_ptr<Source> make_v4l2_source(Loop& loop, const std::string& path,
                                         const SourceOptions& options, BufferPool& pool,
                                         SourceHandler& handler) {
  return std::make_unique<V4l2Source>(loop, system_v4l2_calls(), path, options, pool, handler);
}

V4l2Source::V4l2Source(Loop& loop, V4l2Calls& calls, const std::string& path,
                       const SourceOptions& options, BufferPool& pool, SourceHandler& handler,
                       const V4l2Patience& patience)
    : loop_(loop),
      calls_(calls),
      path_(path),
      options_(options),
      patience_(patience),
      pool_(pool),
      handler_(handler),
      timer_(Timer::create(loop, [this] { on_due(); })) {
  facts_.name = "v4l2:" + path;
  timer_->start(0);
}

V4l2Source::~V4l2Source() {
  CHECK(!device_ || !device_->any_lent());
}

void V4l2Source::set_active(bool active) {
  if (active == active_) return;
  active_ = active;
  if (state_ == State::kClosed) return;
  if (active) {
    discard_filled();
    poll_->start();
  } else {
    poll_->stop();
  }
  arm();
}

void V4l2Source::reopen() {
  failures_ = 0;
  if (state_ != State::kClosed) fault_ = Error{facts_.name + " is opened anew"};
  timer_->start(0);
}

void V4l2Source::set_controls(const CameraControls& controls) {
  options_.controls = controls;
  controls_told_ = false;
  if (state_ == State::kClosed) return;
  apply_controls();
  if (sensor_) start_exposure();
}

void V4l2Source::set_buffer_count(int count) {
  bool fewer = count < options_.buffers;
  options_.buffers = count;
  if (fewer && state_ != State::kClosed) reopen();
}

// ---- What is due

void V4l2Source::on_due() {
  if (state_ == State::kClosed) {
    open();
  } else {
    check_liveness();
  }
}

void V4l2Source::open() {
  if (device_) {
    release();
    return;
  }
  if (Result<> opened = open_device(); !opened) {
    lose(opened.error());
    return;
  }
  state_ = State::kStarting;
  last_picture_us_ = monotonic_us();
  poll_ =
      Poll::create(loop_, device_->node().descriptor(), [this](bool fault) { on_ready(fault); });
  poll_->start();
  arm();
}

Result<> V4l2Source::open_device() {
  std::string path = path_ == kAuto ? TRY(find_v4l2_camera(calls_)) : path_;
  facts_.name = "v4l2:" + path;
  device_ = TRY(V4l2Device::open(calls_, path, options_));
  if (device_->node().sunxi()) sensor_ = V4l2Sensor::open(calls_);
  if (!sensor_) apply_controls();
  TRY(start_stream());
  const V4l2Grant& grant = device_->grant();
  facts_.device = device_->node().card();
  facts_.format = fourcc_text(grant.format->fourcc);
  facts_.width = grant.width;
  facts_.height = grant.height;
  facts_.fps = grant.fps;
  if (std::exchange(opened_before_, true)) ++facts_.reopened;
  return {};
}

// What is set on the V831's sensor before the stream starts is lost; others may take some controls
// only before that.
Result<> V4l2Source::start_stream() {
  TRY(device_->start());
  if (!sensor_) return {};
  apply_controls();
  start_exposure();
  return {};
}

Result<> V4l2Source::set_control(const std::string& name, int value) {
  if (state_ == State::kClosed) return Error{"there is no camera now"};
  auto complaints = set_on_device({{name, value}});
  return complaints.empty() ? Result<>() : Error{complaints.front()};
}

std::vector<std::string> V4l2Source::set_on_device(const CameraControls& controls) {
  int descriptors[] = {device_->node().descriptor(), sensor_ ? sensor_->descriptor() : -1};
  size_t count = sensor_ ? 2 : 1;
  return set_v4l2_controls(calls_, {descriptors, count}, controls);
}

void V4l2Source::apply_controls() {
  auto complaints = set_on_device(options_.controls);
  if (std::exchange(controls_told_, true)) return;
  for (const std::string& complaint : complaints) {
    log_warning("%s: %s", facts_.name.c_str(), complaint.c_str());
  }
}

void V4l2Source::check_liveness() {
  if (fault_) {
    Error why = *fault_;
    lose(why);
    return;
  }
  if (stalled()) on_ready(false);  // pictures may wait there, and it is the loop that was late
  if (state_ == State::kClosed) return;
  if (stalled()) {
    on_stalled();
    return;
  }
  if (!active_) {
    // What lies there is up to a second old; the next one is not.
    discard_filled();
    poll_->start();
  }
  arm();
}

void V4l2Source::on_stalled() {
  Error why{device_->node().path() + " gives no picture"};
  if (state_ == State::kStarting) {
    lose(why);
    return;
  }
  device_->stop();
  if (Result<> started = start_stream(); !started) {
    lose(started.error());
    return;
  }
  state_ = State::kStarting;
  last_picture_us_ = monotonic_us();
  poll_->start();
  arm();
  tell(why);
}

void V4l2Source::lose(const Error& why) {
  state_ = State::kClosed;
  fault_.reset();
  poll_.reset();
  sensor_.reset();
  facts_.exposure.reset();
  if (device_) device_->stop();
  timer_->start(device_ ? patience_.release_us : retry_wait_us());
  tell(why);
}

// Never at the loss itself. While the kernel forgets a camera that was pulled out, the last close
// may meet it half-way: Linux 6.1 then unregisters an entity twice
// (media_device_unregister_entity() looks before it locks) and kills whoever closed.
void V4l2Source::release() {
  if (!device_->any_lent()) device_.reset();
  timer_->start(device_ ? patience_.release_us : retry_wait_us());
}

// Once a fault, however many attempts it takes; but a new reason is news.
void V4l2Source::tell(const Error& why) {
  if (why.text == facts_.fault) return;
  facts_.fault = why.text;
  handler_.on_lost(why);
}

// Shorter by up to a quarter, as the clock's last digits will have it, so that two programs or
// boards do not try in step.
int64_t V4l2Source::retry_wait_us() {
  int64_t wait_us = patience_.retry_min_us;
  for (int i = 0; i < failures_ && wait_us < patience_.retry_max_us; ++i) wait_us *= 2;
  ++failures_;
  wait_us = std::min(wait_us, patience_.retry_max_us);
  return wait_us - wait_us / 4 * (monotonic_us() % 1000) / 1000;
}

int64_t V4l2Source::stall_us() const {
  if (facts_.fps <= 0) return patience_.stall_us;
  return std::max(patience_.stall_us,
                  static_cast<int64_t>(kMissedPictures / facts_.fps * kSecond_us));
}

bool V4l2Source::stalled() const {
  return monotonic_us() - last_picture_us_ >= stall_us();
}

void V4l2Source::arm() {
  if (fault_) {
    timer_->start(0);
    return;
  }
  int64_t stalled_us = last_picture_us_ + stall_us() - monotonic_us();
  timer_->start(active_ ? stalled_us : std::min(stalled_us, patience_.idle_us));
}

// ---- Pictures

void V4l2Source::on_ready(bool fault) {
  Result<std::optional<FilledBuffer>> newest = take_newest();
  if (!newest) {
    lose(newest.error());
    return;
  }
  if (fault) {
    lose(Error{device_->node().path() + " reports a fault"});
    return;
  }
  if (!newest.value()) return;
  if (!active_) poll_->stop();  // the look is done
  offer(*newest.value());
}

// Older ones go back at once: the driver needs them.
Result<std::optional<FilledBuffer>> V4l2Source::take_newest() {
  std::optional<FilledBuffer> newest;
  for (int i = 0; i < device_->buffer_count(); ++i) {
    std::optional<FilledBuffer> filled = TRY(device_->dequeue());
    if (!filled) break;
    ++facts_.pictures;
    if (!filled->whole) {
      ++facts_.dropped_broken;
      TRY(device_->queue(filled->index));
      continue;
    }
    if (newest) {
      ++facts_.dropped_stale;
      TRY(device_->queue(newest->index));
    }
    newest = filled;
  }
  return newest;
}

// What was filled while nobody looked: not counted, but a sign of life.
void V4l2Source::discard_filled() {
  for (int i = 0; i < device_->buffer_count() && !fault_; ++i) {
    Result<std::optional<FilledBuffer>> filled = device_->dequeue();
    if (!filled) fault_ = filled.error();
    if (!filled || !filled.value()) break;
    if (filled.value()->whole) note_picture();
    give_back(filled.value()->index);
  }
}

void V4l2Source::offer(const FilledBuffer& filled) {
  bool jpeg = device_->grant().format->jpeg;
  if (!jpeg && !device_->may_lend()) {
    ++facts_.dropped_stale;
    note_picture();
    give_back(filled.index);
  } else if (!handler_.wants(filled.captured_us)) {
    pass_over(filled);
  } else if (jpeg) {
    offer_jpeg(filled);
  } else {
    offer_picture(filled);
  }
}

void V4l2Source::offer_jpeg(const FilledBuffer& filled) {
  device_->sync(filled);
  JpegLayout layout;
  Result<BufferRef> jpeg = repair_jpeg(filled.memories[0], pool_, &layout);
  if (!jpeg) {
    log_debug("%s: %s", facts_.name.c_str(), jpeg.error().text.c_str());
    drop_broken(filled);
    return;
  }
  give_back(filled.index);
  note_picture();
  handler_.on_jpeg(Frame{std::move(jpeg).value(), layout.width, layout.height, filled.captured_us,
                         filled.sequence});
}

void V4l2Source::offer_picture(const FilledBuffer& filled) {
  std::optional<PictureView> view = device_->view(filled);
  if (!view) {
    drop_broken(filled);
    return;
  }
  device_->sync(filled);
  if (metering_due(filled)) meter(*view);
  device_->lend(filled.index);
  note_picture();
  handler_.on_picture(Picture(*view, *this, filled.index));
}

// Its light may be of use although the picture is not: who looks next is to see one that is well
// exposed.
void V4l2Source::pass_over(const FilledBuffer& filled) {
  if (metering_due(filled)) {
    std::optional<PictureView> view = device_->view(filled);
    device_->sync(filled);
    if (view) meter(*view);
  }
  note_picture();
  give_back(filled.index);
}

void V4l2Source::drop_broken(const FilledBuffer& filled) {
  ++facts_.dropped_broken;
  give_back(filled.index);
}

void V4l2Source::note_picture() {
  last_picture_us_ = monotonic_us();
  if (state_ == State::kRunning) return;
  state_ = State::kRunning;
  failures_ = 0;
  facts_.fault.clear();
}

void V4l2Source::give_back(int index) {
  Result<> queued = device_->queue(index);
  if (queued) return;
  fault_ = queued.error();
  timer_->start(0);
}

void V4l2Source::take_back(int index) {
  if (state_ != State::kClosed) {
    give_back(index);
    return;
  }
  device_->keep(index);
}

// ---- Exposure

// The user's, where there is one; else it is the program's task.
void V4l2Source::start_exposure() {
  facts_.exposure.reset();
  std::optional<ExposureRange> range = sensor_->exposure_range();
  if (!range) return;
  for (const auto& [name, value] : options_.controls) {
    if (name != kExposure) continue;
    set_exposure(std::clamp(value, range->minimum, range->maximum));
    return;
  }
  if (!auto_exposure_) auto_exposure_.emplace(*range, patience_.settle_us);
  facts_.exposure.emplace();
  expose();
}

bool V4l2Source::metering_due(const FilledBuffer& filled) const {
  return facts_.exposure && !device_->grant().format->jpeg &&
         auto_exposure_->due(filled.captured_us);
}

// The picture must be synced.
void V4l2Source::meter(const PictureView& view) {
  ExposureFacts& told = *facts_.exposure;
  told.luma = measure_luma(view);
  if (auto_exposure_->look(told.luma, view.captured_us) || told.lines == 0) expose();
}

void V4l2Source::expose() {
  int exposure = auto_exposure_->exposure();
  bool set = set_exposure(exposure);
  auto_exposure_->on_set(monotonic_us());
  facts_.exposure->lines = set ? static_cast<double>(exposure) / V4l2Sensor::kLine : 0;
}

bool V4l2Source::set_exposure(int exposure) {
  Result<> set = sensor_->set_exposure(exposure);
  if (!set && !std::exchange(sensor_told_, true)) log_warning("%s", set.error().text.c_str());
  return set.ok();
}

}  // namespace camloop
