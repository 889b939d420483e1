#include "proto/image_transfer_base.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace camloop {

std::optional<TransferAnswer> ImageTransferBase::feed(Bytes bytes, int64_t now_us) {
  auto message = parse_transfer_message(bytes);
  if (!message) {
    ++facts_.ignored;
    return std::nullopt;
  }
  heard_us_ = now_us;
  switch (message->function) {
    case TransferFunction::kBegin:
      return take_begin(*message, now_us);
    case TransferFunction::kData:
      return take_data(*message);
    case TransferFunction::kFinished:
      break;
  }
  return take_finished(*message);
}

TransferAnswer ImageTransferBase::take_begin(const TransferMessage& message, int64_t now_us) {
  auto subject = parse_transfer_subject(message.data);
  if (!message.whole || !subject || subject->size > limits_.size_max) {
    ++facts_.failed_refused;
    return bad(message.function, 0);
  }
  bool running = state_ == State::kRunning;
  // The same once more before any package: the answer was lost.
  bool again = running && packages_.empty() && *subject == subject_;
  if (!again) ++facts_.begun;
  if (running && !again) ++facts_.failed_replaced;
  drop();
  state_ = State::kRunning;
  subject_ = std::move(*subject);
  begun_us_ = now_us;
  return {message.function, message.package};
}

TransferAnswer ImageTransferBase::take_data(const TransferMessage& message) {
  if (state_ == State::kIdle) return bad(message.function, message.package);
  size_t hash = std::hash<std::string_view>{}(as_text(message.data));
  if (message.package < packages_.size()) return take_again(message, hash);
  if (!fits(message)) return bad(message.function, packages_.size());
  size_t size = bytes_.size() + message.data.size();
  if (size > bytes_.capacity()) bytes_.reserve(std::min(subject_.size, 2 * size));
  bytes_.insert(bytes_.end(), message.data.begin(), message.data.end());
  if (packages_.empty()) package_size_ = size;
  packages_.push_back(hash);
  ++facts_.packages;
  return {message.function, message.package};
}

// Where it is whole and another than the one that came before, two servers speak at once: nobody
// knows whose the packages are.
TransferAnswer ImageTransferBase::take_again(const TransferMessage& message, size_t hash) {
  if (hash == packages_[message.package]) {
    ++facts_.repeated;
    return {message.function, message.package};
  }
  if (message.whole && state_ == State::kRunning) {
    ++facts_.failed_mixed;
    drop();
  }
  return bad(message.function, message.package);
}

// Whether it is the next package, whole, and within the size agreed.
bool ImageTransferBase::fits(const TransferMessage& message) const {
  return state_ == State::kRunning && message.package == packages_.size() && message.whole &&
         !message.data.empty() && message.data.size() <= subject_.size - bytes_.size();
}

TransferAnswer ImageTransferBase::take_finished(const TransferMessage& message) {
  if (state_ == State::kDone) {
    ++facts_.repeated;
    return {message.function, message.package};
  }
  if (!complete()) return bad(message.function, packages_.size());
  ++facts_.done;
  state_ = State::kDone;
  size_t missing = subject_.size - bytes_.size();
  image_ = Image{std::move(subject_.name), std::exchange(bytes_, {}), missing, begun_us_};
  return {message.function, message.package};
}

bool ImageTransferBase::complete() const {
  if (state_ != State::kRunning) return false;
  size_t missing = subject_.size - bytes_.size();
  size_t last_max = !packages_.empty() ? package_size_ : kTransferDataMax;
  return missing == 0 || (limits_.without_last && missing <= last_max);
}

TransferAnswer ImageTransferBase::bad(TransferFunction function, size_t package) {
  ++facts_.bad;
  auto number = static_cast<uint16_t>(std::min(package + 1, kTransferPackagesMax));
  return {function, number, false};
}

std::optional<ImageTransferBase::Image> ImageTransferBase::take_image() {
  return std::exchange(image_, std::nullopt);
}

void ImageTransferBase::tick(int64_t now_us) {
  if (state_ != State::kRunning || now_us - heard_us_ <= kStallMax_us) return;
  ++facts_.failed_stalled;
  drop();
}

void ImageTransferBase::drop() {
  state_ = State::kIdle;
  std::vector<uint8_t>().swap(bytes_);
  std::vector<size_t>().swap(packages_);
  package_size_ = 0;
}

}  // namespace camloop
