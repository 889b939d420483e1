#include "base/memory.h"

#include <gtest/gtest.h>

#include <string>

namespace camloop {
namespace {

constexpr uint64_t kMegabyte = 1024 * 1024;

// ---- What is left

std::string meminfo(const std::string& free, const std::string& active, const std::string& idle) {
  return "MemTotal:          59804 kB\nMemFree:         " + free +
         "\nMemAvailable:      36252 kB\nBuffers:             812 kB\nActive:             1 kB\n" +
         "Active(file):    " + active + "\nInactive(file):  " + idle + "\nSwapFree:    5 kB\n";
}

TEST(AvailableMemory, IsWhatIsFreeAndWhatFilesTake) {
  EXPECT_EQ(parse_available_memory(meminfo("9120 kB", "400 kB", "30 kB")), 9550u * 1024);
  EXPECT_EQ(parse_available_memory(meminfo("0 kB", "0 kB", "0 kB")), 0u);
  EXPECT_EQ(parse_available_memory(meminfo("4294967295 kB", "4294967295 kB", "1 kB")),
            8'589'934'591u * 1024);
}

TEST(AvailableMemory, IsUnknownWhereTheKernelDoesNotSay) {
  EXPECT_EQ(parse_available_memory(""), kMemoryUnknown);
  EXPECT_EQ(parse_available_memory("MemFree: 9120 kB\n"), kMemoryUnknown);
  for (const char* bad : {"kB", "x kB", "-1 kB", "36252", "4294967296 kB", "1 MB"}) {
    EXPECT_EQ(parse_available_memory(meminfo(bad, "1 kB", "1 kB")), kMemoryUnknown) << bad;
    EXPECT_EQ(parse_available_memory(meminfo("1 kB", "1 kB", bad)), kMemoryUnknown) << bad;
  }
  std::string cut = meminfo("1 kB", "1 kB", "12345 kB");
  EXPECT_EQ(parse_available_memory(cut.substr(0, cut.find("45 kB"))), kMemoryUnknown);
}

TEST(AvailableMemory, IsSomethingOnThisMachine) {
  EXPECT_GT(available_memory(), 0u);
  EXPECT_NE(available_memory(), kMemoryUnknown);
}

// ---- The plan

TEST(MemoryPlan, GivesAPcAllThatIsAskedFor) {
  for (uint64_t available : {1024 * kMegabyte, kMemoryUnknown}) {
    MemoryPlan plan = plan_memory(available, 1920, 1080, 64);
    EXPECT_EQ(plan.capture_buffers, 5);
    EXPECT_EQ(plan.frames_kept, 4u);
    EXPECT_EQ(plan.viewers_max, 64u);
  }
}

TEST(MemoryPlan, StaysWithinABoardsMemory) {
  MemoryPlan plan = plan_memory(32 * kMegabyte, 640, 480, 64);
  EXPECT_EQ(plan.capture_buffers, 5);
  EXPECT_EQ(plan.viewers_max, 42u);
  EXPECT_EQ(plan_memory(32 * kMegabyte, 800, 600, 64).capture_buffers, 4);
  EXPECT_EQ(plan_memory(32 * kMegabyte, 1920, 1080, 64).capture_buffers, 3);
}

TEST(MemoryPlan, GivesNoMoreViewersThanAreAskedFor) {
  EXPECT_EQ(plan_memory(32 * kMegabyte, 640, 480, 3).viewers_max, 3u);
}

TEST(MemoryPlan, LeavesWhatItTakesToShowAPicture) {
  MemoryPlan plan = plan_memory(0, 8192, 8192, 64);
  EXPECT_EQ(plan.capture_buffers, 3);
  EXPECT_EQ(plan.frames_kept, 2u);
  EXPECT_EQ(plan.viewers_max, 1u);
}

// ---- Shedding

TEST(MemoryLevel, GoesAsDeepAsItMustAtOnce) {
  auto from_plenty = [](uint64_t available) {
    return next_memory_level(available, MemoryLevel::kPlenty);
  };
  EXPECT_EQ(from_plenty(kMemoryUnknown), MemoryLevel::kPlenty);
  EXPECT_EQ(from_plenty(8 * kMegabyte), MemoryLevel::kPlenty);
  EXPECT_EQ(from_plenty(8 * kMegabyte - 1), MemoryLevel::kFewerBuffers);
  EXPECT_EQ(from_plenty(6 * kMegabyte - 1), MemoryLevel::kLowerRates);
  EXPECT_EQ(from_plenty(4 * kMegabyte - 1), MemoryLevel::kNoNewClients);
  EXPECT_EQ(from_plenty(0), MemoryLevel::kNoNewClients);
}

TEST(MemoryLevel, ComesBackOneStepAtATime) {
  MemoryLevel level = MemoryLevel::kNoNewClients;
  for (MemoryLevel next : {MemoryLevel::kLowerRates, MemoryLevel::kFewerBuffers,
                           MemoryLevel::kPlenty, MemoryLevel::kPlenty}) {
    level = next_memory_level(64 * kMegabyte, level);
    EXPECT_EQ(level, next);
  }
}

TEST(MemoryLevel, StaysWhileThereIsLittleMoreThanItsLimit) {
  struct Case {
    MemoryLevel level;
    uint64_t left_at;
    MemoryLevel next;
  };
  for (auto [level, left_at, next] :
       {Case{MemoryLevel::kFewerBuffers, 10 * kMegabyte, MemoryLevel::kPlenty},
        Case{MemoryLevel::kLowerRates, 8 * kMegabyte, MemoryLevel::kFewerBuffers},
        Case{MemoryLevel::kNoNewClients, 6 * kMegabyte, MemoryLevel::kLowerRates}}) {
    EXPECT_EQ(next_memory_level(left_at - 1, level), level);
    EXPECT_EQ(next_memory_level(left_at, level), next);
  }
}

TEST(MemoryLevel, NamesAllThatIsShed) {
  EXPECT_STREQ(memory_level_name(MemoryLevel::kPlenty), "nothing");
  EXPECT_STREQ(memory_level_name(MemoryLevel::kFewerBuffers), "camera buffers");
  EXPECT_STREQ(memory_level_name(MemoryLevel::kLowerRates), "camera buffers and frame rates");
  EXPECT_STREQ(memory_level_name(MemoryLevel::kNoNewClients),
               "camera buffers, frame rates and new clients");
}

}  // namespace
}  // namespace camloop
