#include "proto/stamp_phase.h"

#include <algorithm>
#include <utility>

namespace camloop {
namespace {

// Of the error that a usual round corrects, and one that came too late.
constexpr double kGain = 0.3;
constexpr double kLateGain = 1;
// How much of a new transfer time goes into the smoothed one.
constexpr int64_t kTransferShare = 8;
// How much of what is held for the line's wait is doubted each round: it may have been the camera's
// after all, or the line has become better.
constexpr int64_t kDoubtShare = 32;

}  // namespace

// Half of what the transfer leaves of the limit, so that a frame may come early or late by as much;
// but no less than the line allows, with a little to tell the two apart.
int64_t StampPhase::aim_us() const {
  int64_t middle_us = std::max<int64_t>((lag_max_us_ - transfer_us_) / 2, 0);
  return line_wait_us_ == 0 ? middle_us : std::max(middle_us, line_wait_us_ + margin_us());
}

void StampPhase::learn(const Round& round) {
  line_wait_us_ = std::min(line_wait_us_ - line_wait_us_ / kDoubtShare, round.wait_us);
  flushes_ = flushes_ || round.flushed;
  bool late = round.wait_us + round.transfer_us > lag_max_us_;
  // A stamp that was not held back says nothing of the delay.
  if (std::exchange(frame_waits_, flushes_ && late)) return;
  if (!round.flushed) transfer_us_ += (round.transfer_us - transfer_us_) / kTransferShare;
  auto error_us = static_cast<double>(round.wait_us - aim_us());
  if (error_us > 0) {
    lengthen(round.wait_us, error_us * (late ? kLateGain : kGain));
  } else {
    shorten(round.wait_us, -error_us * kGain);
  }
}

// Once a run of them comes to a quarter of the limit, the waits must have become shorter by half of
// that. Where they have become longer, the camera has changed its rate: a new run.
void StampPhase::lengthen(int64_t wait_us, double by_us) {
  shortened_us_ = 0;
  if (wait_us > wait_before_us_ + margin_us()) lengthened_us_ = 0;
  if (lengthened_us_ == 0) wait_before_us_ = wait_us;
  if (lengthened_us_ > 2 * margin_us() && wait_us > wait_before_us_ - lengthened_us_ / 2) {
    delay_us_ -= std::exchange(lengthened_us_, 0);
    line_wait_us_ = wait_us;
    return;
  }
  int64_t delay_us = std::min(delay_us_ + static_cast<int64_t>(by_us), kDelayMax_us);
  lengthened_us_ += delay_us - std::exchange(delay_us_, delay_us);
}

// While it does not show, frames are already waiting for their stamps: each time twice as much. A
// sender that flushes is better off with none: its next flush tells the right delay at once.
void StampPhase::shorten(int64_t wait_us, double by_us) {
  lengthened_us_ = 0;
  bool shows = shortened_us_ == 0 || wait_us > last_wait_us_ + shortened_us_ / 2;
  shortened_us_ = shows ? static_cast<int64_t>(by_us) : 2 * shortened_us_;
  bool keeps_waiting = wait_us < margin_us() || shortened_us_ > margin_us();
  if (flushes_ && keeps_waiting) shortened_us_ = delay_us_;
  shortened_us_ = std::min(shortened_us_, delay_us_);
  delay_us_ -= shortened_us_;
  last_wait_us_ = wait_us;
}

}  // namespace camloop
