#include "base/bytes.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

TEST(Bytes, ViewATextAndBack) {
  std::string_view text("a\0\xff", 3);
  Bytes bytes = as_bytes(text);
  ASSERT_EQ(bytes.size(), 3u);
  EXPECT_EQ(bytes[1], 0);
  EXPECT_EQ(bytes[2], 0xff);
  EXPECT_EQ(as_text(bytes).data(), text.data());
  EXPECT_EQ(as_text(bytes), text);
  EXPECT_EQ(as_text({}), "");
}

}  // namespace
}  // namespace camloop
