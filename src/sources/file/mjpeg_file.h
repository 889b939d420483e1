// A file of JPEGs one behind the other as a film that loops; with just one in it, a still.
#pragma once

#include "media/jpeg_splitter.h"
#include "sources/file/file_reader.h"
#include "sources/file/input_file.h"

#include <memory>
#include <vector>

namespace camloop {

/// The first round searches for the frames and notes where they are; from then on a frame costs one
/// read into the buffer that is shared.
class MjpegFile : public FileReader {
 public:
  MjpegFile(InputFile file, const FileTools& tools);

  Result<Shot> read(const Tick& tick) override;
  Result<> skip() override;
  bool is_film() const override { return noted_all_ && !is_still(); }
  Result<> changed() override;

 private:
  struct Entry {
    uint64_t offset;
    uint32_t size;
    uint16_t width;
    uint16_t height;
    bool needs_repair;
  };
  // An hour at 25 frames a second is 90,000. A longer film is searched anew in every round.
  static constexpr size_t kIndexMax = 100'000;

  Result<Shot> read_noted(const Tick& tick);
  Shot lose_index();
  Result<Shot> search(const Tick& tick);
  Result<Frame> take_found(const Tick& tick);
  Result<> end_round();
  void search_from(uint64_t offset);
  bool is_still() const { return noted_all_ && index_.size() == 1; }

  InputFile file_;
  FileTools tools_;
  std::vector<Entry> index_;
  bool noted_all_ = false;  // the index holds the whole film
  size_t due_ = 0;          // in the index, once it holds all
  bool shown_ = false;      // since the last change

  // While searching.
  std::unique_ptr<JpegSplitter> splitter_;
  uint64_t began_ = 0;      // where this round did
  uint64_t searched_ = 0;   // up to here
  uint64_t frame_end_ = 0;  // of the last frame found
  size_t frames_ = 0;       // found in this round
  Error broken_;            // what is wrong with the last broken frame
};

}  // namespace camloop
