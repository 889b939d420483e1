// What the tests write into files: JPEGs put together by hand from ITU-T T.81, Annex B, and Y4M
// frames of one value.
#pragma once

#include <string>
#include <string_view>

namespace camloop {

inline std::string segment(char marker, std::string_view payload) {
  size_t length = payload.size() + 2;
  return std::string{'\xff', marker, static_cast<char>(length >> 8), static_cast<char>(length)} +
         std::string(payload);
}

struct JpegShape {
  int width = 8;
  int height = 8;
  bool huffman_tables = true;
  std::string comment;
  size_t scan_size = 40;
};

/// A grey JPEG with every marker in its place; the entropy-coded data means nothing.
inline std::string make_jpeg(const JpegShape& shape) {
  auto two = [](int n) { return std::string{static_cast<char>(n >> 8), static_cast<char>(n)}; };
  std::string jpeg = "\xff\xd8";
  if (!shape.comment.empty()) jpeg += segment('\xfe', shape.comment);
  jpeg += segment('\xdb', std::string(1, '\0') + std::string(64, '\1'));
  jpeg +=
      segment('\xc0', "\x08" + two(shape.height) + two(shape.width) + std::string{1, 1, 0x11, 0});
  if (shape.huffman_tables) {
    std::string counts_and_value = std::string{1} + std::string(15, '\0') + std::string(1, '\0');
    jpeg += segment('\xc4', std::string{'\x00'} + counts_and_value);
    jpeg += segment('\xc4', std::string{'\x10'} + counts_and_value);
  }
  jpeg += segment('\xda', std::string{1, 1, 0, 0, 63, 0});
  return jpeg + std::string(shape.scan_size, '\x55') + "\xff\xd9";
}

/// Tests tell frames apart by their width.
inline std::string jpeg_of_width(int width) {
  return make_jpeg({.width = width});
}

/// 4x2 pixels: 8 of luma, 2 of each chroma.
constexpr std::string_view kSmallY4mHeader = "YUV4MPEG2 W4 H2 F25:1 C420jpeg\n";
inline std::string small_y4m_frame(char value, std::string_view line = "FRAME\n") {
  return std::string(line) + std::string(8 + 2 + 2, value);
}

}  // namespace camloop
