// A folder of JPEGs as a film that loops, in the natural order of their names.
#pragma once

#include "sources/file/file_reader.h"

#include <string>
#include <vector>

namespace camloop {

/// Listed anew at the beginning of every round. Hidden files, folders, and what is no JPEG inside
/// are passed over.
class JpegFolder : public FileReader {
 public:
  JpegFolder(std::string path, const FileTools& tools);

  Result<Shot> read(const Tick& tick) override;
  Result<> skip() override;
  bool is_film() const override { return true; }
  Result<> changed() override { return {}; }

 private:
  // Names are kept for a round. Listing and sorting so many holds the loop for some milliseconds.
  static constexpr size_t kNamesMax = 10'000;

  Result<> list();
  Result<Frame> load(const std::string& name, const Tick& tick);
  void announce_due() const;
  std::string path_to(const std::string& name) const { return path_ + "/" + name; }

  std::string path_;
  FileTools tools_;
  std::vector<std::string> names_;  // of this round
  size_t due_ = 0;
  size_t passed_over_ = 0;  // names in a row
};

}  // namespace camloop
