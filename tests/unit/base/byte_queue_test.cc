#include "base/byte_queue.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

// Of the address sanitizer, whose header is not in g++'s package.
extern "C" size_t __sanitizer_get_current_allocated_bytes();

namespace camloop {
namespace {

std::string content(const ByteQueue& queue) {
  return std::string(as_text(queue.front()));
}

TEST(ByteQueue, IsEmptyAtFirst) {
  ByteQueue queue(4);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_TRUE(queue.front().empty());
}

TEST(ByteQueue, GivesBytesBackInOrder) {
  ByteQueue queue(8);
  EXPECT_TRUE(queue.append(as_bytes("abc")));
  EXPECT_TRUE(queue.append(as_bytes("de")));
  EXPECT_EQ(content(queue), "abcde");
  queue.consume(2);
  EXPECT_EQ(content(queue), "cde");
  EXPECT_EQ(queue.size(), 3u);
  queue.consume(3);
  EXPECT_TRUE(queue.empty());
}

TEST(ByteQueue, TakesAllOfItsSizeAndNotAByteMore) {
  ByteQueue queue(4);
  EXPECT_TRUE(queue.append(as_bytes("abcd")));
  EXPECT_TRUE(queue.append({}));
  EXPECT_FALSE(queue.append(as_bytes("e")));
  EXPECT_EQ(content(queue), "abcd");
}

TEST(ByteQueue, LeavesNothingOfWhatDoesNotFit) {
  ByteQueue queue(4);
  EXPECT_TRUE(queue.append(as_bytes("abc")));
  EXPECT_FALSE(queue.append(as_bytes("de")));
  EXPECT_EQ(content(queue), "abc");
}

TEST(ByteQueue, TakesNothingWhenItsSizeIsZero) {
  ByteQueue queue(0);
  EXPECT_TRUE(queue.append({}));
  EXPECT_FALSE(queue.append(as_bytes("a")));
}

TEST(ByteQueue, UsesTheRoomOfWhatWasConsumed) {
  ByteQueue queue(4);
  EXPECT_TRUE(queue.append(as_bytes("abcd")));
  queue.consume(3);
  EXPECT_FALSE(queue.append(as_bytes("efgh")));
  EXPECT_TRUE(queue.append(as_bytes("efg")));
  EXPECT_EQ(content(queue), "defg");
}

TEST(ByteQueue, CanBeFilledAgainAfterClear) {
  ByteQueue queue(4);
  EXPECT_TRUE(queue.append(as_bytes("abcd")));
  queue.consume(1);
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.append(as_bytes("efgh")));
  EXPECT_EQ(content(queue), "efgh");
}

TEST(ByteQueue, BehavesAsAStringDoes) {
  std::mt19937 random(1);
  constexpr size_t kSize = 61;
  ByteQueue queue(kSize);
  std::string model;
  uint8_t next = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string piece(random() % 24, '\0');
    for (char& c : piece) c = static_cast<char>(next++);
    bool fits = model.size() + piece.size() <= kSize;
    if (fits) model += piece;
    ASSERT_EQ(queue.append(as_bytes(piece)), fits);
    size_t gone = random() % (model.size() + 1);
    queue.consume(gone);
    model.erase(0, gone);
    ASSERT_EQ(content(queue), model);
    ASSERT_EQ(queue.empty(), model.empty());
  }
}

TEST(ByteQueue, TakesNoMoreMemoryThoughItIsNeverEmpty) {
  ByteQueue queue(4096);
  EXPECT_TRUE(queue.append(as_bytes("x")));
  size_t before = __sanitizer_get_current_allocated_bytes();
  std::string piece(1000, '.');
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(queue.append(as_bytes(piece)));
    queue.consume(piece.size());
  }
  EXPECT_LE(__sanitizer_get_current_allocated_bytes() - before, 3u * 4096);
}

TEST(ByteQueueDeathTest, CannotConsumeMoreThanItHolds) {
  ByteQueue queue(4);
  EXPECT_TRUE(queue.append(as_bytes("ab")));
  EXPECT_DEATH(queue.consume(3), "check failed");
}

}  // namespace
}  // namespace camloop
