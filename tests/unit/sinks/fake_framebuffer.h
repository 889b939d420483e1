// A framebuffer device for tests: memory, a mode, and whatever can go wrong with it.
#pragma once

#include "sinks/framebuffer.h"

#include <cerrno>
#include <functional>
#include <map>
#include <vector>

namespace camloop {

class FakeFramebuffer : public FramebufferCalls {
 public:
  /// The panel of the V831's board unless told otherwise: B, G, R in memory.
  explicit FakeFramebuffer(int width = 240, int height = 240, int bits = 24) {
    mode.xres = mode.xres_virtual = static_cast<uint32_t>(width);
    mode.yres = mode.yres_virtual = static_cast<uint32_t>(height);
    mode.bits_per_pixel = static_cast<uint32_t>(bits);
    bool high = bits == 16;
    mode.red = high ? fb_bitfield{11, 5, 0} : fb_bitfield{16, 8, 0};
    mode.green = high ? fb_bitfield{5, 6, 0} : fb_bitfield{8, 8, 0};
    mode.blue = high ? fb_bitfield{0, 5, 0} : fb_bitfield{0, 8, 0};
    set_line_length(static_cast<uint32_t>(width * bits / 8));
  }

  void set_line_length(uint32_t bytes) {
    fixed.line_length = bytes;
    fixed.smem_len = bytes * mode.yres;
    memory.assign(fixed.smem_len, kUntouched);
  }
  /// The bytes of the pixel at (x, y).
  std::vector<uint8_t> pixel(int x, int y) const {
    size_t bytes = mode.bits_per_pixel / 8;
    auto at = memory.begin() + y * fixed.line_length + x * bytes;
    return {at, at + bytes};
  }
  bool black() const { return memory == std::vector<uint8_t>(memory.size(), 0); }

  static constexpr uint8_t kUntouched = 0x5a;

  fb_var_screeninfo mode{};
  fb_fix_screeninfo fixed{};
  std::vector<uint8_t> memory;  // of just its size: a sanitizer sees what goes beyond

  int open_errno = 0;
  int map_errno = 0;
  std::map<unsigned long, int> refused;  // request: the errno it fails with
  int interruptions = 0;                 // so many requests fail with EINTR first
  std::function<void()> on_pan;          // on the thread that pans

  int opened = 0;  // descriptors, now
  int mapped = 0;
  int tried = 0;  // to be opened, ever
  int panned = 0;
  fb_var_screeninfo panned_to{};

 private:
  int open(const char*) override {
    ++tried;
    if (open_errno != 0) return fail(open_errno);
    ++opened;
    return kDescriptor;
  }
  void close(int) override { --opened; }
  int ioctl(int, unsigned long request, void* argument) override {
    if (interruptions > 0 && interruptions--) return fail(EINTR);
    if (auto found = refused.find(request); found != refused.end()) return fail(found->second);
    if (request == FBIOGET_VSCREENINFO) *static_cast<fb_var_screeninfo*>(argument) = mode;
    if (request == FBIOGET_FSCREENINFO) *static_cast<fb_fix_screeninfo*>(argument) = fixed;
    if (request == FBIOPAN_DISPLAY) pan(*static_cast<fb_var_screeninfo*>(argument));
    return 0;
  }
  void pan(const fb_var_screeninfo& to) {
    ++panned;
    panned_to = to;
    if (on_pan) on_pan();
  }
  void* map(int, size_t length) override {
    errno = length <= memory.size() ? map_errno : EINVAL;
    if (errno != 0) return nullptr;
    ++mapped;
    return memory.data();
  }
  void unmap(void*, size_t) override { --mapped; }

  static int fail(int code) {
    errno = code;
    return -1;
  }

  static constexpr int kDescriptor = 77;
};

}  // namespace camloop
