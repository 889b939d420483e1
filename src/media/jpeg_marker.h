// The marker codes of JPEG that we look at: the byte after FF (T.81 Table B.1).
#pragma once

#include <cstdint>

namespace camloop::jpeg_marker {

inline constexpr uint8_t kBaseline = 0xc0;     // SOF0
inline constexpr uint8_t kProgressive = 0xc2;  // SOF2; SOF1 between them is extended sequential
inline constexpr uint8_t kHuffmanTables = 0xc4;
inline constexpr uint8_t kArithmeticTables = 0xcc;
inline constexpr uint8_t kRestart0 = 0xd0;
inline constexpr uint8_t kRestart7 = 0xd7;
inline constexpr uint8_t kStart = 0xd8;  // SOI
inline constexpr uint8_t kEnd = 0xd9;    // EOI
inline constexpr uint8_t kScan = 0xda;   // SOS
inline constexpr uint8_t kQuantisationTables = 0xdb;
inline constexpr uint8_t kApp0 = 0xe0;
inline constexpr uint8_t kApp14 = 0xee;
inline constexpr uint8_t kApp15 = 0xef;
inline constexpr uint8_t kComment = 0xfe;

/// Of the codes after FF in entropy-coded data, those that do not end it: a stuffed 00 and RSTn.
inline constexpr bool stays_in_scan(uint8_t code) {
  return code == 0 || (code >= kRestart0 && code <= kRestart7);
}

/// SOFn: C0 to CF but for DHT, JPG and DAC.
inline constexpr bool is_frame_header(uint8_t code) {
  return code >= 0xc0 && code <= 0xcf && code != kHuffmanTables && code != 0xc8 &&
         code != kArithmeticTables;
}

/// APPn or COM: tells about the picture, or hides another one.
inline constexpr bool is_metadata(uint8_t code) {
  return (code >= kApp0 && code <= kApp15) || code == kComment;
}

/// Whether a length and a segment follow: all from C0 on but RSTn, SOI and EOI.
inline constexpr bool has_segment(uint8_t code) {
  return code >= 0xc0 && code != 0xff && (code < kRestart0 || code > kEnd);
}

}  // namespace camloop::jpeg_marker
