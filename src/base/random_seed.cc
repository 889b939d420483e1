#include "base/random_seed.h"

#include "base/clock.h"

#include <sys/random.h>

namespace camloop {

uint64_t random_seed() {
  uint64_t seed = 0;
  bool drawn = getrandom(&seed, sizeof seed, GRND_NONBLOCK) == sizeof seed;
  return drawn ? seed : static_cast<uint64_t>(monotonic_us());
}

}  // namespace camloop
