// The receiving end of a stamped channel (proto/stamped_wire.h), for one sender.
//
//   stamp  ->  length  ->  body  ->  echo  ->  verdict  ->  held back  ->  stamp ...
//
// Its laws: the verdict is by the monotonic clock alone, at the last byte of the echo; the echo is
// the very stamp of this round, and no two rounds have the same; nothing of a body is stored before
// its length is known to be right, nor once its round is sure to be late.
#pragma once

#include "proto/stamp_phase.h"
#include "proto/stamped_wire.h"

#include <string>
#include <vector>

namespace camloop {

/// What time it is: to judge by, and to print.
struct StampedTime {
  int64_t now_us;   // monotonic
  int64_t wall_us;  // since 1970
};

/// Sans-IO. Bytes and times go in, events and output come out. Memory grows with a body as it
/// arrives, up to `length_max`.
class StampedReceiver {
 public:
  /// From a stamp to the first byte of the answer: there are cameras that take a picture every ten
  /// seconds.
  static constexpr int64_t kAnswerWait_us = 30'000'000;
  /// From there to the end of the round. It is late long before; but who sends at all may be slow.
  static constexpr int64_t kRoundWait_us = 10'000'000;

  struct Limits {
    int64_t lag_max_us = kStampedLagMax_us;
    size_t length_max = kStampedLengthMax;
  };

  enum class Event {
    kNone,     // all that came is taken
    kFrame,    // accepted, if body() is a JPEG: else end the connection and leave output() unsent
    kLate,     // dropped
    kFlushed,  // dropped likewise: late, with the one byte that tells that there was no frame
    // The connection must end. Neither bytes nor times are taken from now on.
    kBadLength,
    kForgedEcho,
    kStalled,
  };

  /// The first stamp is in output() at once.
  StampedReceiver(const Limits& limits, const StampedTime& time);

  /// From the end of the round in progress on.
  void set_lag_max(int64_t lag_max_us) { limits_.lag_max_us = lag_max_us; }

  /// Takes the front of `bytes`, which is cut off, up to the end of a round or all of it.
  Event feed(Bytes& bytes, const StampedTime& time);
  /// When on_time() must be called if nothing comes before.
  int64_t deadline_us() const { return deadline_us_; }
  /// kStalled where the sender has used up its time; else kNone, and there may be output.
  Event on_time(const StampedTime& time);

  /// What must be sent; valid until the next call. In one write, for the sake of old senders.
  Bytes output() const { return as_bytes(output_); }
  void clear_output() { output_.clear(); }

  /// Of the round that ended with the last event; valid until the next call.
  Bytes body() const { return body_; }
  int64_t lag_us() const { return lag_us_; }
  /// When the answer's first byte came: the picture had been taken by then.
  int64_t answered_us() const { return answered_us_; }

  /// Answers begun.
  uint64_t rounds() const { return rounds_; }

 private:
  enum class Step { kHeldBack, kLength, kBody, kEcho, kOver };

  void issue_stamp(const StampedTime& time);
  bool take_field(Bytes& bytes);
  Event take_length(Bytes& bytes, int64_t now_us);
  void take_body(Bytes& bytes, int64_t now_us);
  Event take_echo(Bytes& bytes, const StampedTime& time);
  Event end_round(const StampedTime& time);
  void put_verdict(bool late);
  Event end_connection(Event why);
  void drop_body();

  Limits limits_;
  int64_t lag_max_us_ = 0;  // in this round
  StampPhase phase_;
  Step step_ = Step::kHeldBack;
  int64_t deadline_us_ = 0;
  std::string output_;

  StampedField stamp_{};
  int64_t stamp_wall_us_ = -1;
  int64_t stamped_us_ = 0;
  int64_t answered_us_ = 0;
  int64_t lag_us_ = 0;
  StampedField field_{};   // the length or the echo, as it comes
  size_t field_size_ = 0;  // how much of it is there
  size_t length_ = 0;
  size_t body_left_ = 0;  // still to come
  std::vector<uint8_t> body_;
  uint64_t rounds_ = 0;
};

}  // namespace camloop
