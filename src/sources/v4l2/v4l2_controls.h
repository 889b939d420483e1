// A camera's controls by name: brightness, exposure and the like.
#pragma once

#include "sources/v4l2/v4l2_calls.h"

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace camloop {

/// Sets `wishes` in their order, each on the first of `descriptors` that has a control of that
/// name: V4L2's in lower case, with one underscore for whatever is neither letter nor digit
/// ("Exposure, Auto" is exposure_auto). Returns what could not be set and why, a line each.
std::vector<std::string> set_v4l2_controls(V4l2Calls& calls, std::span<const int> descriptors,
                                           std::span<const std::pair<std::string, int>> wishes);

}  // namespace camloop
