// The pattern source: a test picture that moves, for when there is no camera.
#pragma once

#include "io/loop.h"
#include "sources/source.h"
#include "sources/source_options.h"

#include <memory>

namespace camloop {

/// In its facts.
inline constexpr const char* kPatternName = "pattern";

/// Colour bars, a white bar that wanders below them, the wall clock and the frame number, of the
/// size and at the rate asked for (an odd size loses its last column or row).
std::unique_ptr<Source> make_pattern_source(Loop& loop, const SourceOptions& options,
                                            SourceHandler& handler);

}  // namespace camloop
