// The hub: where frames pass from the one source to all sinks, and demand passes back.
#pragma once

#include "media/frame.h"

#include <functional>
#include <vector>

namespace camloop {

/// What a sink attaches to the hub while it has somebody to show frames to.
class Viewer {
 public:
  /// Whether a picture taken at `captured_us` is of use: nobody wants it, nobody encodes it.
  virtual bool wants(int64_t captured_us) = 0;
  /// A new frame. Keep it by copying it; never attach or detach from inside.
  virtual void on_frame(const Frame& frame) = 0;

 protected:
  ~Viewer() = default;
};

/// Passive: it acts only inside the calls made to it.
class Hub {
 public:
  /// Called whenever `watched()` changes, from inside attach and detach.
  void on_demand_changed(std::function<void()> changed) { changed_ = std::move(changed); }

  void attach(Viewer& viewer);
  void detach(Viewer& viewer);

  /// Off: nobody is shown anything, whoever is attached, and the newest frame is forgotten.
  void set_on(bool on);
  bool on() const { return on_; }

  bool watched() const { return on_ && !viewers_.empty(); }
  bool wants(int64_t captured_us) const;

  /// Hands the frame to every viewer and keeps it as the newest. While off it is passed over.
  void publish(const Frame& frame);
  /// The frame published last, empty before the first and while off.
  const Frame& newest() const { return newest_; }
  uint64_t published() const { return published_; }

 private:
  std::vector<Viewer*> viewers_;
  std::function<void()> changed_;
  bool on_ = true;
  Frame newest_;
  uint64_t published_ = 0;
};

}  // namespace camloop
