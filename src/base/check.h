// CHECK: a condition that only a bug of ours can break. It stays in release builds.
#pragma once

namespace camloop {

/// Prints where and what, then aborts, so that the respawner starts a clean process.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace camloop

#define CHECK(condition) \
  ((condition) ? (void)0 : ::camloop::check_failed(#condition, __FILE__, __LINE__))
