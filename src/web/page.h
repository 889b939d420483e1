// The page for a person, embedded in the program.
#pragma once

#include <string_view>

namespace camloop {

/// HTML with its style and script inside; lives as long as the program.
std::string_view web_page();

}  // namespace camloop
