#include "proto/image_transfer_wire.h"

#include "base/check.h"
#include "base/text.h"
#include "base/utf8.h"

#include <algorithm>

namespace camloop {
namespace {

constexpr uint32_t kMessageHeader = 0xffff'eeee;
constexpr uint32_t kAnswerHeader = 0xeeee'ffff;

// Of a name, in bytes: what file systems allow. As UTF-8 it may become three times as long, and
// still fits into a message.
constexpr size_t kNameMax = 255;

void put(std::string& text, uint32_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) text += static_cast<char>(value >> (8 * i));
}

// The number in `size` bytes at `offset`.
uint32_t get(Bytes bytes, size_t offset, size_t size) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i) value |= uint32_t{bytes[offset + i]} << (8 * i);
  return value;
}

// What both kinds begin with: header, function and number.
struct Head {
  TransferFunction function;
  uint16_t number;
};

void put_head(std::string& text, uint32_t header, const Head& head) {
  put(text, header, 4);
  put(text, static_cast<uint32_t>(head.function), 1);
  put(text, head.number, 2);
}

std::optional<Head> get_head(Bytes bytes, uint32_t header) {
  uint32_t function = get(bytes, 4, 1);
  uint32_t number = get(bytes, 5, 2);
  bool known = function >= 1 && function <= 3;
  if (get(bytes, 0, 4) != header || !known || number > kTransferPackagesMax) return std::nullopt;
  return Head{static_cast<TransferFunction>(function), static_cast<uint16_t>(number)};
}

}  // namespace

std::string format_transfer_message(const TransferMessage& message) {
  CHECK(message.data.size() <= kTransferDataMax);
  std::string text;
  text.reserve(kTransferHeadSize + message.data.size());
  put_head(text, kMessageHeader, {message.function, message.package});
  put(text, static_cast<uint32_t>(message.data.size()), 2);
  return text.append(as_text(message.data));
}

std::optional<TransferMessage> parse_transfer_message(Bytes bytes) {
  if (bytes.size() < kTransferHeadSize) return std::nullopt;
  auto head = get_head(bytes, kMessageHeader);
  if (!head || head->number == kTransferPackagesMax) return std::nullopt;
  Bytes data = bytes.subspan(kTransferHeadSize);
  bool whole = data.size() == get(bytes, 7, 2) && data.size() <= kTransferDataMax;
  return TransferMessage{head->function, head->number, data, whole};
}

std::string format_transfer_answer(const TransferAnswer& answer) {
  std::string text;
  put_head(text, kAnswerHeader, {answer.function, answer.number});
  put(text, answer.whole, 1);
  return text;
}

std::optional<TransferAnswer> parse_transfer_answer(Bytes bytes) {
  if (bytes.size() != kTransferAnswerSize) return std::nullopt;
  auto head = get_head(bytes, kAnswerHeader);
  uint32_t status = get(bytes, 7, 1);
  if (!head || status > 1) return std::nullopt;
  return TransferAnswer{head->function, head->number, status == 1};
}

std::string format_transfer_subject(std::string_view name, size_t size) {
  std::string text = to_utf8(name.substr(0, kNameMax));
  auto misleads = [](unsigned char c) { return c < ' ' || c == 0x7f || c == ';'; };
  std::replace_if(text.begin(), text.end(), misleads, '_');
  return text + ';' + std::to_string(size);
}

std::optional<TransferSubject> parse_transfer_subject(Bytes data) {
  std::string_view text = as_text(data);
  size_t separator = text.rfind(';');
  if (separator == text.npos) return std::nullopt;
  auto size = parse_number<size_t>(text.substr(separator + 1));
  if (!size) return std::nullopt;
  return TransferSubject{printable(to_utf8(text.substr(0, separator))), *size};
}

}  // namespace camloop
