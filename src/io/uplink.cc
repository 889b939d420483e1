#include "io/uplink.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random_seed.h"

#include <algorithm>
#include <utility>

namespace camloop {

Uplink::Uplink(Loop& loop, const Options& options, UplinkHandler& handler)
    : loop_(loop),
      options_(options),
      handler_(handler),
      backoff_(options.backoff, random_seed()),
      retry_(Timer::create(loop, [this] { dial(); })) {}

void Uplink::start() {
  dial();
}

void Uplink::dial() {
  auto on_done = [this](Result<Owned<Stream>> stream) { on_dialled(std::move(stream)); };
  dial_ = std::make_unique<Dial>(loop_, options_.endpoint, on_done);
}

void Uplink::on_dialled(Result<Owned<Stream>> stream) {
  dial_.reset();
  if (!stream.ok()) {
    ++failures_;
    return wait(stream.error(), 0);
  }
  ++connects_;
  connected_ = true;
  log_debug("%s: connected", options_.endpoint.text().c_str());
  if (options_.tls) stream.value()->secure(options_.tls, options_.endpoint.host);
  handler_.on_connected(std::move(stream).value());
}

void Uplink::lost(const Error& why, int64_t pause_min_us) {
  connected_ = false;
  wait(Error{options_.endpoint.text() + ": " + why.text}, pause_min_us);
}

void Uplink::stop() {
  retry_->stop();
  dial_.reset();
}

void Uplink::wait(const Error& why, int64_t pause_min_us) {
  int64_t pause_us = pause_min_us + backoff_.next_us();
  if (std::exchange(fault_, why.text) == why.text) {
    log_debug("%s", why.text.c_str());
  } else {
    log_warning("%s; it is tried again and again", why.text.c_str());
  }
  retry_at_us_ = monotonic_us() + pause_us;
  retry_->start(pause_us);
}

void Uplink::proven() {
  backoff_.reset();
  if (std::exchange(fault_, "").empty()) return;
  log_info("%s: connected again", options_.endpoint.text().c_str());
}

UplinkFacts Uplink::facts(int64_t now_us) const {
  UplinkFacts facts{.peer = options_.endpoint.text(), .fault = fault_};
  facts.connects = connects_;
  facts.failures = failures_;
  facts.state = connected_           ? "connected"
                : !dial_             ? "waiting"
                : dial_->resolving() ? "resolving"
                                     : "connecting";
  if (facts.state == "waiting") facts.retry_in_us = std::max<int64_t>(retry_at_us_ - now_us, 0);
  return facts;
}

LinkFacts Uplink::link_facts(const char* kind, int64_t now_us) const {
  UplinkFacts uplink = facts(now_us);
  LinkFacts link{.kind = kind, .role = "sender", .address = uplink.peer};
  link.secure = secure();
  link.state = uplink.state;
  link.fault = uplink.fault;
  if (uplink.state == "waiting") link.retry_in_us = uplink.retry_in_us;
  link.connects = uplink.connects;
  link.failures = uplink.failures;
  return link;
}

}  // namespace camloop
