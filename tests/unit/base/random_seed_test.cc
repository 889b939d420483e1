#include "base/random_seed.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

TEST(RandomSeed, IsAnotherOneEachTime) {
  EXPECT_NE(random_seed(), random_seed());
}

}  // namespace
}  // namespace camloop
