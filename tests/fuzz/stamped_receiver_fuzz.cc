// Any bytes, whole, in pieces and byte by byte, are the same rounds to the receiver of a stamped
// channel. The first byte of the input chooses the size of the pieces; a byte 0xe0 in the rest
// stands for the stamp of the round in progress, which no input could guess.

#include "base/check.h"
#include "proto/stamped_receiver.h"

#include <algorithm>
#include <string>

using camloop::as_bytes;
using camloop::as_text;
using camloop::Bytes;
using camloop::StampedReceiver;
using camloop::StampedTime;
using Event = StampedReceiver::Event;

namespace {

constexpr size_t kLengthMax = 300;
constexpr StampedTime kTime{1'000'000, 1'732'166'466'000'000};

std::string run(const std::string& input, size_t piece_size) {
  StampedReceiver receiver({.length_max = kLengthMax}, kTime);
  std::string story;
  Bytes left = as_bytes(input);
  while (!left.empty()) {
    Bytes piece = left.first(std::min(piece_size, left.size()));
    left = left.subspan(piece.size());
    while (!piece.empty()) {
      Event event = receiver.feed(piece, kTime);
      CHECK(receiver.body().size() <= kLengthMax);
      story += std::to_string(static_cast<int>(event));
      if (event == Event::kNone) {
        story.pop_back();
        CHECK(piece.empty());
        continue;
      }
      if (event == Event::kBadLength || event == Event::kForgedEcho) return story;
      CHECK(event == Event::kFrame && receiver.lag_us() == 0);
      story += as_text(receiver.body());
      story += as_text(receiver.output());
      receiver.clear_output();
    }
  }
  return story + std::to_string(receiver.rounds());
}

// The stamps are known: the clock stands, and each is a microsecond past the one before it.
std::string with_stamps(Bytes input) {
  std::string text;
  int64_t wall_us = kTime.wall_us;
  for (uint8_t byte : input) {
    if (byte == 0xe0) {
      text += as_text(as_bytes(camloop::format_stamp(wall_us++)));
    } else {
      text += static_cast<char>(byte);
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  std::string input = with_stamps(Bytes(data + 1, size - 1));
  std::string whole = run(input, input.size());
  CHECK(run(input, 1) == whole);
  CHECK(run(input, 1u + data[0]) == whole);
  return 0;
}
