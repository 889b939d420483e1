#include "media/mcu_rows.h"

#include "unit/media/test_pictures.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

TEST(McuRows, rows_of_whole_blocks_are_not_copied) {
  OwnedPicture picture = make_picture(PixelFormat::kYu12, 32, 32, 5);
  McuRows rows;
  rows.begin(picture.view);
  rows.gather(16);
  const auto& planes = picture.view.planes;
  for (size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(rows.luma()[i], planes[0].data + (16 + i) * planes[0].stride);
  }
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(rows.cb()[i], planes[1].data + (8 + i) * planes[1].stride);
    EXPECT_EQ(rows.cr()[i], planes[2].data + (8 + i) * planes[2].stride);
  }
}

TEST(McuRows, right_of_the_picture_its_edge_repeats_up_to_the_block) {
  for (auto [format, name] : kEveryFormat) {
    if (format == PixelFormat::kRgb24) continue;
    SCOPED_TRACE(name);
    OwnedPicture picture = make_picture(format, 18, 16, 40, 255);
    McuRows rows;
    rows.begin(picture.view);
    rows.gather(0);
    for (size_t i = 0; i < 16; ++i) {
      for (size_t x = 18; x < 24; ++x) EXPECT_EQ(rows.luma()[i][x], rows.luma()[i][17]);
    }
    if (format == PixelFormat::kGrey) continue;
    for (size_t i = 0; i < 8; ++i) {
      for (size_t x = 9; x < 16; ++x) {
        EXPECT_EQ(rows.cb()[i][x], rows.cb()[i][8]);
        EXPECT_EQ(rows.cr()[i][x], rows.cr()[i][8]);
      }
    }
  }
}

TEST(McuRows, below_the_picture_its_last_row_repeats) {
  for (auto [format, name] : kEveryFormat) {
    if (format == PixelFormat::kRgb24) continue;
    SCOPED_TRACE(name);
    OwnedPicture picture = make_picture(format, 16, 19);
    McuRows rows;
    rows.begin(picture.view);
    rows.gather(16);
    for (size_t i = 0; i < 16; ++i) {
      int y = std::min(16 + static_cast<int>(i), 18);
      EXPECT_EQ(rows.luma()[i][5], scene_at(5, y)[0]) << i;
    }
    if (format == PixelFormat::kGrey) continue;
    for (size_t i = 2; i < 8; ++i) {
      EXPECT_EQ(rows.cb()[i][3], rows.cb()[1][3]);
      EXPECT_EQ(rows.cr()[i][3], rows.cr()[1][3]);
    }
  }
}

}  // namespace
}  // namespace camloop
