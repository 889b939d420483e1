#include "media/jpeg_splitter.h"

#include "media/jpeg_marker.h"

#include <algorithm>
#include <cstring>

namespace camloop {

using namespace jpeg_marker;  // NOLINT(google-build-using-namespace)

size_t JpegSplitter::feed(Bytes bytes) {
  if (complete()) reset();
  size_t taken = 0;
  while (taken < bytes.size() && !complete()) {
    Bytes rest = bytes.subspan(taken);
    size_t run = take_run(rest);
    if (run == 0) take_byte(rest[0]);
    taken += std::max<size_t>(run, 1);
  }
  return taken;
}

void JpegSplitter::reset() {
  state_ = State::kSearch;
  oversize_ = false;
  jpeg_.clear();
}

// Takes the bytes at the front that change no state, together; 0 if the first one may.
size_t JpegSplitter::take_run(Bytes bytes) {
  size_t run = 0;
  if (state_ == State::kSegment) {
    run = std::min(bytes.size(), segment_left_ - 1);
    segment_left_ -= run;
  } else if (state_ == State::kSearch || state_ == State::kScan) {
    const void* found = std::memchr(bytes.data(), 0xff, bytes.size());
    run = found ? static_cast<size_t>(static_cast<const uint8_t*>(found) - bytes.data())
                : bytes.size();
  }
  if (state_ == State::kSearch) {
    passed_over_ += run;
  } else {
    store(bytes.first(run));
  }
  return run;
}

void JpegSplitter::take_byte(uint8_t byte) {
  if (state_ > State::kSearchCode) {
    store({&byte, 1});
  } else {
    ++passed_over_;
  }
  switch (state_) {
    case State::kSearch:
      if (byte == 0xff) state_ = State::kSearchCode;
      break;
    case State::kSearchCode:
      if (byte == kStart) {
        passed_over_ -= 2;
        begin();
      } else if (byte != 0xff) {
        state_ = State::kSearch;
      }
      break;
    case State::kMarker:
      if (byte == 0xff) {
        state_ = State::kMarkerCode;
      } else {
        give_up();
      }
      break;
    case State::kMarkerCode:
      if (byte != 0xff) take_marker(byte);
      break;
    case State::kLengthHigh:
      segment_left_ = static_cast<size_t>(byte) << 8;
      state_ = State::kLengthLow;
      break;
    case State::kLengthLow:
      segment_left_ |= byte;
      take_length();
      break;
    case State::kSegment:
      if (--segment_left_ == 0) end_segment();
      break;
    case State::kScan:
      if (byte == 0xff) state_ = State::kScanCode;
      break;
    case State::kScanCode:
      if (stays_in_scan(byte)) {
        state_ = State::kScan;
      } else if (byte != 0xff) {
        take_marker(byte);
      }
      break;
    case State::kComplete:
      break;
  }
}

void JpegSplitter::take_marker(uint8_t code) {
  marker_ = code;
  if (code == kStart) {
    ++cut_count_;
    begin();
  } else if (code == kEnd) {
    finish();
  } else if (has_segment(code)) {
    state_ = State::kLengthHigh;
  } else {
    give_up();
  }
}

void JpegSplitter::take_length() {
  if (segment_left_ < 2) {
    give_up();
    return;
  }
  segment_left_ -= 2;
  state_ = State::kSegment;
  if (segment_left_ == 0) end_segment();
}

void JpegSplitter::end_segment() {
  state_ = marker_ == kScan ? State::kScan : State::kMarker;
}

void JpegSplitter::begin() {
  static constexpr uint8_t kSoi[] = {0xff, kStart};
  reset();
  store(kSoi);
  state_ = State::kMarker;
}

void JpegSplitter::give_up() {
  ++cut_count_;
  reset();
}

void JpegSplitter::finish() {
  if (!oversize_) {
    state_ = State::kComplete;
    return;
  }
  ++oversize_count_;
  reset();
}

void JpegSplitter::store(Bytes bytes) {
  if (oversize_ || bytes.size() > size_max_ - jpeg_.size()) {
    oversize_ = true;
    jpeg_.clear();
    return;
  }
  jpeg_.insert(jpeg_.end(), bytes.begin(), bytes.end());
}

}  // namespace camloop
