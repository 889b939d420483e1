// Cuts a stream of bytes without lengths (an MJPEG file, a bare link) into JPEGs.
#pragma once

#include "base/bytes.h"

#include <vector>

namespace camloop {

/// Fed piece by piece, it finds each SOI and the EOI that belongs to it, across any cut: thumbnails
/// inside segments are stepped over. What it finds may still be broken inside (see scan_jpeg).
/// Bytes between JPEGs are passed over. Passive and bounded: memory grows to the largest JPEG, at
/// most `size_max`, and is kept.
class JpegSplitter {
 public:
  explicit JpegSplitter(size_t size_max) : size_max_(size_max) {}

  /// Takes the front of `bytes` up to the end of the next whole JPEG, or all of it; returns how
  /// much it took. When `complete()` then holds, jpeg() is that JPEG until the next feed() or
  /// reset().
  size_t feed(Bytes bytes);
  bool complete() const { return state_ == State::kComplete; }
  Bytes jpeg() const { return jpeg_; }
  /// A JPEG has begun and has not ended.
  bool within_jpeg() const { return state_ > State::kSearchCode && state_ != State::kComplete; }
  /// That one has outgrown `size_max`: it is only followed to its end.
  bool outgrown() const { return oversize_; }

  /// Bytes that belonged to no JPEG.
  uint64_t passed_over() const { return passed_over_; }
  /// JPEGs that outgrew `size_max` and were dropped.
  uint64_t oversize_count() const { return oversize_count_; }
  /// JPEGs dropped because they stopped being one, or the next began before their EOI.
  uint64_t cut_count() const { return cut_count_; }
  /// Forgets a JPEG begun: the stream starts anew. The counters stay.
  void reset();

 private:
  enum class State {
    kSearch,      // for the FF of an SOI
    kSearchCode,  // FF has passed: D8 begins a JPEG
    kMarker,      // FF must follow
    kMarkerCode,  // the byte that says which marker
    kLengthHigh,
    kLengthLow,
    kSegment,   // `segment_left_` bytes of it
    kScan,      // entropy-coded data
    kScanCode,  // FF has passed: 00 and RSTn belong to the scan, others are markers
    kComplete,
  };

  void take_byte(uint8_t byte);
  size_t take_run(Bytes bytes);
  void take_marker(uint8_t code);
  void take_length();
  void end_segment();
  void begin();
  void give_up();
  void finish();
  void store(Bytes bytes);

  size_t size_max_;
  State state_ = State::kSearch;
  uint8_t marker_ = 0;       // whose segment this is
  size_t segment_left_ = 0;  // bytes
  bool oversize_ = false;    // this JPEG is followed to its end but no longer stored
  std::vector<uint8_t> jpeg_;
  uint64_t passed_over_ = 0;
  uint64_t oversize_count_ = 0;
  uint64_t cut_count_ = 0;
};

}  // namespace camloop
