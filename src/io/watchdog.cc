#include "io/watchdog.h"

#include "base/clock.h"
#include "base/log.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace camloop {
namespace {

// A loop that takes a second longer to come round serves nobody; its callbacks are to take 2 ms.
constexpr int64_t kLateMax_us = kSecond_us;
// Another program may hold the device, or its driver be loaded later.
constexpr int64_t kOpenRetry_us = 10 * kSecond_us;
// From when a third of the timeout has passed every tick tries to feed, until one does.
constexpr int kFeedingsPerTimeout = 3;

}  // namespace

// The note counts once: what reads it takes it away.
Watchdog::Watchdog(const Options& options, WatchdogWard& ward, WatchdogCalls& calls, int64_t now_us)
    : options_(options),
      ward_(ward),
      calls_(calls),
      lost_before_(::unlink(options_.note.c_str()) == 0),
      escalation_(lost_before_, now_us),
      ticked_at_us_(now_us) {
  facts_.device = options_.device;
  open(now_us);
}

Watchdog::~Watchdog() {
  if (!device_ || escalation_.phase() == Escalation::Phase::kEnding) return;
  if (Result<> off = device_->disarm(); !off) log_error("watchdog: %s", off.error().text.c_str());
}

void Watchdog::open(int64_t now_us) {
  auto opened = WatchdogDevice::open(calls_, options_.device);
  if (!opened) {
    open_at_us_ = now_us + kOpenRetry_us;
    if (facts_.fault != opened.error().text) {
      log_error("watchdog: %s: the board is not watched", opened.error().text.c_str());
    }
    facts_.fault = opened.error().text;
    return;
  }
  device_ = std::move(opened).value();
  facts_.fault.clear();
  facts_.timeout_s = device_->timeout_s();
  fed_at_us_ = now_us;  // by being opened
  log_info("watchdog: %s bites after %d s", options_.device.c_str(), facts_.timeout_s);
}

void Watchdog::tick(int64_t now_us) {
  bool in_time = on_time(now_us);
  if (!device_) {
    if (now_us >= open_at_us_) open(now_us);
    return;
  }
  if (!in_time) return;  // nor is the source to blame for what it could not tell
  if (escalation_.look(ward_.source_alive(), now_us)) escalate();
  if (escalation_.phase() == Escalation::Phase::kGivenUp) return;
  int64_t period_us = facts_.timeout_s * kSecond_us / kFeedingsPerTimeout;
  if (now_us - fed_at_us_ >= period_us) feed(now_us);
}

bool Watchdog::on_time(int64_t now_us) {
  int64_t late_us = now_us - std::exchange(ticked_at_us_, now_us) - kTick_us;
  facts_.late_max_us = std::max(facts_.late_max_us, late_us);
  if (late_us <= kLateMax_us) return true;
  ++facts_.late;
  log_warning("watchdog: not fed, the loop is %lld ms late",
              static_cast<long long>(late_us / kMillisecond_us));
  return false;
}

void Watchdog::feed(int64_t now_us) {
  if (Result<> fed = device_->feed(); !fed) {
    facts_.fault = fed.error().text;
    log_error("watchdog: %s", facts_.fault.c_str());
    device_.reset();
    open_at_us_ = now_us;
    return;
  }
  ++facts_.fed;
  fed_at_us_ = now_us;
}

void Watchdog::escalate() {
  switch (escalation_.phase()) {
    case Escalation::Phase::kWell:
      log_info("watchdog: pictures come");
      break;
    case Escalation::Phase::kAbsent:
      log_warning("watchdog: no picture since the start: fed all the same until the first one");
      break;
    case Escalation::Phase::kReopened:
      ++facts_.reopened;
      log_warning("watchdog: no picture any more: the source is opened anew");
      ward_.reopen_source();
      break;
    case Escalation::Phase::kEnding:
      log_error("watchdog: still no picture: ending, to be started anew");
      leave_note();
      ward_.end_for_respawn();
      break;
    case Escalation::Phase::kGivenUp:
      log_error("watchdog: no picture after a new start either: not fed any more");
      break;
    case Escalation::Phase::kUnseen:
    case Escalation::Phase::kLost:
      break;
  }
}

void Watchdog::leave_note() {
  int descriptor = ::open(options_.note.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    log_warning("watchdog: %s: %s", options_.note.c_str(), std::strerror(errno));
  } else {
    ::close(descriptor);
  }
}

Watchdog::Facts Watchdog::facts() const {
  Facts facts = facts_;
  facts.phase = escalation_.phase_name();
  return facts;
}

}  // namespace camloop
