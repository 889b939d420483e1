#include "base/escalation.h"

#include "base/clock.h"

#include <algorithm>
#include <iterator>

namespace camloop {
namespace {

using Phase = Escalation::Phase;

struct Step {
  Phase from;
  int64_t after_us;
  Phase to;
};

constexpr Step kSteps[] = {
    {Phase::kUnseen, 10 * kSecond_us, Phase::kAbsent},
    // A camera source restarts its stream after 2 s and has opened the device again twice by then.
    {Phase::kWell, 10 * kSecond_us, Phase::kReopened},
    // Time for somebody to put a plug back.
    {Phase::kReopened, 20 * kSecond_us, Phase::kEnding},
    {Phase::kLost, 30 * kSecond_us, Phase::kGivenUp},
};

}  // namespace

bool Escalation::look(bool alive, int64_t now_us) {
  if (alive) {
    bool healed = phase_ != Phase::kWell;
    enter(Phase::kWell, now_us);
    return healed;
  }
  const auto* step = std::find_if(std::begin(kSteps), std::end(kSteps),
                                  [this](const Step& each) { return each.from == phase_; });
  if (step == std::end(kSteps) || now_us - since_us_ < step->after_us) return false;
  enter(step->to, now_us);
  return true;
}

void Escalation::enter(Phase phase, int64_t now_us) {
  phase_ = phase;
  since_us_ = now_us;
}

const char* Escalation::phase_name() const {
  constexpr const char* kNames[] = {"no picture yet", "no source", "well",    "source reopened",
                                    "ending",         "lost",      "given up"};
  return kNames[static_cast<int>(phase_)];
}

}  // namespace camloop
