#include "media/placard.h"

#include "media/font.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace camloop {
namespace {

constexpr uint8_t kGround = 100;

// A canvas with a guarded frame around it, and eyes that see bright, dark or nothing drawn.
struct Board {
  Board(int width, int height) : memory(static_cast<size_t>(width + 4) * (height + 4), kGround) {
    canvas = {memory.data() + 2 * (width + 4) + 2, static_cast<size_t>(width + 4), width, height};
  }

  std::string row(int y, int x, int width) const {
    std::string seen;
    for (int i = x; i < x + width; ++i) {
      uint8_t luma = canvas.data[static_cast<ptrdiff_t>(canvas.stride) * y + i];
      seen += luma > kGround ? '#' : luma < kGround ? '.' : ' ';
    }
    return seen;
  }
  bool frame_is_untouched() const {
    Board blank(canvas.width, canvas.height);
    for (int y = 0; y < canvas.height; ++y) {
      const uint8_t* row = canvas.data + canvas.stride * y;
      std::copy(row, row + canvas.width, blank.canvas.data + canvas.stride * y);
    }
    return blank.memory == memory;
  }

  std::vector<uint8_t> memory;
  LumaCanvas canvas;
};

TEST(Placard, a_letter_is_white_on_a_black_box) {
  Board board(12, 12);
  draw_text(board.canvas, 2, 1, 1, "I");
  const char* expected[] = {"            ", "  .......   ", "  ..###..   ", "  ...#...   ",
                            "  ...#...   ", "  ...#...   ", "  ...#...   ", "  ...#...   ",
                            "  ..###..   ", "  .......   ", "  .......   ", "            "};
  for (int y = 0; y < 12; ++y) EXPECT_EQ(board.row(y, 0, 12), expected[y]) << y;
}

TEST(Placard, scale_makes_every_font_pixel_a_square) {
  Board small(40, 12);
  Board large(120, 36);
  draw_text(small.canvas, 0, 0, 1, "a:Z");
  draw_text(large.canvas, 0, 0, 3, "a:Z");
  for (int y = 0; y < 36; ++y) {
    for (int x = 0; x < 120; ++x) {
      ASSERT_EQ(large.row(y, x, 1), small.row(y / 3, x / 3, 1)) << x << "," << y;
    }
  }
}

TEST(Placard, the_box_is_as_large_as_it_is_said_to_be) {
  for (const char* text : {"", "x", "12:34:56"}) {
    Board board(200, 60);
    draw_text(board.canvas, 0, 0, 2, text);
    int width = text_width(2, text);
    int height = text_height(2);
    EXPECT_EQ(board.row(0, 0, width + 1), std::string(static_cast<size_t>(width), '.') + " ");
    EXPECT_EQ(board.row(height - 1, 0, 1), ".");
    EXPECT_EQ(board.row(height, 0, 1), " ");
  }
}

TEST(Placard, text_beyond_any_side_is_clipped) {
  for (auto [x, y] : {std::pair(-7, 3), {25, 3}, {3, -5}, {3, 15}, {-500, -500}, {500, 500}}) {
    Board board(30, 20);
    draw_text(board.canvas, x, y, 2, "clipped");
    EXPECT_TRUE(board.frame_is_untouched()) << x << "," << y;
  }
}

TEST(Placard, every_character_looks_different_and_unknown_ones_are_a_box) {
  auto look = [](char character) {
    std::string seen;
    for (int y = 0; y < font::kGlyphHeight; ++y) {
      for (int x = 0; x < font::kGlyphWidth; ++x) {
        seen += font::is_set(character, x, y) ? '#' : '.';
      }
    }
    return seen;
  };
  std::set<std::string> looks;
  for (char character = ' '; character <= '~'; ++character) looks.insert(look(character));
  EXPECT_EQ(looks.size(), 95u);
  for (char unknown : {'\n', '\x7f', '\x80', '\xff'}) EXPECT_EQ(look(unknown), look('\0'));
  EXPECT_FALSE(looks.contains(look('\0')));
}

// Of 100 pixels, how many are bright in the rows from `top` to `bottom`.
int bright_share(const Board& board, int top, int bottom) {
  std::string seen;
  for (int y = top; y < bottom; ++y) seen += board.row(y, 0, board.canvas.width);
  return static_cast<int>(100 * std::count(seen.begin(), seen.end(), '#') / std::ssize(seen));
}

TEST(Placard, no_signal_is_a_dark_picture_with_bright_text_in_the_middle) {
  Board board(640, 480);
  draw_no_signal(board.canvas, "");
  EXPECT_EQ(board.row(0, 0, 640), std::string(640, '.'));
  EXPECT_EQ(bright_share(board, 0, 160), 0);
  EXPECT_GT(bright_share(board, 170, 240), 5);
  EXPECT_EQ(bright_share(board, 240, 480), 0);
}

TEST(Placard, the_reason_stands_below_in_as_many_lines_as_it_takes) {
  Board board(640, 480);
  draw_no_signal(board.canvas, "the camera is gone");
  EXPECT_GT(bright_share(board, 262, 278), 1);
  EXPECT_EQ(bright_share(board, 280, 480), 0);
  draw_no_signal(board.canvas, std::string(90, 'm'));
  EXPECT_GT(bright_share(board, 282, 298), 5);
}

TEST(Placard, no_signal_covers_a_canvas_of_any_size) {
  for (auto [width, height] : {std::pair(1, 1), {2, 500}, {500, 2}, {64, 48}, {1921, 1081}}) {
    Board board(width, height);
    draw_no_signal(board.canvas, "a longer reason, why");
    EXPECT_TRUE(board.frame_is_untouched()) << width << "x" << height;
    for (int y = 0; y < height; ++y) {
      ASSERT_EQ(board.row(y, 0, width).find(' '), std::string::npos) << width << "x" << height;
    }
  }
}

}  // namespace
}  // namespace camloop
