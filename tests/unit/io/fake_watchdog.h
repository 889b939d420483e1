// A watchdog driver for tests: it notes what it is told and says when it would have bitten.
#pragma once

#include "base/clock.h"
#include "io/watchdog_device.h"

#include <cerrno>
#include <string>
#include <vector>

#include <linux/watchdog.h>

namespace camloop {

class FakeWatchdog : public WatchdogCalls {
 public:
  int open_errno = 0;
  int support_errno = 0;
  int set_errno = 0;
  int get_errno = 0;
  int feed_errno = 0;
  int write_errno = 0;
  int timeout_s = 60;
  int64_t now_us = 0;  // the test's time

  std::vector<std::string> opened;  // paths
  std::vector<int64_t> fed_at_us;   // by keep-alive, or by being opened
  std::string written;
  bool is_open = false;
  bool armed = false;

  bool bitten() const {
    return armed && now_us - fed_at_us.back() >= int64_t{timeout_s} * kSecond_us;
  }

 private:
  int open(const char* path) override {
    if (open_errno) return fail(open_errno);
    opened.emplace_back(path);
    fed_at_us.push_back(now_us);
    is_open = armed = true;
    written.clear();
    return 42;
  }
  int ioctl(int, unsigned long request, void* argument) override {
    if (request == WDIOC_GETSUPPORT) return support_errno ? fail(support_errno) : 0;
    if (request == WDIOC_SETTIMEOUT) return set_timeout(*static_cast<int*>(argument));
    if (request == WDIOC_GETTIMEOUT) {
      if (get_errno) return fail(get_errno);
      *static_cast<int*>(argument) = timeout_s;
      return 0;
    }
    if (request != WDIOC_KEEPALIVE) return fail(ENOTTY);
    if (feed_errno) return fail(feed_errno);
    fed_at_us.push_back(now_us);
    return 0;
  }
  // As the V831's driver: 16 s at most, and of the larger numbers only the even ones.
  int set_timeout(int wish_s) {
    if (set_errno) return fail(set_errno);
    if (wish_s > 16) return fail(EINVAL);
    timeout_s = wish_s > 6 ? wish_s + wish_s % 2 : wish_s;
    return 0;
  }
  int write(int, char byte) override {
    if (write_errno) return fail(write_errno);
    written += byte;
    return 0;
  }
  void close(int) override {
    is_open = false;
    if (written.ends_with('V')) armed = false;
  }
  static int fail(int code) {
    errno = code;
    return -1;
  }
};

}  // namespace camloop
