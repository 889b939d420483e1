#include "sources/file/file_reader.h"

#include "media/y4m.h"
#include "sources/file/input_file.h"
#include "sources/file/jpeg_folder.h"
#include "sources/file/mjpeg_file.h"
#include "sources/file/y4m_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <cerrno>

namespace camloop {

Result<std::unique_ptr<FileReader>> open_file(const std::string& path, const FileTools& tools) {
  struct stat about {};
  if (stat(path.c_str(), &about) < 0) return system_error("cannot open", errno);
  if (S_ISDIR(about.st_mode)) return std::unique_ptr<FileReader>(new JpegFolder(path, tools));
  InputFile file = TRY(InputFile::open(AT_FDCWD, path.c_str()));
  Bytes front = TRY(file.read(0, tools.scratch.first(kY4mHeaderMax)));
  if (front.empty()) return Error{"the file is empty"};
  if (is_y4m(front)) return Y4mFile::open(std::move(file), tools);
  if (front.size() >= 2 && front[0] == 0xff && front[1] == 0xd8) {
    return std::unique_ptr<FileReader>(new MjpegFile(std::move(file), tools));
  }
  return Error{
      "should be a JPEG, MJPEG (JPEGs one behind the other) or Y4M file, or a folder of JPEGs"};
}

}  // namespace camloop
