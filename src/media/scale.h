// Pictures made larger or smaller to fit a screen, a line at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace camloop {

/// In pixels.
struct Size {
  int width = 0;
  int height = 0;

  bool operator==(const Size&) const = default;
};

/// The largest size within `box` that has the aspect of `picture`; no side is below 1.
Size fit(Size picture, Size box);

/// Bilinear scaling of RGB lines, 3 bytes a pixel. Meant for a factor above 1/2: what is made
/// smaller than that loses lines and columns. Passive; it keeps two lines.
class LineScaler {
 public:
  /// Forgets what was put. No side may be below 1.
  void begin(Size from, Size to);
  /// The next of `from.height` lines, copied; only while next() has none.
  void put(const uint8_t* rgb);
  /// The next of `to.height` lines, valid until the next call of put() or next(); nullptr while it
  /// needs another line to be put, and after the last one.
  const uint8_t* next();

 private:
  // Where a pixel of the result lies in the source: between two neighbours, which are the same one
  // at the edges.
  struct Tap {
    int left;
    int right;
    int weight;  // of `right`, in 1/256
  };
  static Tap tap(int index, int from, int to);
  uint8_t* line(int index) { return lines_[static_cast<size_t>(index) % lines_.size()].data(); }

  Size from_;
  Size to_;
  std::vector<Tap> columns_;
  std::array<std::vector<uint8_t>, 2> lines_;  // scaled in width, the newest two
  std::vector<uint8_t> mixed_;
  int put_ = 0;
  int given_ = 0;
};

}  // namespace camloop
