#include "base/buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

namespace camloop {
namespace {

// A sanitizer that reports leaks and misuse is the other half of these tests.

BufferRef filled(BufferPool& pool, std::string_view text, size_t capacity = 0) {
  BufferRef buffer = pool.take(std::max(capacity, text.size()));
  std::memcpy(buffer.storage().data(), text.data(), text.size());
  buffer.set_size(text.size());
  return buffer;
}

TEST(BufferRef, IsEmptyByDefault) {
  BufferRef empty;
  EXPECT_FALSE(empty);
  EXPECT_EQ(empty.size(), 0u);
  EXPECT_TRUE(empty.bytes().empty());
  empty.reset();
  EXPECT_FALSE(BufferRef(empty));
}

TEST(BufferRef, SharesOneMemory) {
  BufferPool pool(1);
  BufferRef first = filled(pool, "picture");
  BufferRef second = first;
  EXPECT_EQ(as_text(second.bytes()), "picture");
  EXPECT_EQ(second.bytes().data(), first.bytes().data());
}

TEST(BufferRef, LivesUntilTheLastShareGoes) {
  BufferPool pool(0);
  BufferRef first = filled(pool, "picture");
  BufferRef second = first;
  BufferRef third = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): what a move leaves is promised
  second.reset();
  EXPECT_EQ(as_text(third.bytes()), "picture");
}

TEST(BufferRef, SurvivesAssignmentToItself) {
  BufferPool pool(0);
  BufferRef buffer = filled(pool, "picture");
  BufferRef& same = buffer;
  buffer = same;
  EXPECT_EQ(as_text(buffer.bytes()), "picture");
  buffer = std::move(same);
  EXPECT_EQ(as_text(buffer.bytes()), "picture");
}

TEST(BufferRef, GivesUpWhatItHeldWhenAssigned) {
  BufferPool pool(1);
  BufferRef buffer = filled(pool, "old");
  const uint8_t* old = buffer.bytes().data();
  buffer = filled(pool, "new");
  EXPECT_EQ(as_text(buffer.bytes()), "new");
  EXPECT_EQ(pool.take(3).storage().data(), old);
}

TEST(BufferRefDeathTest, IsWrittenByNobodyOnceShared) {
  BufferPool pool(1);
  BufferRef first = filled(pool, "picture");
  BufferRef second = first;
  EXPECT_DEATH(first.set_size(1), "check failed");
}

TEST(BufferRefDeathTest, IsNeverLargerThanItsCapacity) {
  BufferPool pool(1);
  BufferRef buffer = pool.take(10);
  buffer.set_size(buffer.storage().size());
  EXPECT_DEATH(buffer.set_size(buffer.storage().size() + 1), "check failed");
}

TEST(BufferPool, GivesAtLeastWhatIsAskedFor) {
  BufferPool pool(2);
  for (size_t capacity : {0u, 1u, 4095u, 4096u, 4097u, 57'000u, 8'388'608u}) {
    BufferRef buffer = pool.take(capacity);
    ASSERT_GE(buffer.storage().size(), capacity);
    EXPECT_EQ(buffer.size(), 0u);
    std::fill(buffer.storage().begin(), buffer.storage().end(), uint8_t{0xa5});
  }
}

TEST(BufferPool, ReusesWhatCameBack) {
  BufferPool pool(2);
  BufferRef buffer = filled(pool, "picture", 50'000);
  const uint8_t* memory = buffer.bytes().data();
  buffer.reset();
  BufferRef next = pool.take(49'000);
  EXPECT_EQ(next.storage().data(), memory);
  EXPECT_EQ(next.size(), 0u);
}

TEST(BufferPool, ReusesABufferForAFrameThatIsALittleLonger) {
  BufferPool pool(1);
  BufferRef buffer = pool.take(50'000);
  const uint8_t* memory = buffer.storage().data();
  buffer.reset();
  EXPECT_EQ(pool.take(50'500).storage().data(), memory);
}

TEST(BufferPool, NeverGivesABufferThatIsStillShared) {
  BufferPool pool(2);
  BufferRef shown = filled(pool, "shown", 1000);
  BufferRef kept = shown;
  shown.reset();
  BufferRef next = filled(pool, "next!", 1000);
  EXPECT_NE(next.bytes().data(), kept.bytes().data());
  EXPECT_EQ(as_text(kept.bytes()), "shown");
}

TEST(BufferPool, TiesUpNoLargeBufferForASmallFrame) {
  BufferPool pool(2);
  BufferRef large = pool.take(1'000'000);
  const uint8_t* memory = large.storage().data();
  large.reset();
  BufferRef small = pool.take(1000);
  EXPECT_LT(small.storage().size(), 10'000u);
  EXPECT_EQ(pool.take(1'000'000).storage().data(), memory);
}

TEST(BufferPool, FindsTheFittingBufferBehindALargeOne) {
  BufferPool pool(2);
  BufferRef small = pool.take(1000);
  BufferRef large = pool.take(1'000'000);
  const uint8_t* memory = small.storage().data();
  small.reset();
  large.reset();
  EXPECT_EQ(pool.take(1000).storage().data(), memory);
}

TEST(BufferPool, MakesRoomForTheSizesNowAskedFor) {
  BufferPool pool(2);
  { BufferRef a = pool.take(1000), b = pool.take(1000); }
  const uint8_t* large = pool.take(1'000'000).storage().data();
  EXPECT_EQ(pool.take(1'000'000).storage().data(), large);
}

TEST(BufferPool, KeepsNoMoreThanItIsTold) {
  BufferPool pool(1);
  BufferRef first = pool.take(1000);
  BufferRef second = pool.take(1000);
  const uint8_t* kept = first.storage().data();
  first.reset();
  second.reset();  // freed: the sanitizer would see it leak
  EXPECT_EQ(pool.take(1000).storage().data(), kept);
}

TEST(BufferPool, MayKeepNothing) {
  BufferPool pool(0);
  pool.take(1000);
  EXPECT_EQ(pool.take(1000).size(), 0u);
}

TEST(BufferPool, IsOutlivedByItsBuffers) {
  std::optional<BufferPool> pool(std::in_place, 4);
  BufferRef first = filled(*pool, "first");
  BufferRef second = filled(*pool, "second");
  pool->take(100);  // one lies in the pool when it goes
  pool.reset();
  EXPECT_EQ(as_text(first.bytes()), "first");
  first.reset();
  EXPECT_EQ(as_text(second.bytes()), "second");
}

}  // namespace
}  // namespace camloop
