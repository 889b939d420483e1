#include "sources/no_source.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

TEST(NoSource, SaysWhyItGivesNothing) {
  std::unique_ptr<Source> source = make_no_source("switched off");
  source->set_active(true);
  EXPECT_EQ(source->facts().name, "off");
  EXPECT_EQ(source->facts().fault, "switched off");
  EXPECT_EQ(source->set_control("gain", 1).error().text, "switched off");
}

}  // namespace
}  // namespace camloop
