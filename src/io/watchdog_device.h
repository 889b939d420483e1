// A watchdog of the kernel: once opened it restarts the board unless it is fed in time.
// Source: the kernel's "The Linux Watchdog driver API".
#pragma once

#include "base/result.h"

#include <cstdint>
#include <memory>
#include <string>

namespace camloop {

/// The system calls, which a test overrides: -1 and errno on failure.
class WatchdogCalls {
 public:
  virtual ~WatchdogCalls() = default;
  virtual int open(const char* path);
  virtual int ioctl(int descriptor, unsigned long request, void* argument);
  virtual int write(int descriptor, char byte);
  virtual void close(int descriptor);
};

/// The ones that are real.
WatchdogCalls& system_watchdog_calls();

/// Passive. An open one that is destroyed without disarm() bites, unless somebody opens it in time.
class WatchdogDevice {
 public:
  static Result<std::unique_ptr<WatchdogDevice>> open(WatchdogCalls& calls,
                                                      const std::string& path);
  ~WatchdogDevice();
  WatchdogDevice(const WatchdogDevice&) = delete;
  WatchdogDevice& operator=(const WatchdogDevice&) = delete;

  /// After the last feeding, as the driver says.
  int timeout_s() const { return timeout_s_; }
  Result<> feed();
  /// From its destruction on it does not bite, unless the kernel was built so that it always does.
  Result<> disarm();

 private:
  WatchdogDevice(WatchdogCalls& calls, std::string path, int descriptor);
  Result<> set_timeout();

  WatchdogCalls& calls_;
  std::string path_;
  int descriptor_;
  int timeout_s_ = 0;
};

}  // namespace camloop
