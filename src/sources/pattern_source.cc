#include "sources/pattern_source.h"

#include "base/clock.h"
#include "media/placard.h"
#include "sources/picture_buffers.h"
#include "sources/ticker.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace camloop {
namespace {

constexpr int kSideMin = 16;  // an MCU: the smallest picture worth drawing

// Luma, Cb, Cr of 75% bars (white, yellow, cyan, green, magenta, red, blue, black), full range as
// JFIF has it: Y = 0.299 R + 0.587 G + 0.114 B, and so on, of 191 and 0.
struct Colour {
  uint8_t y, cb, cr;
};
constexpr Colour kBars[] = {{191, 128, 128}, {169, 32, 143}, {134, 160, 32}, {112, 64, 48},
                            {79, 192, 208},  {57, 96, 224},  {22, 224, 112}, {0, 128, 128}};
constexpr int kBarCount = 8;
constexpr uint8_t kBandLuma = 40;
constexpr uint8_t kMoverLuma = 235;
constexpr uint8_t kNoColour = 128;

// Where things are, in pixels: bars with the text on them, and below the band that the bar wanders.
struct Layout {
  int width, height;
  int band_top;
  int mover_width, mover_step;
  int text_x, text_y, text_width, text_scale, line_height;  // two lines, clipped to the picture

  size_t luma_size() const { return static_cast<size_t>(width) * static_cast<size_t>(height); }
  size_t size() const { return luma_size() * 3 / 2; }
};

constexpr size_t kLineLength = 12;  // "hh:mm:ss.mmm", and as many digits of the frame number

Layout lay_out(const SourceOptions& options) {
  Layout layout{};
  layout.width = std::max(options.width & ~1, kSideMin);
  layout.height = std::max(options.height & ~1, kSideMin);
  layout.band_top = layout.height * 3 / 4 & ~1;
  layout.mover_width = std::max(layout.width / 16, 2);
  layout.mover_step = std::max(layout.width / 128, 1);
  std::string widest(kLineLength, '0');
  layout.text_scale = std::max(layout.width / 2 / text_width(1, widest), 1);
  layout.line_height = text_height(layout.text_scale);
  layout.text_x = layout.text_y = std::min(layout.width, layout.height) / 16 & ~1;
  layout.text_width = std::min(text_width(layout.text_scale, widest), layout.width - layout.text_x);
  return layout;
}

void fill(uint8_t* plane, size_t stride, int x, int y, int width, int height, uint8_t value) {
  for (int row = y; row < y + height; ++row) {
    std::memset(plane + static_cast<size_t>(row) * stride + x, value, static_cast<size_t>(width));
  }
}

// Colour is only in the bars, none in the band and behind the text.
void draw_background(const Layout& layout, uint8_t* pixels) {
  auto stride = static_cast<size_t>(layout.width);
  uint8_t* cb = pixels + layout.luma_size();
  uint8_t* cr = cb + layout.luma_size() / 4;
  std::memset(cb, kNoColour, layout.luma_size() / 2);
  for (int bar = 0; bar < kBarCount; ++bar) {
    int left = layout.width * bar / kBarCount & ~1;
    int right = layout.width * (bar + 1) / kBarCount & ~1;
    const Colour& colour = kBars[bar];
    fill(pixels, stride, left, 0, right - left, layout.band_top, colour.y);
    fill(cb, stride / 2, left / 2, 0, (right - left) / 2, layout.band_top / 2, colour.cb);
    fill(cr, stride / 2, left / 2, 0, (right - left) / 2, layout.band_top / 2, colour.cr);
  }
  int two_lines = std::min(2 * layout.line_height, layout.height - layout.text_y);
  for (uint8_t* plane : {cb, cr}) {
    fill(plane, stride / 2, layout.text_x / 2, layout.text_y / 2, layout.text_width / 2,
         two_lines / 2, kNoColour);
  }
}

// The wall clock, in local time, and the frame's number.
std::array<std::string, 2> caption(uint64_t sequence) {
  int64_t now_us = wall_us();
  auto now_s = static_cast<time_t>(now_us / kSecond_us);
  tm local{};
  localtime_r(&now_s, &local);
  char clock[64], number[64];
  std::snprintf(clock, sizeof clock, "%02d:%02d:%02d.%03d", local.tm_hour, local.tm_min,
                local.tm_sec, static_cast<int>(now_us % kSecond_us / kMillisecond_us));
  std::snprintf(number, sizeof number, "%12llu", static_cast<unsigned long long>(sequence));
  return {clock, number};
}

class PatternSource : public Source {
 public:
  PatternSource(Loop& loop, const SourceOptions& options, SourceHandler& handler)
      : handler_(handler),
        layout_(lay_out(options)),
        ticker_(loop, options.fps, [this] { tick(); }) {
    facts_.name = kPatternName;
    facts_.format = "YU12";
    facts_.width = layout_.width;
    facts_.height = layout_.height;
    facts_.fps = options.fps;
  }

  void set_active(bool active) override { ticker_.set_active(active); }
  const SourceFacts& facts() const override { return facts_; }

 private:
  void tick();
  void draw(uint8_t* pixels, uint64_t sequence) const;

  SourceHandler& handler_;
  Layout layout_;
  SourceFacts facts_;
  PictureBuffers buffers_;
  std::array<bool, PictureBuffers::kCount> has_background_{};
  uint64_t sequence_ = 0;  // of ticks
  Ticker ticker_;          // last: it ends first
};

void PatternSource::tick() {
  PictureView view;
  view.captured_us = monotonic_us();
  view.sequence = sequence_++;
  if (!handler_.wants(view.captured_us)) return;
  std::optional<int> buffer = buffers_.find(layout_.size());
  if (!buffer) {
    ++facts_.dropped_stale;
    return;
  }
  uint8_t* pixels = buffers_.data(*buffer);
  bool& has_background = has_background_[static_cast<size_t>(*buffer)];
  if (!has_background) draw_background(layout_, pixels);
  has_background = true;
  draw(pixels, view.sequence);
  auto stride = static_cast<size_t>(layout_.width);
  view.width = layout_.width;
  view.height = layout_.height;
  view.planes = {Plane{pixels, stride}, Plane{pixels + layout_.luma_size(), stride / 2},
                 Plane{pixels + layout_.luma_size() * 5 / 4, stride / 2}};
  ++facts_.pictures;
  handler_.on_picture(buffers_.lend(view, *buffer));
}

// Only what moves: the band, and the text, which covers its own place each time.
void PatternSource::draw(uint8_t* pixels, uint64_t sequence) const {
  auto stride = static_cast<size_t>(layout_.width);
  int band_height = layout_.height - layout_.band_top;
  fill(pixels, stride, 0, layout_.band_top, layout_.width, band_height, kBandLuma);
  auto way = static_cast<uint64_t>(layout_.width - layout_.mover_width);
  auto x = static_cast<int>(sequence * static_cast<uint64_t>(layout_.mover_step) % way);
  fill(pixels, stride, x, layout_.band_top, layout_.mover_width, band_height, kMoverLuma);
  LumaCanvas canvas{pixels, stride, layout_.width, layout_.height};
  int y = layout_.text_y;
  for (const std::string& line : caption(sequence)) {
    draw_text(canvas, layout_.text_x, y, layout_.text_scale, line);
    y += layout_.line_height;
  }
}

}  // namespace

std::unique_ptr<Source> make_pattern_source(Loop& loop, const SourceOptions& options,
                                            SourceHandler& handler) {
  return std::make_unique<PatternSource>(loop, options, handler);
}

}  // namespace camloop
