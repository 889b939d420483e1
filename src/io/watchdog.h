// The watchdog: fed only while the loop is on time and the source gives pictures, or is being
// brought back. It sees to that bringing back, as base/escalation.h says.
#pragma once

#include "base/escalation.h"
#include "io/watchdog_device.h"

#include <cstdint>
#include <memory>
#include <string>

namespace camloop {

/// What the watchdog watches, and can do to it.
class WatchdogWard {
 public:
  /// Has given pictures, and still does.
  virtual bool source_alive() = 0;
  virtual void reopen_source() = 0;
  /// Ends the program soon, with a status by which it is started anew.
  virtual void end_for_respawn() = 0;

 protected:
  ~WatchdogWard() = default;
};

/// Passive, but for the device: it bites when tick() stops coming.
class Watchdog {
 public:
  struct Options {
    std::string device;  // "/dev/watchdog"
    /// A file that one run leaves to the next one: it ended since it had lost its source.
    std::string note = "/var/run/camloop.source-lost";
  };

  struct Facts {
    std::string device;
    std::string fault;  // why it is not open; empty while it is
    int timeout_s = 0;
    uint64_t fed = 0;
    uint64_t late = 0;        // ticks that came too late to feed
    int64_t late_max_us = 0;  // the worst of all ticks
    uint64_t reopened = 0;    // how often it had the source opened anew
    const char* phase = "";   // of the escalation
  };

  /// How often tick() is to be called.
  static constexpr int64_t kTick_us = 1'000'000;

  Watchdog(const Options& options, WatchdogWard& ward, WatchdogCalls& calls, int64_t now_us);
  /// Turns the device off, unless the program ends to be started anew: that, too, is watched.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// The run before this one lost a source that had given pictures.
  bool lost_before() const { return lost_before_; }
  void tick(int64_t now_us);
  /// The source is another one by the user's will: that it gives no pictures yet is no loss.
  void source_replaced(int64_t now_us) { escalation_ = Escalation(false, now_us); }
  Facts facts() const;

 private:
  bool on_time(int64_t now_us);
  void open(int64_t now_us);
  void feed(int64_t now_us);
  void escalate();
  void leave_note();

  const Options options_;
  WatchdogWard& ward_;
  WatchdogCalls& calls_;
  const bool lost_before_;
  Escalation escalation_;
  std::unique_ptr<WatchdogDevice> device_;  // none while it cannot be opened
  Facts facts_;
  int64_t ticked_at_us_;
  int64_t fed_at_us_ = 0;
  int64_t open_at_us_ = 0;  // when to try again
};

}  // namespace camloop
