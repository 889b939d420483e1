// Whether a file is still as it was, without reading it.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>

#include <sys/types.h>

namespace camloop {

/// What tells one state of a file from the next.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  int64_t changed_s = 0;
  int64_t changed_ns = 0;

  bool same_file(const FileStamp& other) const {
    return device == other.device && inode == other.inode;
  }
  bool operator==(const FileStamp&) const = default;
};

/// Of the file at `path`, or of what a link there leads to. The Error is the system's.
Result<FileStamp> file_stamp(const std::string& path);

}  // namespace camloop
