// How much memory the system has left, how to divide it at the start, and what to shed when it runs
// short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace camloop {

constexpr uint64_t kMemoryUnknown = UINT64_MAX;  // which counts as plenty

/// Free bytes and those of file pages, which the kernel can give up at once; from the text of
/// /proc/meminfo. Not its MemAvailable: that counts slabs, which it cannot give up when it matters
/// (64 MB without swap: processes were killed for memory with 4.7 MB "available", 1.2 MB by this).
uint64_t parse_available_memory(std::string_view meminfo);
uint64_t available_memory();

/// Has the kernel kill others first when memory is used up. Only root may; no harm done otherwise.
void resist_oom_killer();

struct MemoryPlan {
  int capture_buffers;
  size_t frames_kept;
  size_t viewers_max;
};

/// Two stay with the driver (sunxi-vin keeps two) while one is read.
constexpr int kCaptureBuffersMin = 3;

/// What of the memory available at the start goes where; a PC gets all that is asked for.
MemoryPlan plan_memory(uint64_t available, int width, int height, size_t viewers_wanted);

/// What is shed, each step on top of those before it.
enum class MemoryLevel { kPlenty, kFewerBuffers, kLowerRates, kNoNewClients };

struct MemoryFacts {
  uint64_t available = kMemoryUnknown;
  MemoryLevel level = MemoryLevel::kPlenty;
};

/// As deep as `available` demands at once, but one step at a time back, and each only with a
/// margin.
MemoryLevel next_memory_level(uint64_t available, MemoryLevel level);
/// All that is shed at this level.
const char* memory_level_name(MemoryLevel level);

}  // namespace camloop
