// What FileSource plays: one kind of file each, told apart by what is inside.
#pragma once

#include "base/buffer.h"
#include "base/result.h"
#include "media/frame.h"
#include "media/picture.h"
#include "sources/picture_buffers.h"
#include "sources/source.h"

#include <memory>
#include <string>

namespace camloop {

/// A moment at which a frame is due.
struct Tick {
  int64_t captured_us = 0;
  uint64_t sequence = 0;
  bool fresh = false;  // nothing has been shown of late: a still is shown once more
};

/// What a tick brought: a JPEG, or a picture, or neither where there is nothing new.
struct Shot {
  Frame jpeg;
  Picture picture;
};

/// What readers work with; all of it outlives them.
struct FileTools {
  BufferPool& pool;
  PictureBuffers& buffers;
  MutableBytes scratch;  // contents last until the call returns
  SourceFacts& facts;
};

/// Passive, and at most one frame is read in a call. An Error means that this file cannot be shown
/// as it is; it does not name the path. The reader is of no use after it.
class FileReader {
 public:
  virtual ~FileReader() = default;
  /// Reads the frame that is due and moves on.
  virtual Result<Shot> read(const Tick& tick) = 0;
  /// Moves on by a frame that nobody wants, as cheaply as can be.
  virtual Result<> skip() = 0;
  /// More than one frame: that its file has changed may be noticed a little later.
  virtual bool is_film() const = 0;
  /// The file's size or time of change is not what it was.
  virtual Result<> changed() = 0;
};

/// Opens a folder, a Y4M file, or a file of JPEGs: the content decides, never the name.
Result<std::unique_ptr<FileReader>> open_file(const std::string& path, const FileTools& tools);

}  // namespace camloop
