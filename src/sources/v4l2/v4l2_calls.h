// The system calls of a V4L2 camera behind one seam, so that a test can be the driver.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace camloop {

/// The kernel; a test overrides what it plays.
class V4l2Calls {
 public:
  virtual ~V4l2Calls() = default;

  /// A non-blocking read-write descriptor, or -1 and errno.
  virtual int open(const char* path);
  virtual void close(int descriptor);
  /// As ioctl(2): -1 and errno on failure.
  virtual int ioctl(int descriptor, unsigned long request, void* argument);
  /// A shared mapping, or nullptr and errno.
  virtual void* map(int descriptor, size_t length, uint32_t offset);
  virtual void unmap(void* memory, size_t length);
  /// Where sysfs lists the nodes, a folder each with a file `name`.
  virtual std::string class_folder() const { return "/sys/class/video4linux"; }

  /// ioctl() made again when a signal interrupts it; 0 or the errno.
  int control(int descriptor, unsigned long request, void* argument);
};

/// The one that is real.
V4l2Calls& system_v4l2_calls();

}  // namespace camloop
