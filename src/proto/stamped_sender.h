// The sender's end of the stamped channel: which frame answers which stamp.
//
// A round's clock starts when the receiver sends the stamp, so waiting for the camera counts as
// lag. A stamp is answered at once where there is a frame that has not been sent; else by the next
// frame. Where that comes when the stamp is already too old, the round is lost: it is flushed with
// a body of one byte, and the frame goes out on the stamp that follows. A frame that was refused is
// offered again while it is the newest and younger than the limit.
#pragma once

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/histogram.h"
#include "base/result.h"
#include "proto/stamped_wire.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace camloop {

/// Bytes, frames and the time in; rounds to send and what came of them out.
class StampedSender {
 public:
  /// Over all connections.
  struct Facts {
    uint64_t rounds = 0;            // that came to a verdict
    uint64_t accepted = 0;          // frames
    uint64_t refused = 0;           // rounds with a frame that the receiver found late
    uint64_t flushed = 0;           // rounds given up, as the stamp had grown old
    uint64_t dropped_replaced = 0;  // frames that were not sent before a newer one came
    uint64_t dropped_late = 0;      // frames refused and not offered again
    uint64_t dropped_cut = 0;       // frames that the end of a connection overtook
    uint64_t dropped_oversize = 0;  // frames longer than receivers take
    Histogram lag;                  // of rounds with a frame: from the stamp to the verdict
    Histogram age;                  // of accepted frames: from the camera to the verdict
  };

  /// One answer to a stamp, to be sent as one: length, body, stamp.
  struct Round {
    bool flush;  // the body is none that a receiver looks into
    StampedField length;
    BufferRef body;
    Bytes stamp;  // valid until the next feed()
  };

  enum class Step { kNeedMore, kStamp, kAccepted, kRefused, kFlushed, kReply };

  /// `limit_us`: the greatest lag that the receiver accepts.
  explicit StampedSender(int64_t limit_us);

  /// Takes bytes off the front of `bytes` up to the end of one step and says which it was. The
  /// Error is of a receiver that does not keep to the protocol.
  Result<Step> feed(Bytes& bytes, int64_t now_us);
  /// The text of the kReply that feed() just said, without its padding.
  std::string_view reply() const;

  /// A new frame, taken at `captured_us`: it is the newest. False, and it is dropped: it is longer
  /// than kStampedLengthMax.
  bool put(const BufferRef& jpeg, int64_t captured_us);
  /// What is to be sent at this moment, if anything is.
  std::optional<Round> round(int64_t now_us) const;
  /// That round is on its way.
  void on_sent(const Round& round);
  /// A byte of the receiver is waited for, not a frame.
  bool awaits_receiver() const { return phase_ != Phase::kFrame; }
  /// The connection is over; ready for the next.
  void reset();

  const Facts& facts() const { return facts_; }

 private:
  enum class Phase { kStamp, kFrame, kVerdict, kReply };
  enum class Fate { kNone, kUnsent, kSent, kRefused };

  Result<Step> take_verdict(int64_t now_us);
  void settle_newest();

  int64_t limit_us_;
  BufferRef flush_body_;
  Phase phase_ = Phase::kStamp;
  std::string field_;      // the one that is coming, or came last: in kFrame it is the stamp
  bool complete_ = false;  // it came last
  int64_t stamped_us_ = 0;

  BufferRef newest_;
  int64_t captured_us_ = 0;
  Fate fate_ = Fate::kNone;  // of the newest; none once it is accepted

  // The round whose verdict is awaited. Its frame is the newest one while the fate of that is
  // kSent.
  bool flushing_ = false;
  int64_t sent_captured_us_ = 0;
  Facts facts_;
};

}  // namespace camloop
