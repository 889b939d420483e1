// A number that another board or run does not draw, too.
#pragma once

#include <cstdint>

namespace camloop {

/// Not for secrets: early after the boot, when there is no entropy yet, it is the time.
uint64_t random_seed();

}  // namespace camloop
