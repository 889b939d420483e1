#include "sources/file/jpeg_folder.h"

#include "base/log.h"
#include "media/jpeg_scan.h"
#include "sources/file/input_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

namespace camloop {
namespace {

// Files that are looked at in one turn before giving the loop back.
constexpr int kLooksMax = 8;

bool natural_less(const std::string& a, const std::string& b) {
  return strverscmp(a.c_str(), b.c_str()) < 0;
}

}  // namespace

JpegFolder::JpegFolder(std::string path, const FileTools& tools)
    : path_(std::move(path)), tools_(tools) {
  tools_.facts.format = "JPEG folder";
}

Result<Shot> JpegFolder::read(const Tick& tick) {
  for (int look = 0; look < kLooksMax; ++look) {
    if (due_ >= names_.size()) TRY(list());
    const std::string& name = names_[due_++];
    Result<Frame> frame = load(name, tick);
    if (frame.ok()) {
      passed_over_ = 0;
      announce_due();
      return Shot{std::move(frame).value(), {}};
    }
    if (++passed_over_ >= names_.size()) {
      return Error{"no file in the folder can be shown; " + name + ": " + frame.error().text};
    }
  }
  return Shot{};
}

void JpegFolder::announce_due() const {
  if (due_ >= names_.size()) return;
  Result<InputFile> next = InputFile::open(AT_FDCWD, path_to(names_[due_]).c_str());
  if (next.ok()) next.value().announce(0, 1);
}

Result<> JpegFolder::skip() {
  if (due_ >= names_.size()) TRY(list());
  ++due_;
  return {};
}

Result<> JpegFolder::list() {
  DIR* folder = opendir(path_.c_str());
  if (!folder) return system_error("cannot list the folder", errno);
  names_.clear();
  due_ = 0;
  bool too_many = false;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] == '.') continue;
    too_many = names_.size() == kNamesMax;
    if (too_many) break;
    names_.emplace_back(entry->d_name);
  }
  closedir(folder);
  if (too_many) log_warning("%s: only %zu of its files are shown", path_.c_str(), kNamesMax);
  if (names_.empty()) return Error{"the folder is empty"};
  std::sort(names_.begin(), names_.end(), natural_less);
  return {};
}

Result<Frame> JpegFolder::load(const std::string& name, const Tick& tick) {
  InputFile file = TRY(InputFile::open(AT_FDCWD, path_to(name).c_str()));
  Bytes front = TRY(file.read(0, tools_.scratch.first(2)));
  if (front.size() < 2 || front[0] != 0xff || front[1] != 0xd8) return Error{"is not a JPEG"};
  size_t size = TRY(file.size());
  if (size > kFrameSizeMax) return Error{"is over the limit of 8 MiB"};
  BufferRef jpeg = tools_.pool.take(size);
  jpeg.set_size(TRY(file.read(0, jpeg.storage().first(size))).size());
  JpegLayout layout;
  Result<BufferRef> repaired = repair_jpeg(jpeg.bytes(), tools_.pool, &layout);
  if (!repaired.ok()) {
    ++tools_.facts.dropped_broken;
    return repaired.error();
  }
  return Frame{std::move(repaired).value(), layout.width, layout.height, tick.captured_us,
               tick.sequence};
}

}  // namespace camloop
