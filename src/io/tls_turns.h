// TlsTurns: the handshakes of a loop take turns. One of them makes one step a turn of the loop, so
// that a crowd of clients that come together delays nobody by more than one step.
#pragma once

#include "io/idle.h"

#include <deque>
#include <memory>
#include <set>

namespace camloop {

class TlsTurns : public std::enable_shared_from_this<TlsTurns> {
 public:
  /// Handshakes with clients that have begun and are not over. Each holds some 50 KB; whoever comes
  /// beyond that waits, and costs nothing.
  static constexpr size_t kBegunMax = 16;

  class Member {
   public:
    /// `limited`: one of those that strangers can make us have.
    explicit Member(bool limited) : limited_(limited) {}
    /// One step. May leave(), ask for the next turn, or be destroyed.
    virtual void on_turn() = 0;

   protected:
    ~Member() = default;

   private:
    friend class TlsTurns;
    const bool limited_;
  };

  /// Those of this loop, shared by all who have a handshake to make: made for the first of them,
  /// gone with the last.
  static std::shared_ptr<TlsTurns> of(Loop& loop);

  explicit TlsTurns(Loop& loop);

  /// on_turn() comes once, behind all who asked before. The first of a member's turns begins its
  /// handshake.
  void ask(Member& member);
  /// Its handshake is over, or given up.
  void leave(Member& member);

 private:
  void turn();
  bool may_go(Member* member) const {
    return !member->limited_ || begun_.size() < kBegunMax || begun_.contains(member);
  }

  std::deque<Member*> waiting_;
  std::set<Member*> begun_;
  Owned<Idle> idle_;  // runs while one that may go waits
};

}  // namespace camloop
