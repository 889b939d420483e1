// Real files for the tests of what reads them: a folder that goes away, JPEGs put together by hand
// from ITU-T T.81, Annex B, and Y4M frames of one value.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

namespace camloop {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "camloop-test-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }

  /// Writes in place: the inode stays.
  std::string write(const std::string& name, std::string_view bytes) const {
    return put(name, bytes, "wb");
  }
  std::string append(const std::string& name, std::string_view bytes) const {
    return put(name, bytes, "ab");
  }
  /// Writes beside it and renames: a new inode.
  std::string replace(const std::string& name, std::string_view bytes) const {
    std::filesystem::rename(write("." + name + ".new", bytes), path_of(name));
    return path_of(name);
  }

 private:
  std::string put(const std::string& name, std::string_view bytes, const char* mode) const {
    FILE* file = std::fopen(path_of(name).c_str(), mode);
    EXPECT_NE(file, nullptr);
    EXPECT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
    std::fclose(file);
    return path_of(name);
  }

  std::string path_;
};

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
