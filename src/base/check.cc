#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace camloop {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "camloop: %s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace camloop
