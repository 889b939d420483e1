#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace camloop {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "camloop: %s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace camloop

// libstdc++ calls it when an exception is not caught. Nothing throws here, and its own would bring
// 30 KB that find words for the exception's type.
namespace __gnu_cxx {

void __verbose_terminate_handler() {  // NOLINT(readability-identifier-naming)
  std::abort();
}

}  // namespace __gnu_cxx
