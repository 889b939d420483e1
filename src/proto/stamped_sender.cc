#include "proto/stamped_sender.h"

#include <algorithm>
#include <utility>

namespace camloop {
namespace {

// A stamp held for the limit and this much more is late beyond doubt: the receiver's clock may be
// coarser than ours, or be set meanwhile. On any other the receiver might look into the one byte.
constexpr int64_t kMargin_us = 5000;

}  // namespace

StampedSender::StampedSender(int64_t limit_us)
    : limit_us_(limit_us), flush_body_(BufferPool(0).take(1)) {
  flush_body_.storage()[0] = 0;
  flush_body_.set_size(1);
}

// ---- From the receiver ----

Result<StampedSender::Step> StampedSender::feed(Bytes& bytes, int64_t now_us) {
  constexpr size_t kSizes[] = {kStampedFieldSize, 0, 1, kStampedReplySize};  // by phase
  if (phase_ == Phase::kFrame) return Error{"the receiver speaks out of turn"};
  if (std::exchange(complete_, false)) field_.clear();
  size_t size = kSizes[static_cast<size_t>(phase_)];
  Bytes piece = bytes.first(std::min(bytes.size(), size - field_.size()));
  bytes = bytes.subspan(piece.size());
  field_.append(as_text(piece));
  complete_ = field_.size() == size;
  if (!complete_) return Step::kNeedMore;
  if (phase_ == Phase::kVerdict) return take_verdict(now_us);
  if (std::exchange(phase_, Phase::kStamp) == Phase::kReply) return Step::kReply;
  phase_ = Phase::kFrame;
  stamped_us_ = now_us;
  return Step::kStamp;
}

Result<StampedSender::Step> StampedSender::take_verdict(int64_t now_us) {
  bool accepted = field_[0] == kStampedAccepted;
  if (!accepted && field_[0] != kStampedDropped) {
    return Error{"the receiver's verdict is neither 0 nor 1"};
  }
  // As video that byte is worse than nothing, and there would be one for each frame.
  if (accepted && flushing_) return Error{"the receiver's limit of lag is higher than ours"};
  ++facts_.rounds;
  phase_ = accepted ? Phase::kReply : Phase::kStamp;
  if (flushing_) {
    ++facts_.flushed;
    return Step::kFlushed;
  }
  facts_.lag.add(now_us - stamped_us_);
  if (accepted) {
    ++facts_.accepted;
    facts_.age.add(now_us - sent_captured_us_);
    if (fate_ == Fate::kSent) settle_newest();
    return Step::kAccepted;
  }
  ++facts_.refused;
  if (fate_ == Fate::kSent) {
    fate_ = Fate::kRefused;
  } else {
    ++facts_.dropped_late;
  }
  return Step::kRefused;
}

std::string_view StampedSender::reply() const {
  std::string_view text = field_;
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

// ---- To the receiver ----

bool StampedSender::put(const BufferRef& jpeg, int64_t captured_us) {
  if (jpeg.size() > kStampedLengthMax) {
    ++facts_.dropped_oversize;
    return false;
  }
  if (fate_ == Fate::kUnsent) ++facts_.dropped_replaced;
  if (fate_ == Fate::kRefused) ++facts_.dropped_late;
  newest_ = jpeg;
  captured_us_ = captured_us;
  fate_ = Fate::kUnsent;
  return true;
}

std::optional<StampedSender::Round> StampedSender::round(int64_t now_us) const {
  bool young = now_us - captured_us_ < limit_us_;
  bool offers = fate_ == Fate::kUnsent || (fate_ == Fate::kRefused && young);
  if (phase_ != Phase::kFrame || !offers) return std::nullopt;
  bool lost = now_us - stamped_us_ > limit_us_ + kMargin_us;
  const BufferRef& body = lost ? flush_body_ : newest_;
  return Round{lost, format_stamped_length(body.size()), body, as_bytes(field_)};
}

void StampedSender::on_sent(const Round& round) {
  phase_ = Phase::kVerdict;
  flushing_ = round.flush;
  if (flushing_) return;
  fate_ = Fate::kSent;
  sent_captured_us_ = captured_us_;
}

void StampedSender::reset() {
  bool older_on_its_way = phase_ == Phase::kVerdict && !flushing_ && fate_ != Fate::kSent;
  facts_.dropped_cut += older_on_its_way + (fate_ != Fate::kNone);
  settle_newest();
  phase_ = Phase::kStamp;
  field_.clear();
}

void StampedSender::settle_newest() {
  newest_.reset();
  fate_ = Fate::kNone;
}

}  // namespace camloop
