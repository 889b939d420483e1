// The server's end of the image transfer: which message is to be sent at each moment, until a base
// has answered all of them.
//
// The messages are one row: begin, each package of data, finished. The one that is answered whole
// is followed by the next. One that gets no answer in time, or that was under way when the
// connection ended, is sent again; one answered bad is followed by the package that the base names,
// and those behind it.
#pragma once

#include "base/buffer.h"
#include "base/result.h"
#include "proto/image_transfer_wire.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camloop {

/// Passive: one image at a time, answers and the time in; messages and what came of it out. Times
/// are monotonic, in microseconds.
class ImageTransferSender {
 public:
  static constexpr int64_t kAnswerWait_us = 5'000'000;
  static constexpr uint8_t kTriesMax = 10;  // of a message, over all of its transfer

  /// Over all transfers.
  struct Facts {
    uint64_t begun = 0;
    uint64_t done = 0;
    uint64_t failed_unanswered = 0;  // transfers whose last try got no answer
    uint64_t failed_bad = 0;         // whose last try was answered bad
    uint64_t failed_abandoned = 0;
    uint64_t messages = 0;  // that were sent
    uint64_t repeated = 0;  // that had been sent before
    uint64_t bad = 0;       // answers
    uint64_t ignored = 0;   // answers to another message, or of another kind
  };

  /// The Error says that it is too large for the format.
  static Result<> check(size_t image_size);

  /// Only while not busy(), and an image that check() lets through.
  void begin(std::string_view name, const BufferRef& image);
  /// A transfer has begun whose outcome has not been taken.
  bool busy() const { return phase_ != Phase::kIdle; }
  /// What came of the transfer, once it is over: the base has all of it, or why not.
  std::optional<Result<>> take_outcome();

  /// The message to be sent now, if there is one: it is on its way then.
  std::optional<std::string> take_message(int64_t now_us);
  /// When on_time() is to be called; none while no answer is waited for.
  std::optional<int64_t> deadline_us() const;
  void on_time(int64_t now_us);
  void feed(Bytes answer);
  /// There is a new connection: what was not answered is sent again.
  void resume();
  /// Ends the transfer, if there is one.
  void abandon(const Error& why);

  const Facts& facts() const { return facts_; }

 private:
  enum class Phase { kIdle, kDue, kAsked, kOver };

  size_t packages() const { return tries_.size() - 2; }
  TransferMessage message() const;
  void go_to(size_t place, uint64_t& failures, const char* why);
  void end(const Result<>& outcome);

  Phase phase_ = Phase::kIdle;
  std::string subject_;
  BufferRef image_;
  std::vector<uint8_t> tries_;  // of each message
  size_t place_ = 0;            // of the message in hand; that of package i is i + 1
  int64_t deadline_us_ = 0;
  Result<> outcome_;
  Facts facts_;
};

}  // namespace camloop
