#include "sinks/framebuffer.h"

#include "base/check.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace camloop {
namespace {

// What drivers mean that leave the layout of their pixels blank.
struct UsualLayout {
  fb_bitfield red, green, blue;
};
constexpr UsualLayout kRgb565{{11, 5, 0}, {5, 6, 0}, {0, 5, 0}};
constexpr UsualLayout kRgb888{{16, 8, 0}, {8, 8, 0}, {0, 8, 0}};

void complete_layout(fb_var_screeninfo& mode) {
  if (mode.red.length + mode.green.length + mode.blue.length > 0) return;
  const UsualLayout& usual = mode.bits_per_pixel == 16 ? kRgb565 : kRgb888;
  mode.red = usual.red;
  mode.green = usual.green;
  mode.blue = usual.blue;
}

bool in_pixel(const fb_bitfield& channel, uint32_t bits) {
  return channel.length >= 1 && channel.length <= bits && channel.offset <= bits - channel.length;
}

bool same_mode(const fb_var_screeninfo& one, const fb_var_screeninfo& other) {
  return one.xres == other.xres && one.yres == other.yres &&
         one.xres_virtual == other.xres_virtual && one.bits_per_pixel == other.bits_per_pixel;
}

}  // namespace

int FramebufferCalls::open(const char* path) {
  return ::open(path, O_RDWR | O_CLOEXEC);
}

void FramebufferCalls::close(int descriptor) {
  ::close(descriptor);
}

int FramebufferCalls::ioctl(int descriptor, unsigned long request, void* argument) {
  return ::ioctl(descriptor, request, argument);
}

void* FramebufferCalls::map(int descriptor, size_t length) {
  void* memory = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

void FramebufferCalls::unmap(void* memory, size_t length) {
  ::munmap(memory, length);
}

FramebufferCalls& system_framebuffer_calls() {
  static FramebufferCalls calls;
  return calls;
}

Result<std::unique_ptr<Framebuffer>> Framebuffer::open(FramebufferCalls& calls,
                                                       const std::string& path) {
  int descriptor = calls.open(path.c_str());
  if (descriptor < 0) return system_error(path, errno);
  std::unique_ptr<Framebuffer> framebuffer(new Framebuffer(calls, path, descriptor));
  TRY(framebuffer->set_up());
  return framebuffer;
}

Framebuffer::Framebuffer(FramebufferCalls& calls, const std::string& path, int descriptor)
    : calls_(calls), path_(path), descriptor_(descriptor) {}

Framebuffer::~Framebuffer() {
  if (memory_) calls_.unmap(memory_, memory_size());
  calls_.close(descriptor_);
}

Result<> Framebuffer::ask(unsigned long request, const char* name, void* argument) {
  while (calls_.ioctl(descriptor_, request, argument) < 0) {
    if (errno != EINTR) return system_error(path_ + ": " + name, errno);
  }
  return {};
}

Result<> Framebuffer::set_up() {
  TRY(ask(FBIOGET_VSCREENINFO, "FBIOGET_VSCREENINFO", &mode_));
  TRY(ask(FBIOGET_FSCREENINFO, "FBIOGET_FSCREENINFO", &fixed_));
  complete_layout(mode_);
  TRY(check_layout());
  memory_ = static_cast<uint8_t*>(calls_.map(descriptor_, memory_size()));
  if (!memory_) return system_error(path_ + ": mmap", errno);
  line_.resize(mode_.xres * pixel_bytes());
  red_ = shades(mode_.red);
  green_ = shades(mode_.green);
  blue_ = shades(mode_.blue);
  // Where pixels have an alpha channel, what lies behind shines through at 0.
  opaque_ = in_pixel(mode_.transp, mode_.bits_per_pixel) ? shades(mode_.transp)[255] : 0;
  return {};
}

Result<> Framebuffer::check_layout() const {
  uint32_t bits = mode_.bits_per_pixel;
  bool colours = in_pixel(mode_.red, bits) && in_pixel(mode_.green, bits) &&
                 in_pixel(mode_.blue, bits) && mode_.grayscale == 0;
  if ((bits != 16 && bits != 24 && bits != 32) || !colours) {
    return Error{path_ + ": pixels of " + std::to_string(bits) +
                 " bits; it must be 16, 24 or 32 of red, green and blue"};
  }
  bool holds = mode_.xres >= 1 && mode_.yres >= 1 &&
               uint64_t{mode_.xres} * pixel_bytes() <= fixed_.line_length &&
               uint64_t{fixed_.line_length} * mode_.yres <= fixed_.smem_len;
  if (holds) return {};
  return Error{path_ + ": " + std::to_string(fixed_.smem_len) + " bytes in lines of " +
               std::to_string(fixed_.line_length) + " cannot hold " + std::to_string(mode_.xres) +
               "x" + std::to_string(mode_.yres)};
}

Framebuffer::Shades Framebuffer::shades(const fb_bitfield& channel) {
  Shades shades;
  uint64_t most = (uint64_t{1} << channel.length) - 1;
  for (size_t value = 0; value < shades.size(); ++value) {
    shades[value] = static_cast<uint32_t>((value * most + 127) / 255 << channel.offset);
  }
  return shades;
}

Size Framebuffer::size() const {
  return {static_cast<int>(mode_.xres), static_cast<int>(mode_.yres)};
}

Result<> Framebuffer::check() {
  fb_var_screeninfo mode{};
  TRY(ask(FBIOGET_VSCREENINFO, "FBIOGET_VSCREENINFO", &mode));
  if (!same_mode(mode, mode_)) return Error{path_ + ": its mode has changed"};
  return {};
}

uint8_t* Framebuffer::at(int x, int y) {
  return memory_ + static_cast<size_t>(y) * fixed_.line_length +
         static_cast<size_t>(x) * pixel_bytes();
}

void Framebuffer::clear() {
  std::vector<uint8_t> black(size_t{3} * mode_.xres);
  make_pixels(black.data(), size().width);
  for (int y = 0; y < size().height; ++y) std::memcpy(at(0, y), line_.data(), line_.size());
}

void Framebuffer::put_line(int x, int y, const uint8_t* rgb, int count) {
  CHECK(x >= 0 && y >= 0 && count >= 0 && y < size().height && count <= size().width - x);
  make_pixels(rgb, count);
  std::memcpy(at(x, y), line_.data(), static_cast<size_t>(count) * pixel_bytes());
}

// They are made in line_, as the screen's memory is not cached: it is written in one go.
void Framebuffer::make_pixels(const uint8_t* rgb, int count) {
  switch (pixel_bytes()) {
    case 2:
      fill<2>(rgb, count);
      break;
    case 3:
      fill<3>(rgb, count);
      break;
    default:
      fill<4>(rgb, count);
  }
}

// A pixel is a number, of which the lowest bytes come first in memory.
template <size_t kBytes>
void Framebuffer::fill(const uint8_t* rgb, int count) {
  uint8_t* out = line_.data();
  for (int i = 0; i < count; ++i, rgb += 3, out += kBytes) {
    uint32_t pixel = red_[rgb[0]] | green_[rgb[1]] | blue_[rgb[2]] | opaque_;
    std::memcpy(out, &pixel, kBytes);
  }
}

// EINVAL: this driver has nothing to do, as the screen is read from the memory all the time.
Result<> Framebuffer::show() {
  fb_var_screeninfo mode = mode_;
  mode.xoffset = 0;
  mode.yoffset = 0;
  Result<> shown = ask(FBIOPAN_DISPLAY, "FBIOPAN_DISPLAY", &mode);
  return shown || shown.error().code == EINVAL ? Result<>{} : shown;
}

}  // namespace camloop
