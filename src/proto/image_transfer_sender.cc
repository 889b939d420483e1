#include "proto/image_transfer_sender.h"

#include "base/check.h"

#include <algorithm>

namespace camloop {
namespace {

bool answers(const TransferAnswer& answer, const TransferMessage& message) {
  return answer.function == message.function && (!answer.whole || answer.number == message.package);
}

}  // namespace

Result<> ImageTransferSender::check(size_t image_size) {
  if (image_size <= kTransferSizeMax) return {};
  return Error{"too large for the image transfer: " + std::to_string(image_size) + " bytes, " +
               std::to_string(kTransferSizeMax) + " at most"};
}

void ImageTransferSender::begin(std::string_view name, const BufferRef& image) {
  CHECK(!busy() && image.size() <= kTransferSizeMax);
  subject_ = format_transfer_subject(name, image.size());
  image_ = image;
  size_t packages = (image.size() + kTransferDataMax - 1) / kTransferDataMax;
  tries_.assign(1 + packages + 1, 0);
  place_ = 0;
  phase_ = Phase::kDue;
  ++facts_.begun;
}

std::optional<Result<>> ImageTransferSender::take_outcome() {
  if (phase_ != Phase::kOver) return std::nullopt;
  phase_ = Phase::kIdle;
  return outcome_;
}

// ---- To the base ----

TransferMessage ImageTransferSender::message() const {
  if (place_ == 0) return {TransferFunction::kBegin, 0, as_bytes(subject_)};
  if (place_ > packages()) return {TransferFunction::kFinished};
  size_t package = place_ - 1;
  Bytes data = image_.bytes().subspan(package * kTransferDataMax);
  data = data.first(std::min(data.size(), kTransferDataMax));
  return {TransferFunction::kData, static_cast<uint16_t>(package), data};
}

std::optional<std::string> ImageTransferSender::take_message(int64_t now_us) {
  if (phase_ != Phase::kDue) return std::nullopt;
  phase_ = Phase::kAsked;
  deadline_us_ = now_us + kAnswerWait_us;
  ++facts_.messages;
  if (tries_[place_]++ > 0) ++facts_.repeated;
  return format_transfer_message(message());
}

std::optional<int64_t> ImageTransferSender::deadline_us() const {
  if (phase_ != Phase::kAsked) return std::nullopt;
  return deadline_us_;
}

void ImageTransferSender::on_time(int64_t now_us) {
  if (phase_ != Phase::kAsked || now_us < deadline_us_) return;
  go_to(place_, facts_.failed_unanswered, "got no answer");
}

void ImageTransferSender::resume() {
  if (phase_ == Phase::kAsked) go_to(place_, facts_.failed_unanswered, "got no answer");
}

// `why` says what became of its tries, should there be none left.
void ImageTransferSender::go_to(size_t place, uint64_t& failures, const char* why) {
  place_ = place;
  phase_ = Phase::kDue;
  if (tries_[place_] < kTriesMax) return;
  ++failures;
  std::string of_all = std::to_string(place_) + " of " + std::to_string(packages());
  std::string what = place_ == 0 ? "begin" : place_ > packages() ? "end" : "package " + of_all;
  end(Error{what + ' ' + why + " in the last of " + std::to_string(kTriesMax) + " tries"});
}

// ---- From the base ----

void ImageTransferSender::feed(Bytes bytes) {
  auto answer = parse_transfer_answer(bytes);
  if (phase_ != Phase::kAsked || !answer || !answers(*answer, message())) {
    ++facts_.ignored;
    return;
  }
  size_t next = place_ + 1;
  if (!answer->whole) {
    ++facts_.bad;
    // Of a begin there is no package to be named, and no base misses what was not sent.
    bool named = answer->number >= 1 && answer->number <= std::min(place_, packages());
    next = named ? answer->number : place_;
  } else if (place_ > packages()) {
    ++facts_.done;
    return end({});
  }
  go_to(next, facts_.failed_bad, "was answered bad");
}

void ImageTransferSender::abandon(const Error& why) {
  if (!busy() || phase_ == Phase::kOver) return;
  ++facts_.failed_abandoned;
  end(why);
}

void ImageTransferSender::end(const Result<>& outcome) {
  phase_ = Phase::kOver;
  outcome_ = outcome;
  image_.reset();
}

}  // namespace camloop
