// In place of a source that is switched off: it has no device and gives no picture.
#pragma once

#include "sources/source.h"

#include <memory>
#include <string>

namespace camloop {

/// `why` is its fault.
std::unique_ptr<Source> make_no_source(std::string why);

}  // namespace camloop
