// The file source: a JPEG shown anew whenever it changes, or a folder of JPEGs, an MJPEG or a Y4M
// file that loops. The beat is CAMLOOP_FPS, whatever rate the file names.
#pragma once

#include "base/buffer.h"
#include "base/result.h"
#include "io/loop.h"
#include "sources/source.h"
#include "sources/source_options.h"

#include <memory>
#include <string>

namespace camloop {

/// Fails only on what can never become right: an empty path. A file that is missing or broken is
/// told by on_lost(), and looked for once a second.
Result<std::unique_ptr<Source>> make_file_source(Loop& loop, const std::string& path,
                                                 const SourceOptions& options, BufferPool& pool,
                                                 SourceHandler& handler);

}  // namespace camloop
