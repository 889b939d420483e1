// Any bytes either fail or become a picture with all its lines, at the size wanted. The first two
// bytes of the input choose that size.

#include "base/check.h"
#include "media/jpeg_decoder.h"

using camloop::Bytes;
using camloop::JpegDecoder;
using camloop::LineScaler;
using camloop::Size;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A few bytes may claim to be the largest picture: it is not followed to its end.
  constexpr int kSteps = 4000;
  static JpegDecoder decoder;
  static LineScaler scaler;
  if (size < 2) return 0;
  Size wanted{1 + data[0], 1 + data[1]};
  if (!decoder.begin(Bytes(data + 2, size - 2), wanted)) return 0;
  Size decoded = decoder.size();
  scaler.begin(decoded, wanted);
  int taken = 0;
  int given = 0;
  for (int step = 0; step < kSteps && given < wanted.height; ++step) {
    auto line = decoder.step();
    if (!line) return 0;
    if (!line.value()) continue;
    ++taken;
    scaler.put(line.value());
    while (scaler.next()) ++given;
    CHECK(taken < decoded.height || given == wanted.height);
  }
  return 0;
}
