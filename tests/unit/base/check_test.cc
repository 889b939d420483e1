#include "base/check.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

TEST(CheckDeathTest, AbortsAndSaysWhereAndWhat) {
  int three = 3;
  EXPECT_EXIT(CHECK(three == 4), testing::KilledBySignal(SIGABRT),
              "camloop: .*check_test.cc:[0-9]+: check failed: three == 4\n");
}

TEST(Check, EvaluatesItsConditionOnce) {
  int count = 0;
  CHECK(++count == 1);
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace camloop
