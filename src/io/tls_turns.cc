#include "io/tls_turns.h"

#include <algorithm>

namespace camloop {

std::shared_ptr<TlsTurns> TlsTurns::of(Loop& loop) {
  auto turns = loop.tls_turns().lock();
  if (!turns) loop.tls_turns() = turns = std::make_shared<TlsTurns>(loop);
  return turns;
}

TlsTurns::TlsTurns(Loop& loop) : idle_(Idle::create(loop, [this] { turn(); })) {}

void TlsTurns::ask(Member& member) {
  waiting_.push_back(&member);
  idle_->start();
}

void TlsTurns::leave(Member& member) {
  std::erase(waiting_, &member);
  begun_.erase(&member);
  if (!waiting_.empty()) idle_->start();
}

void TlsTurns::turn() {
  auto alive = shared_from_this();  // the last member may go inside its turn
  auto next = std::ranges::find_if(waiting_, [this](Member* member) { return may_go(member); });
  if (next == waiting_.end()) return idle_->stop();
  Member* member = *next;
  waiting_.erase(next);
  if (member->limited_) begun_.insert(member);
  member->on_turn();
}

}  // namespace camloop
