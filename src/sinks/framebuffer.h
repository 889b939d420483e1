// A framebuffer device (Documentation/fb/api.rst of the kernel): what it is made of, found out at
// run time, and lines of RGB put into it as its pixels.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "media/scale.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <linux/fb.h>

namespace camloop {

/// The system calls behind it: the kernel; a test overrides them.
class FramebufferCalls {
 public:
  virtual ~FramebufferCalls() = default;
  /// A read-write descriptor, or -1 and errno.
  virtual int open(const char* path);
  virtual void close(int descriptor);
  /// As ioctl(2): -1 and errno on failure.
  virtual int ioctl(int descriptor, unsigned long request, void* argument);
  /// A shared mapping from the beginning, or nullptr and errno.
  virtual void* map(int descriptor, size_t length);
  virtual void unmap(void* memory, size_t length);
};
FramebufferCalls& system_framebuffer_calls();

class Framebuffer {
 public:
  /// Fails where there is none, or one whose pixels are not 16, 24 or 32 bits of red, green, blue.
  static Result<std::unique_ptr<Framebuffer>> open(FramebufferCalls& calls,
                                                   const std::string& path);
  ~Framebuffer();
  Framebuffer(const Framebuffer&) = delete;
  Framebuffer& operator=(const Framebuffer&) = delete;

  Size size() const;
  int bits() const { return static_cast<int>(mode_.bits_per_pixel); }
  /// Whether it is still there, and in the mode that it was opened in.
  Result<> check();

  /// All black.
  void clear();
  /// `count` pixels from (x, y) on, which must lie inside: red, green, blue, a byte each.
  void put_line(int x, int y, const uint8_t* rgb, int count);
  /// Has the driver bring the memory to the screen. Blocks for as long as that takes: a panel on a
  /// serial bus is sent the whole picture, which takes the V831's 14 ms and more.
  Result<> show();

 private:
  Framebuffer(FramebufferCalls& calls, const std::string& path, int descriptor);
  Result<> ask(unsigned long request, const char* name, void* argument);
  Result<> set_up();
  Result<> check_layout() const;
  void make_pixels(const uint8_t* rgb, int count);
  template <size_t kBytes>
  void fill(const uint8_t* rgb, int count);
  uint8_t* at(int x, int y);
  size_t pixel_bytes() const { return mode_.bits_per_pixel / 8; }
  size_t memory_size() const { return size_t{fixed_.line_length} * mode_.yres; }

  // The bits of a pixel that each value of a channel sets.
  using Shades = std::array<uint32_t, 256>;
  static Shades shades(const fb_bitfield& channel);

  FramebufferCalls& calls_;
  std::string path_;
  int descriptor_;
  fb_fix_screeninfo fixed_{};
  fb_var_screeninfo mode_{};
  uint8_t* memory_ = nullptr;
  std::vector<uint8_t> line_;  // pixels on their way to memory_
  Shades red_{};
  Shades green_{};
  Shades blue_{};
  uint32_t opaque_ = 0;
};

}  // namespace camloop
