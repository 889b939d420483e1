// Pictures that we draw ourselves: text in a small bitmap font, and the "no signal" picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace camloop {

/// Luma of a picture being drawn on: `width` x `height` bytes, rows `stride` apart.
struct LumaCanvas {
  uint8_t* data = nullptr;
  size_t stride = 0;
  int width = 0;
  int height = 0;
};

/// Draws ASCII text with its top left corner at (x, y), each font pixel `scale` pixels wide and
/// high, white on a black box. What lies outside the canvas is clipped; unknown characters show as
/// a box.
void draw_text(const LumaCanvas& canvas, int x, int y, int scale, std::string_view text);
/// Width and height in pixels that draw_text() covers.
int text_width(int scale, std::string_view text);
int text_height(int scale);

/// Covers the canvas with a dark picture that says "NO SIGNAL" and, smaller, `reason`.
void draw_no_signal(const LumaCanvas& canvas, std::string_view reason);

}  // namespace camloop
