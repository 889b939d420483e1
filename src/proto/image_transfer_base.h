// The base's end of the image transfer: what each message of a server is answered, and the images
// that have come whole.
//
// Packages are kept in their order, whatever their size: one that came before is answered again,
// one that comes too early is answered bad with the number of the one that is missing. The size
// that a transfer begins with is its contract: it is over once so many bytes are there. Messages do
// not say whose they are: a package that comes again as another one ends the transfer.
#pragma once

#include "proto/image_transfer_wire.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace camloop {

/// Passive: messages and the time in, answers and images out. Times are monotonic, in microseconds.
/// Memory grows with what has come, not with what is announced.
class ImageTransferBase {
 public:
  /// A transfer of which nothing is heard for so long is dropped. Servers try a message again
  /// every 5 s.
  static constexpr int64_t kStallMax_us = 30'000'000;

  struct Limits {
    size_t size_max;  // of an image, in bytes
    /// Takes an image of which the last package alone is missing, as there are servers that never
    /// send it.
    bool without_last = false;
  };

  struct Facts {
    uint64_t begun = 0;
    uint64_t done = 0;
    uint64_t failed_replaced = 0;  // transfers that another one's begin has ended
    uint64_t failed_mixed = 0;     // in which two servers' packages came
    uint64_t failed_stalled = 0;
    uint64_t failed_refused = 0;  // begins of no use: unreadable, or of too large an image
    uint64_t packages = 0;        // that were new
    uint64_t repeated = 0;        // that were there already
    uint64_t bad = 0;             // messages answered bad
    uint64_t ignored = 0;         // messages of another kind
  };

  struct Image {
    std::string name;  // for a person: no path
    std::vector<uint8_t> bytes;
    size_t missing;    // at its end, in bytes: see Limits::without_last
    int64_t begun_us;  // when its transfer began
  };

  explicit ImageTransferBase(const Limits& limits) : limits_(limits) {}

  /// What `message` is to be answered; none: nothing.
  std::optional<TransferAnswer> feed(Bytes message, int64_t now_us);
  /// The image that the last message has completed.
  std::optional<Image> take_image();
  /// To be called about once a second while the server could be heard.
  void tick(int64_t now_us);
  /// The server can be heard again: its silence counts from now.
  void resume(int64_t now_us) { heard_us_ = now_us; }

  const Facts& facts() const { return facts_; }

 private:
  enum class State { kIdle, kRunning, kDone };  // kDone: the last message may come again

  TransferAnswer take_begin(const TransferMessage& message, int64_t now_us);
  TransferAnswer take_data(const TransferMessage& message);
  TransferAnswer take_again(const TransferMessage& message, size_t hash);
  TransferAnswer take_finished(const TransferMessage& message);
  TransferAnswer bad(TransferFunction function, size_t package);
  bool fits(const TransferMessage& message) const;
  bool complete() const;
  void drop();

  Limits limits_;
  State state_ = State::kIdle;
  TransferSubject subject_;
  std::vector<uint8_t> bytes_;
  std::vector<size_t> packages_;  // a hash of each that is there; so many is the next one's number
  size_t package_size_ = 0;       // the first one's
  int64_t begun_us_ = 0;
  int64_t heard_us_ = 0;
  std::optional<Image> image_;
  Facts facts_;
};

}  // namespace camloop
