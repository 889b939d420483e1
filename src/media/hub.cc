#include "media/hub.h"

#include "base/check.h"

#include <algorithm>

namespace camloop {

void Hub::attach(Viewer& viewer) {
  CHECK(std::find(viewers_.begin(), viewers_.end(), &viewer) == viewers_.end());
  viewers_.push_back(&viewer);
  if (viewers_.size() == 1 && changed_) changed_();
}

void Hub::detach(Viewer& viewer) {
  CHECK(std::erase(viewers_, &viewer) == 1);
  if (viewers_.empty() && changed_) changed_();
}

void Hub::set_on(bool on) {
  on_ = on;
  if (!on) newest_ = {};
  if (changed_) changed_();
}

bool Hub::wants(int64_t captured_us) const {
  return on_ && std::any_of(viewers_.begin(), viewers_.end(),
                            [captured_us](Viewer* viewer) { return viewer->wants(captured_us); });
}

void Hub::publish(const Frame& frame) {
  CHECK(frame);
  if (!on_) return;
  newest_ = frame;
  ++published_;
  for (Viewer* viewer : viewers_) viewer->on_frame(newest_);
}

}  // namespace camloop
