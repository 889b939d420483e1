// A folder of real files for one test; it goes away with all that is in it.
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

}  // namespace camloop
