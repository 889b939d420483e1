#include "sources/v4l2/v4l2_calls.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cerrno>

namespace camloop {

int V4l2Calls::open(const char* path) {
  return ::open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

void V4l2Calls::close(int descriptor) {
  ::close(descriptor);
}

int V4l2Calls::ioctl(int descriptor, unsigned long request, void* argument) {
  return ::ioctl(descriptor, request, argument);
}

void* V4l2Calls::map(int descriptor, size_t length, uint32_t offset) {
  // Writable although nobody writes: that is what drivers are used to, and some refuse anything
  // else.
  void* memory = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor,
                        static_cast<off_t>(offset));
  return memory == MAP_FAILED ? nullptr : memory;
}

void V4l2Calls::unmap(void* memory, size_t length) {
  ::munmap(memory, length);
}

int V4l2Calls::control(int descriptor, unsigned long request, void* argument) {
  int status = 0;
  do {
    status = ioctl(descriptor, request, argument);
  } while (status < 0 && errno == EINTR);
  return status < 0 ? errno : 0;
}

V4l2Calls& system_v4l2_calls() {
  static V4l2Calls calls;
  return calls;
}

}  // namespace camloop
