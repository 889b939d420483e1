// When to issue the next stamp of a stamped channel, so that it is young when a frame meets it.
//
// The field's sender takes a frame first and reads the stamp after, so with a slow camera a stamp
// sent at once grows old in its socket: the wait for the frame counts as lag. Held back for long
// enough, it meets the next frame young. Held back for too long, it keeps a frame waiting. Only the
// sender's waits tell which it is: a wait that follows the delay is the camera's, and worth
// shortening; one that does not is the line's, or none.
#pragma once

#include <cstdint>

namespace camloop {

/// Passive, one for each connection.
class StampPhase {
 public:
  /// The longest that a stamp is held back: a camera slower than that is beyond help.
  static constexpr int64_t kDelayMax_us = 1'000'000;

  explicit StampPhase(int64_t lag_max_us) : lag_max_us_(lag_max_us) {}

  void set_lag_max(int64_t lag_max_us) { lag_max_us_ = lag_max_us; }

  struct Round {
    int64_t wait_us;      // from the stamp to the first byte of the answer
    int64_t transfer_us;  // from there to the end of the echo
    bool flushed;         // the sender gave up this late round to get a fresh stamp for its frame
  };
  /// Takes in the round that is over; delay_us() is about the next one.
  void learn(const Round& round);
  /// From the end of the last round to the next stamp.
  int64_t delay_us() const { return frame_waits_ ? 0 : delay_us_; }

 private:
  int64_t aim_us() const;
  /// What tells one wait from another.
  int64_t margin_us() const { return lag_max_us_ / 8; }
  void lengthen(int64_t wait_us, double by_us);
  void shorten(int64_t wait_us, double by_us);

  int64_t lag_max_us_;
  int64_t delay_us_ = 0;
  bool frame_waits_ = false;  // for the next stamp: a sender that flushes offers a late one again
  bool flushes_ = false;      // it has done so before: a stamp that comes early costs it no frame
  int64_t transfer_us_ = 0;   // smoothed
  int64_t line_wait_us_ = 0;  // the part of the waits that no delay shortens, as far as known

  // A run of lengthenings: what they come to, and the wait they began with.
  int64_t lengthened_us_ = 0;
  int64_t wait_before_us_ = 0;
  // A run of shortenings: the last one and the wait it followed.
  int64_t shortened_us_ = 0;
  int64_t last_wait_us_ = 0;
};

}  // namespace camloop
