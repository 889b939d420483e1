#include "base/file_stamp.h"

#include <sys/stat.h>
#include <cerrno>

namespace camloop {

Result<FileStamp> file_stamp(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) < 0) return system_error("cannot open", errno);
  return FileStamp{about.st_dev, about.st_ino, about.st_size, about.st_mtim.tv_sec,
                   about.st_mtim.tv_nsec};
}

}  // namespace camloop
