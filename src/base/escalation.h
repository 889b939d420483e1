// What is done, step by step, about a source that gives no pictures. Passive: it only decides.
//
//   kUnseen   no picture yet.         10 s -> kAbsent: it is said, and no more is done: a board
//                                     without a camera must not restart for ever.
//   kWell     pictures come.          10 s without -> kReopened: the source is opened anew.
//   kReopened                         20 s more -> kEnding: the program ends, to be started anew.
//   kLost     started after kEnding.  30 s -> kGivenUp: the watchdog may bite.
//
//   From each of them a picture leads to kWell. So a restart of the board is bought by pictures
//   that came since its last one.
#pragma once

#include <cstdint>

namespace camloop {

class Escalation {
 public:
  enum class Phase { kUnseen, kAbsent, kWell, kReopened, kEnding, kLost, kGivenUp };

  /// `lost_before`: the run before this one ended in kEnding.
  Escalation(bool lost_before, int64_t now_us)
      : phase_(lost_before ? Phase::kLost : Phase::kUnseen), since_us_(now_us) {}

  /// A look at the source: `alive` once it has given pictures and still does. True when that leads
  /// to another phase.
  bool look(bool alive, int64_t now_us);

  Phase phase() const { return phase_; }
  const char* phase_name() const;

 private:
  void enter(Phase phase, int64_t now_us);

  Phase phase_;
  int64_t since_us_;  // that it was entered; in kWell, of the last good look
};

}  // namespace camloop
