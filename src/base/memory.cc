#include "base/memory.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include <fcntl.h>
#include <unistd.h>

namespace camloop {
namespace {

constexpr uint64_t kKilobyte = 1024;
constexpr uint64_t kMegabyte = 1024 * kKilobyte;

// ---- The plan. The V831 has 64 MB, of which 30 to 45 are available when the program starts.

// Camera buffers may take an eighth, frames and sockets of clients a quarter: with 32 MB available
// five of 640x480 but three from 1280x720 on, and 42 clients. The rest is for all that comes and
// goes beside us, and for the pages of our program, which the kernel would read from the card
// again.
constexpr uint64_t kBuffersShare = 8;
constexpr uint64_t kClientsShare = 4;
constexpr uint64_t kBuffersMin = kCaptureBuffersMin;
constexpr uint64_t kBuffersMax = 5;
// YUYV, the largest of the usual formats.
constexpr uint64_t kBytesPerPixel = 2;
// A slow client at its worst: a frame of its own (60 KB at 640x480), what its socket has sent but
// not seen acknowledged (64 KB, more on faster lines), and half as much again for the kernel's
// bookkeeping.
constexpr uint64_t kClient = 192 * kKilobyte;
// Four frames kept for reuse are nothing, unless there is next to nothing.
constexpr uint64_t kFramesFew = 16 * kMegabyte;

// ---- Shedding: each level is entered below its limit and left a margin above it, which is more
// than the step before it gives back at 640x480. The kernel begins to kill at about 1 MB: the last
// step comes while there is room for all that has begun.

constexpr uint64_t kLimits[] = {8 * kMegabyte, 6 * kMegabyte, 4 * kMegabyte};
constexpr uint64_t kMargin = 2 * kMegabyte;

std::optional<uint64_t> find_kilobytes(std::string_view meminfo, std::string_view name) {
  constexpr std::string_view kUnit = " kB";
  for (std::string_view line : split(meminfo, '\n')) {
    if (!line.starts_with(name) || !line.ends_with(kUnit)) continue;
    line.remove_prefix(name.size());
    line.remove_suffix(kUnit.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return parse_number<uint32_t>(line);  // 4 TB are enough, and no product overflows
  }
  return std::nullopt;
}

}  // namespace

uint64_t parse_available_memory(std::string_view meminfo) {
  uint64_t available = 0;
  for (std::string_view name : {"MemFree:", "Active(file):", "Inactive(file):"}) {
    auto kilobytes = find_kilobytes(meminfo, name);
    if (!kilobytes) return kMemoryUnknown;
    available += *kilobytes * kKilobyte;
  }
  return available;
}

uint64_t available_memory() {
  int file = ::open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
  if (file < 0) return kMemoryUnknown;
  std::array<char, 1024> text;  // the lines are among the first twelve
  ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  return parse_available_memory({text.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))});
}

void resist_oom_killer() {
  int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  // As if half of all memory less were ours.
  constexpr std::string_view kAdjustment = "-500";
  [[maybe_unused]] ssize_t written = ::write(file, kAdjustment.data(), kAdjustment.size());
  ::close(file);
}

MemoryPlan plan_memory(uint64_t available, int width, int height, size_t viewers_wanted) {
  uint64_t picture = static_cast<uint64_t>(width) * static_cast<uint64_t>(height) * kBytesPerPixel;
  uint64_t buffers = available / kBuffersShare / picture;
  uint64_t viewers = available / kClientsShare / kClient;
  MemoryPlan plan;
  plan.capture_buffers = static_cast<int>(std::clamp(buffers, kBuffersMin, kBuffersMax));
  plan.frames_kept = available < kFramesFew ? 2 : 4;
  plan.viewers_max = static_cast<size_t>(std::clamp<uint64_t>(viewers, 1, viewers_wanted));
  return plan;
}

MemoryLevel next_memory_level(uint64_t available, MemoryLevel level) {
  auto is_short = [available](uint64_t limit) { return available < limit; };
  auto deepest = std::count_if(std::begin(kLimits), std::end(kLimits), is_short);
  int now = static_cast<int>(level);
  if (deepest >= now) return static_cast<MemoryLevel>(deepest);
  return static_cast<MemoryLevel>(available < kLimits[now - 1] + kMargin ? now : now - 1);
}

const char* memory_level_name(MemoryLevel level) {
  constexpr const char* kNames[] = {"nothing", "camera buffers", "camera buffers and frame rates",
                                    "camera buffers, frame rates and new clients"};
  return kNames[static_cast<int>(level)];
}

}  // namespace camloop
