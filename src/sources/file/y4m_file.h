// A Y4M file as a film that loops.
#pragma once

#include "media/y4m.h"
#include "sources/file/file_reader.h"
#include "sources/file/input_file.h"

namespace camloop {

/// A frame costs one read, straight into the buffer that is lent. A last frame cut short is left
/// out.
class Y4mFile : public FileReader {
 public:
  static Result<std::unique_ptr<FileReader>> open(InputFile file, const FileTools& tools);

  Result<Shot> read(const Tick& tick) override;
  Result<> skip() override;
  bool is_film() const override { return true; }
  Result<> changed() override;

 private:
  enum class Found { kWhole, kCut, kNoFrame };

  Y4mFile(InputFile file, const Y4mHeader& header, size_t size, const FileTools& tools);
  Result<Found> read_due(uint8_t* pixels);
  void advance();

  InputFile file_;
  FileTools tools_;
  Y4mHeader header_;
  uint64_t end_;            // of what can be shown: the file's, or where a frame is cut short
  uint64_t position_;       // of the FRAME line that is due
  size_t frame_line_size_;  // of the line read last; a frame that is skipped is taken to be alike
};

}  // namespace camloop
