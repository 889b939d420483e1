// The messages of the image transfer over MQTT, which both of its ends read and write: a server
// sends an image in packages, one at a time, and a base answers each.
//
// Little-endian and without padding, as Python's struct packs "<Lbhh" and "<Lbhb".
#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace camloop {

/// Before a message's data: header u32, function i8, package i16, length of the data i16.
constexpr size_t kTransferHeadSize = 4 + 1 + 2 + 2;
/// An answer: header u32, function i8, package i16, status i8.
constexpr size_t kTransferAnswerSize = 4 + 1 + 2 + 1;
constexpr size_t kTransferDataMax = 1400;
constexpr size_t kTransferMessageMax = kTransferHeadSize + kTransferDataMax;
/// What an i16 can name, counted from 1 as bad answers do, and so the largest image: 45.8 MB.
constexpr size_t kTransferPackagesMax = 32'767;
constexpr size_t kTransferSizeMax = kTransferPackagesMax * kTransferDataMax;

enum class TransferFunction : uint8_t { kBegin = 1, kData = 2, kFinished = 3 };

/// From the server to the base. The view into what was parsed lives as long as that.
struct TransferMessage {
  TransferFunction function;
  uint16_t package = 0;  // of kData, from 0
  Bytes data;            // of kBegin and kData
  bool whole = true;     // the length that it tells is the data's
};

/// From the base to the server.
struct TransferAnswer {
  TransferFunction function;  // that is answered
  uint16_t number = 0;        // whole: the package; bad: the package to be sent again, from 1
  bool whole = true;
};

/// `message.data` is kTransferDataMax bytes at most.
std::string format_transfer_message(const TransferMessage& message);
/// None: it is of another kind, and of nobody who waits for an answer.
std::optional<TransferMessage> parse_transfer_message(Bytes bytes);

std::string format_transfer_answer(const TransferAnswer& answer);
std::optional<TransferAnswer> parse_transfer_answer(Bytes bytes);

/// The data of a kBegin: "NAME;SIZE".
struct TransferSubject {
  std::string name;
  size_t size = 0;  // of the image, in bytes
  bool operator==(const TransferSubject&) const = default;
};

/// A long name is cut; a '_' stands for what could be taken for the separator or a control
/// character.
std::string format_transfer_subject(std::string_view name, size_t size);
/// The name is one line of UTF-8 for a person, whatever was sent, and no path.
std::optional<TransferSubject> parse_transfer_subject(Bytes data);

}  // namespace camloop
