// The fields of the stamped video channel, which both of its ends read and write.
//
// A round: the receiver sends a stamp; the sender a length, a JPEG and the stamp again; the
// receiver its verdict and, where that is kStampedAccepted, a reply.
#pragma once

#include "base/bytes.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace camloop {

/// Stamp and length: ASCII, left-justified, padded with spaces.
constexpr size_t kStampedFieldSize = 32;
using StampedField = std::array<char, kStampedFieldSize>;

constexpr char kStampedAccepted = '1';  // the reply follows
constexpr char kStampedDropped = '0';   // the lag was over the limit; nothing follows
/// The text behind an acceptance, padded with spaces; it may be any.
constexpr size_t kStampedReplySize = 1024;

/// The customary limit of a round's lag. That long is accepted, longer is not.
constexpr int64_t kStampedLagMax_us = 80'000;
/// The longest JPEG a receiver takes, unless it is told otherwise: a sender must keep to it.
constexpr size_t kStampedLengthMax = 4u << 20;

StampedField format_stamped_length(size_t length);
/// The number that a length field holds: digits, then spaces only, nothing else. Not judged.
std::optional<size_t> parse_stamped_length(Bytes field);
/// As Python's str(time.time()) with six decimals: seconds since 1970. A time before that is
/// printed as 1970.
StampedField format_stamp(int64_t wall_us);

inline Bytes as_bytes(const StampedField& field) {
  return as_bytes(std::string_view(field.data(), field.size()));
}

}  // namespace camloop
