#include "media/placard.h"

#include "media/font.h"

#include <algorithm>

namespace camloop {
namespace {

constexpr uint8_t kWhite = 235;  // of video range, so that no client's range makes it glare
constexpr uint8_t kBlack = 16;
constexpr uint8_t kDark = 40;
constexpr int kMargin = 1;  // font pixels around a text
constexpr int kAdvance = font::kGlyphWidth + 1;

void fill(const LumaCanvas& canvas, int x, int y, int width, int height, uint8_t luma) {
  int left = std::max(x, 0);
  int right = std::min(x + width, canvas.width);
  int bottom = std::min(y + height, canvas.height);
  if (left >= right) return;
  for (int row = std::max(y, 0); row < bottom; ++row) {
    uint8_t* first = canvas.data + static_cast<size_t>(row) * canvas.stride;
    std::fill(first + left, first + right, luma);
  }
}

void draw_glyph(const LumaCanvas& canvas, int x, int y, int scale, char character) {
  for (int row = 0; row < font::kGlyphHeight; ++row) {
    for (int column = 0; column < font::kGlyphWidth; ++column) {
      if (!font::is_set(character, column, row)) continue;
      fill(canvas, x + column * scale, y + row * scale, scale, scale, kWhite);
    }
  }
}

// The largest scale up to `scale_max` at which the text is at most `width` wide, but at least 1.
int scale_to_fit(std::string_view text, int width, int scale_max) {
  return std::clamp(width / text_width(1, text), 1, scale_max);
}

// The front of `text` that fits `columns` characters, cut between words where there are any.
std::string_view front_line(std::string_view text, size_t columns) {
  if (text.size() <= columns) return text;
  size_t space = text.substr(0, columns + 1).rfind(' ');
  bool found = space != std::string_view::npos && space > 0;
  return text.substr(0, found ? space : columns);
}

void draw_centred(const LumaCanvas& canvas, int y, int scale, std::string_view text) {
  draw_text(canvas, (canvas.width - text_width(scale, text)) / 2, y, scale, text);
}

// Text below `y`, in as many lines as it takes.
void draw_wrapped(const LumaCanvas& canvas, int y, int scale, std::string_view text) {
  int columns = std::max(1, (canvas.width / scale - 2 * kMargin) / kAdvance);
  while (!text.empty() && y < canvas.height) {
    std::string_view line = front_line(text, static_cast<size_t>(columns));
    draw_centred(canvas, y, scale, line);
    y += text_height(scale);
    text.remove_prefix(line.size());
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
}

}  // namespace

int text_width(int scale, std::string_view text) {
  return (2 * kMargin - 1 + kAdvance * static_cast<int>(text.size())) * scale;
}

int text_height(int scale) {
  return (2 * kMargin + font::kGlyphHeight) * scale;
}

void draw_text(const LumaCanvas& canvas, int x, int y, int scale, std::string_view text) {
  fill(canvas, x, y, text_width(scale, text), text_height(scale), kBlack);
  x += kMargin * scale;
  for (char character : text) {
    if (x >= canvas.width) return;
    draw_glyph(canvas, x, y + kMargin * scale, scale, character);
    x += kAdvance * scale;
  }
}

void draw_no_signal(const LumaCanvas& canvas, std::string_view reason) {
  constexpr std::string_view kTitle = "NO SIGNAL";
  fill(canvas, 0, 0, canvas.width, canvas.height, kDark);
  // The title takes some two thirds of the width; the reason is at most half as large.
  int title_scale = scale_to_fit(kTitle, canvas.width * 2 / 3, std::max(1, canvas.height / 40));
  int title_y = std::max(0, canvas.height / 2 - text_height(title_scale));
  draw_centred(canvas, title_y, title_scale, kTitle);
  int reason_scale = std::max(1, title_scale / 3);
  draw_wrapped(canvas, title_y + text_height(title_scale) + text_height(reason_scale), reason_scale,
               reason);
}

}  // namespace camloop
