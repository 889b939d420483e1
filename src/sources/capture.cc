#include "sources/capture.h"

#include "base/clock.h"
#include "base/log.h"
#include "media/placard.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace camloop {
namespace {

// How long one slice of encoding holds the loop: half of the 2 ms that a callback may take on the
// board, since a slice ends with the row of blocks during which the time ran out.
constexpr int64_t kSlice_us = 1000;
// Clients that show live pictures give up after 10 s of silence; people after two.
constexpr int64_t kNoSignalPeriod_us = kSecond_us;
// Longer than an idle source's heartbeat and the stall that a source mends unseen.
constexpr int64_t kSilenceMax_us = 5 * kSecond_us;
// Nor is a source silent that gives a picture every ten seconds, as it was asked to. One more than
// a camera misses before it is started anew.
constexpr double kMissedPictures = 4;

int64_t silence_max_us(double fps) {
  if (fps <= 0) return kSilenceMax_us;
  return std::max(kSilenceMax_us, static_cast<int64_t>(kMissedPictures / fps * kSecond_us));
}

}  // namespace

Result<std::unique_ptr<Capture>> Capture::create(Loop& loop, Hub& hub, const Options& options,
                                                 const MakeSource& make_source) {
  std::unique_ptr<Capture> capture(new Capture(loop, hub, options));
  capture->source_ = TRY(capture->make(make_source));
  hub.on_demand_changed([raw = capture.get()] { raw->demand_changed(); });
  capture->await_first_picture();
  return capture;
}

Capture::Capture(Loop& loop, Hub& hub, const Options& options)
    : hub_(hub),
      options_(options),
      pool_(options.frames_kept),
      encode_turns_(Idle::create(loop, [this] { encode_turn(); })),
      no_signal_(Timer::create(loop, [this] { show_no_signal(); })) {}

Capture::~Capture() {
  hub_.on_demand_changed({});
}

void Capture::replace_source(std::unique_ptr<Source> source, int width, int height) {
  stop_encoding();
  source_ = std::move(source);
  options_.width = width;
  options_.height = height;
  await_first_picture();
}

void Capture::await_first_picture() {
  seen_ = false;
  last_sign_us_ = monotonic_us();
  lost_ = {"waiting for the first picture"};
  no_signal_->start_periodic(kNoSignalPeriod_us);
  demand_changed();
}

Result<> Capture::health(int64_t now_us) const {
  if (const std::string& fault = facts().fault; !fault.empty()) return Error{fault};
  if (now_us - last_sign_us_ > silence_max_us(facts().fps)) return Error{"the source is silent"};
  return {};
}

void Capture::demand_changed() {
  source_->set_active(hub_.watched());
}

bool Capture::wants(int64_t captured_us) {
  last_sign_us_ = captured_us;
  seen_ = true;
  return hub_.wants(captured_us);
}

void Capture::picture_came() {
  if (lost_.text.empty()) return;
  lost_ = {};
  no_signal_->stop();
  stop_encoding();  // nothing older may follow
  no_signal_picture_.reset();
  const SourceFacts& facts = source_->facts();
  std::string device = facts.device.empty() ? "" : " (" + facts.device + ")";
  char rate[64] = "";
  if (facts.fps > 0) std::snprintf(rate, sizeof rate, " at %.4g frames a second", facts.fps);
  log_info("%s%s: %s %dx%d%s", facts.name.c_str(), device.c_str(), facts.format.c_str(),
           facts.width, facts.height, rate);
}

void Capture::on_jpeg(Frame frame) {
  picture_came();
  last_sign_us_ = frame.captured_us;
  seen_ = true;
  hub_.publish(frame);
}

void Capture::on_picture(Picture picture) {
  picture_came();
  if (!encoding_) return begin_encoding(std::move(picture));
  if (waiting_) ++counts_.superseded;
  waiting_ = std::move(picture);
}

void Capture::begin_encoding(Picture picture) {
  encoding_ = std::move(picture);
  encode_spent_us_ = 0;
  encoded_ = false;
  auto begun = encoder_.begin(encoding_.view(), options_.quality, pool_);
  if (!begun.ok()) return abandon_encoding(begun.error());
  encode_turns_->start();
}

void Capture::abandon_encoding(const Error& why) {
  ++counts_.encode_failed;
  log_warning("picture not encoded: %s", why.text.c_str());
  stop_encoding();
}

// What is on loan goes back.
void Capture::stop_encoding() {
  encode_turns_->stop();
  encoding_.reset();
  waiting_.reset();
}

// One slice, or the frame's way out: publishing has a turn of its own, as it writes to every
// client.
void Capture::encode_turn() {
  if (encoded_) return finish_encoding();
  int64_t begin_us = monotonic_us();
  int64_t now_us = begin_us;
  while (!encoded_ && now_us - begin_us < kSlice_us) {
    auto done = encoder_.step();
    if (!done.ok()) return abandon_encoding(done.error());
    encoded_ = done.value();
    now_us = monotonic_us();
  }
  encode_spent_us_ += now_us - begin_us;
}

void Capture::finish_encoding() {
  const PictureView& view = encoding_.view();
  Frame frame{encoder_.take(), view.width, view.height, view.captured_us, view.sequence};
  ++counts_.encoded;
  encode_cost_.add(encode_spent_us_);
  encode_turns_->stop();
  encoding_.reset();
  if (waiting_) begin_encoding(std::move(waiting_));
  hub_.publish(frame);
}

void Capture::on_lost(const Error& why) {
  if (lost_.text == why.text) return;
  log_warning("%s", why.text.c_str());
  lost_ = why;
  if (!no_signal_->running()) no_signal_->start_periodic(kNoSignalPeriod_us);
}

void Capture::show_no_signal() {
  if (!hub_.watched() || encoding_) return;
  const SourceFacts& facts = source_->facts();
  PictureView view;
  view.format = PixelFormat::kGrey;
  view.width = facts.width > 0 ? facts.width : options_.width;
  view.height = facts.height > 0 ? facts.height : options_.height;
  view.captured_us = monotonic_us();
  view.sequence = ++no_signal_sequence_;
  auto stride = static_cast<size_t>(view.width);
  if (!no_signal_picture_) no_signal_picture_.emplace();
  int buffer = *no_signal_picture_->find(stride * static_cast<size_t>(view.height));
  uint8_t* luma = no_signal_picture_->data(buffer);
  draw_no_signal({luma, stride, view.width, view.height}, lost_.text);
  view.planes[0] = {luma, stride};
  ++counts_.no_signal;
  begin_encoding(no_signal_picture_->lend(view, buffer));
}

}  // namespace camloop
