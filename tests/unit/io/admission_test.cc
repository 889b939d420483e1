#include "io/admission.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

namespace camloop {
namespace {

TEST(Admission, LetsInNoMoreThanItsCap) {
  Admission admission({.connections_max = 2, .per_host_max = 9});
  auto first = admission.admit("a");
  auto second = admission.admit("b");
  auto third = admission.admit("c");
  EXPECT_TRUE(first.ok());
  EXPECT_TRUE(second.ok());
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().text, "too many connections");
  EXPECT_EQ(admission.connections(), 2u);
  EXPECT_EQ(admission.admitted(), 2u);
  EXPECT_EQ(admission.refused(), 1u);
}

TEST(Admission, LetsInNoMoreThanItsCapFromOneAddress) {
  Admission admission({.connections_max = 9, .per_host_max = 2});
  auto first = admission.admit("a");
  auto second = admission.admit("a");
  auto third = admission.admit("a");
  EXPECT_TRUE(second.ok());
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().text, "too many connections from one address");
  EXPECT_TRUE(admission.admit("b").ok());
}

TEST(Admission, GivesAPlaceAgainOnceItIsGivenBack) {
  Admission admission({.connections_max = 9, .per_host_max = 1});
  for (int i = 0; i < 3; ++i) {
    auto pass = admission.admit("a");
    EXPECT_TRUE(pass.ok());
    EXPECT_EQ(admission.connections(), 1u);
  }
  EXPECT_EQ(admission.connections(), 0u);
  EXPECT_EQ(admission.admitted(), 3u);
}

TEST(Admission, MayLetInNobody) {
  Admission admission({.connections_max = 0, .per_host_max = 0});
  EXPECT_FALSE(admission.admit("a").ok());
  EXPECT_EQ(admission.connections(), 0u);
}

TEST(AdmissionPass, IsGivenBackOnceHoweverItIsMoved) {
  Admission admission({.connections_max = 9, .per_host_max = 9});
  {
    Admission::Pass first = admission.admit("a").value();
    Admission::Pass moved = std::move(first);
    std::vector<Admission::Pass> many;
    for (int i = 0; i < 5; ++i) many.push_back(admission.admit("a").value());
    EXPECT_EQ(admission.connections(), 6u);
    Admission::Pass& same = moved;
    moved = std::move(same);
    EXPECT_EQ(admission.connections(), 6u);
  }
  EXPECT_EQ(admission.connections(), 0u);
}

TEST(AdmissionPass, IsGivenBackWhenAnEmptyOneTakesItsPlace) {
  Admission admission({.connections_max = 9, .per_host_max = 1});
  Admission::Pass pass = admission.admit("a").value();
  pass = {};
  EXPECT_EQ(admission.connections(), 0u);
  EXPECT_TRUE(admission.admit("a").ok());
}

TEST(AdmissionPass, MayOutliveTheAdmission) {
  std::optional<Admission> admission(Admission::Limits{.connections_max = 9, .per_host_max = 9});
  Admission::Pass pass = admission->admit("a").value();
  Admission::Pass other = admission->admit("a").value();
  admission.reset();
  other = {};
}

}  // namespace
}  // namespace camloop
