// What every test of a FileReader needs: its tools, and shots in short form.
#pragma once

#include "sources/file/file_reader.h"
#include "unit/sources/test_files.h"
#include "unit/temp_folder.h"

#include <gtest/gtest.h>

#include <vector>

namespace camloop {

class ReaderTest : public testing::Test {
 protected:
  void open(const std::string& path) {
    Result<std::unique_ptr<FileReader>> opened = open_file(path, tools_);
    ASSERT_TRUE(opened.ok()) << opened.error().text;
    reader_ = std::move(opened).value();
  }
  std::string open_error(const std::string& path) {
    Result<std::unique_ptr<FileReader>> opened = open_file(path, tools_);
    return opened.ok() ? "opened" : opened.error().text;
  }

  Shot read(bool fresh = false) {
    ++sequence_;
    Result<Shot> shot = reader_->read({1000 * static_cast<int64_t>(sequence_), sequence_, fresh});
    EXPECT_TRUE(shot.ok()) << shot.error().text;
    return shot.ok() ? std::move(shot).value() : Shot{};
  }
  std::string read_error() {
    Result<Shot> shot = reader_->read({});
    return shot.ok() ? "read" : shot.error().text;
  }
  void skip() { EXPECT_TRUE(reader_->skip().ok()); }
  void changed() { EXPECT_TRUE(reader_->changed().ok()); }

  /// The widths of the next `count` JPEGs; 0 where there was nothing new.
  std::vector<int> widths(int count) {
    std::vector<int> all;
    while (count-- > 0) all.push_back(read().jpeg.width);
    return all;
  }
  /// The first luma bytes of the next `count` pictures, as text.
  std::string lumas(int count) {
    std::string all;
    while (count-- > 0) {
      Shot shot = read();
      all += shot.picture ? static_cast<char>(shot.picture.view().planes[0].data[0]) : '-';
    }
    return all;
  }

  TempFolder folder_;
  BufferPool pool_{2};
  PictureBuffers buffers_;
  std::vector<uint8_t> scratch_ = std::vector<uint8_t>(4096);
  SourceFacts facts_;
  FileTools tools_{pool_, buffers_, scratch_, facts_};
  std::unique_ptr<FileReader> reader_;
  uint64_t sequence_ = 0;
};

}  // namespace camloop
