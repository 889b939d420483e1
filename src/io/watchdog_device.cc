#include "io/watchdog_device.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace camloop {
namespace {

// The V831's knows 16 s at most and makes 16 of 15; others are told the same.
constexpr int kTimeoutAsked_s = 15;
// It is fed when a third of this has passed, by a look once a second.
constexpr int kTimeoutMin_s = 5;

}  // namespace

int WatchdogCalls::open(const char* path) {
  return ::open(path, O_WRONLY | O_CLOEXEC);
}

int WatchdogCalls::ioctl(int descriptor, unsigned long request, void* argument) {
  return ::ioctl(descriptor, request, argument);
}

int WatchdogCalls::write(int descriptor, char byte) {
  return ::write(descriptor, &byte, 1) == 1 ? 0 : -1;
}

void WatchdogCalls::close(int descriptor) {
  ::close(descriptor);
}

WatchdogCalls& system_watchdog_calls() {
  static WatchdogCalls calls;
  return calls;
}

Result<std::unique_ptr<WatchdogDevice>> WatchdogDevice::open(WatchdogCalls& calls,
                                                             const std::string& path) {
  int descriptor = calls.open(path.c_str());
  if (descriptor < 0) return system_error("cannot open " + path, errno);
  std::unique_ptr<WatchdogDevice> device(new WatchdogDevice(calls, path, descriptor));
  // Before anything is written to what may be a disk.
  watchdog_info info{};
  if (calls.ioctl(descriptor, WDIOC_GETSUPPORT, &info) != 0) {
    return system_error(path + " is no watchdog", errno);
  }
  if (Result<> set = device->set_timeout(); !set) {
    TRY(device->disarm());
    return set.error();
  }
  return device;
}

WatchdogDevice::WatchdogDevice(WatchdogCalls& calls, std::string path, int descriptor)
    : calls_(calls), path_(std::move(path)), descriptor_(descriptor) {}

WatchdogDevice::~WatchdogDevice() {
  calls_.close(descriptor_);
}

Result<> WatchdogDevice::set_timeout() {
  // Where it cannot be set, the one that it has must do.
  int wish_s = kTimeoutAsked_s;
  calls_.ioctl(descriptor_, WDIOC_SETTIMEOUT, &wish_s);
  if (calls_.ioctl(descriptor_, WDIOC_GETTIMEOUT, &timeout_s_) != 0) {
    return system_error(path_ + " does not tell its timeout", errno);
  }
  if (timeout_s_ >= kTimeoutMin_s) return {};
  return Error{path_ + " bites too soon: after " + std::to_string(timeout_s_) + " s"};
}

Result<> WatchdogDevice::feed() {
  if (calls_.ioctl(descriptor_, WDIOC_KEEPALIVE, nullptr) == 0) return {};
  return system_error("cannot feed " + path_, errno);
}

Result<> WatchdogDevice::disarm() {
  // The "magic close": this character, then the close.
  if (calls_.write(descriptor_, 'V') == 0) return {};
  return system_error("cannot turn off " + path_, errno);
}

}  // namespace camloop
