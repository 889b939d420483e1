#include "sinks/attempt_limit.h"

#include <algorithm>

namespace camloop {
namespace {

// User and password at their longest, in base64 behind "Basic", and a token.
constexpr size_t kAttemptMax = 1024;

}  // namespace

int64_t AttemptLimit::wait_us(const std::string& host, int64_t now_us) const {
  auto found = windows_.find(host);
  if (found == windows_.end() || found->second.failures < kFailuresMax) return 0;
  return std::max<int64_t>(found->second.began_us + kWindow_us - now_us, 0);
}

bool AttemptLimit::fail(const std::string& host, std::string_view attempt, int64_t now_us) {
  if (windows_.size() == kHostsMax && !windows_.contains(host)) make_room();
  Window& window = windows_[host];
  if (window.failures == 0 || now_us - window.began_us >= kWindow_us) window = {now_us, 0, ""};
  if (!attempt.empty() && attempt == window.last) return false;
  window.last = attempt.size() <= kAttemptMax ? attempt : "";
  return ++window.failures == kFailuresMax;
}

void AttemptLimit::make_room() {
  windows_.erase(std::min_element(windows_.begin(), windows_.end(), [](auto& a, auto& b) {
    return a.second.began_us < b.second.began_us;
  }));
}

}  // namespace camloop
