// Small text files, such as settings and secrets, read whole.
#pragma once

#include "base/result.h"

#include <string>

namespace camloop {

/// The text of the file at `path`, of which more than 64 KiB are not read. Does not wait: a FIFO to
/// which nobody writes is an empty file.
Result<std::string> read_text_file(const std::string& path);

}  // namespace camloop
