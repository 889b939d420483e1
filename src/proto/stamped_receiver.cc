#include "proto/stamped_receiver.h"

#include "base/check.h"

#include <algorithm>

namespace camloop {
namespace {

// As the field's receiver words it.
constexpr std::string_view kReply = "received and not delay";

// Memory of a larger body goes after its round, so that one such frame is not held for ever.
constexpr size_t kBodyKeptMax = 512 * 1024;

// Shorter is not worth a timer.
constexpr int64_t kHeldBackMin_us = 1000;

// No JPEG is that short: the sender tells that it had none.
constexpr size_t kFlushLength = 1;

}  // namespace

StampedReceiver::StampedReceiver(const Limits& limits, const StampedTime& time)
    : limits_(limits), phase_(limits.lag_max_us) {
  issue_stamp(time);
}

// The wall clock may have been set back: no stamp comes twice.
void StampedReceiver::issue_stamp(const StampedTime& time) {
  stamp_wall_us_ = std::max(time.wall_us, stamp_wall_us_ + 1);
  stamp_ = format_stamp(stamp_wall_us_);
  output_.append(stamp_.data(), stamp_.size());
  stamped_us_ = time.now_us;
  lag_max_us_ = limits_.lag_max_us;
  phase_.set_lag_max(lag_max_us_);
  step_ = Step::kLength;
  field_size_ = 0;
  deadline_us_ = time.now_us + kAnswerWait_us;
}

StampedReceiver::Event StampedReceiver::on_time(const StampedTime& time) {
  if (time.now_us < deadline_us_) return Event::kNone;
  if (step_ != Step::kHeldBack) return end_connection(Event::kStalled);
  issue_stamp(time);
  return Event::kNone;
}

StampedReceiver::Event StampedReceiver::feed(Bytes& bytes, const StampedTime& time) {
  Event event = Event::kNone;
  while (!bytes.empty() && event == Event::kNone) {
    switch (step_) {
      case Step::kHeldBack:
        // Who does not wait for the stamp has a frame.
        issue_stamp(time);
        break;
      case Step::kLength:
        event = take_length(bytes, time.now_us);
        break;
      case Step::kBody:
        take_body(bytes, time.now_us);
        break;
      case Step::kEcho:
        event = take_echo(bytes, time);
        break;
      case Step::kOver:
        CHECK(false);
    }
  }
  return event;
}

// True once the field is whole.
bool StampedReceiver::take_field(Bytes& bytes) {
  Bytes piece = bytes.first(std::min(bytes.size(), kStampedFieldSize - field_size_));
  std::copy(piece.begin(), piece.end(), field_.begin() + static_cast<ptrdiff_t>(field_size_));
  field_size_ += piece.size();
  bytes = bytes.subspan(piece.size());
  return field_size_ == kStampedFieldSize;
}

StampedReceiver::Event StampedReceiver::take_length(Bytes& bytes, int64_t now_us) {
  if (field_size_ == 0) {
    ++rounds_;
    answered_us_ = now_us;
    deadline_us_ = now_us + kRoundWait_us;
  }
  if (!take_field(bytes)) return Event::kNone;
  std::optional<size_t> length = parse_stamped_length(as_bytes(field_));
  if (!length || *length == 0 || *length > limits_.length_max) {
    return end_connection(Event::kBadLength);
  }
  length_ = body_left_ = *length;
  drop_body();
  step_ = Step::kBody;
  return Event::kNone;
}

void StampedReceiver::take_body(Bytes& bytes, int64_t now_us) {
  Bytes piece = bytes.first(std::min(bytes.size(), body_left_));
  bytes = bytes.subspan(piece.size());
  body_left_ -= piece.size();
  if (now_us - stamped_us_ > lag_max_us_) {
    drop_body();
  } else {
    size_t size = body_.size() + piece.size();
    if (size > body_.capacity()) body_.reserve(std::min(length_, 2 * size));
    body_.insert(body_.end(), piece.begin(), piece.end());
  }
  if (body_left_ > 0) return;
  step_ = Step::kEcho;
  field_size_ = 0;
}

StampedReceiver::Event StampedReceiver::take_echo(Bytes& bytes, const StampedTime& time) {
  if (!take_field(bytes)) return Event::kNone;
  if (field_ != stamp_) return end_connection(Event::kForgedEcho);
  return end_round(time);
}

StampedReceiver::Event StampedReceiver::end_round(const StampedTime& time) {
  lag_us_ = time.now_us - stamped_us_;
  bool late = lag_us_ > lag_max_us_;
  bool flushed = late && length_ == kFlushLength;
  put_verdict(late);
  phase_.learn({answered_us_ - stamped_us_, time.now_us - answered_us_, flushed});
  step_ = Step::kHeldBack;
  deadline_us_ = time.now_us + phase_.delay_us();
  if (phase_.delay_us() < kHeldBackMin_us) issue_stamp(time);
  if (late) return flushed ? Event::kFlushed : Event::kLate;
  return Event::kFrame;
}

void StampedReceiver::put_verdict(bool late) {
  output_ += late ? kStampedDropped : kStampedAccepted;
  if (late) return;
  output_ += kReply;
  output_.append(kStampedReplySize - kReply.size(), ' ');
}

StampedReceiver::Event StampedReceiver::end_connection(Event why) {
  step_ = Step::kOver;
  return why;
}

void StampedReceiver::drop_body() {
  body_.clear();
  // shrink_to_fit() does nothing where there are no exceptions.
  if (body_.capacity() > kBodyKeptMax) body_ = std::vector<uint8_t>();
}

}  // namespace camloop
