// JPEG to RGB lines at about the size wanted, a little at a time, so that the caller can give the
// loop back in between.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "media/scale.h"

#include <memory>

namespace camloop {

/// One decoding at a time. Passive: it never calls out. Data that is damaged or cut short gives a
/// picture that is damaged or grey in part, as it does everywhere.
class JpegDecoder {
 public:
  JpegDecoder();
  ~JpegDecoder();
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  /// Starts on `jpeg`, which must stay valid until end(). It is decoded at the least of 1/8 to 8/8
  /// of its size that is at least `wanted`, or else at 8/8: a small picture takes a fraction of the
  /// work. Ends a decoding in progress. Fails on what is no JPEG, on colours and codings that
  /// browsers do not show either, and where a side is over kSideMax.
  Result<> begin(Bytes jpeg, Size wanted);
  /// Of the picture as it is decoded, until end().
  Size size() const;
  /// About the quality (libjpeg's, 1 to 100) that it was encoded with, by its first quantisation
  /// table; until end().
  int quality() const;
  /// Does as much as one row of blocks of one scan takes. Returns the next line, size().width
  /// pixels of R, G, B, valid until the next call; nullptr if another step must come first. At most
  /// size().height lines come; an Error, as of a picture that needs over kMemoryMax, is the end.
  Result<const uint8_t*> step();
  /// Gives the picture's memory back. Harmless when nothing is in progress.
  void end();

  /// As much as a source may be asked for (CAMLOOP_SIZE).
  static constexpr int kSideMax = 8192;
  /// A progressive picture is kept whole while it is decoded, in 3 bytes a pixel: this is one of
  /// 1920x1080, and half of what the program may take on the board.
  static constexpr size_t kMemoryMax = 8u << 20;
  /// Each scan of a progressive picture costs a pass over all of it; encoders make about ten.
  static constexpr int kScansMax = 32;

 private:
  struct State;
  Error give_up(Error why);

  std::unique_ptr<State> state_;  // of the picture in progress
};

}  // namespace camloop
