// Texts that the server of a raw link sends back: UTF-8 without lengths, cut into messages.
#pragma once

#include "base/bytes.h"

#include <string>

namespace camloop {

/// A message ends with its line, with the bytes at hand (what arrives together was mostly sent
/// together), or at kMessageMax. Passive and bounded.
class LinkText {
 public:
  static constexpr size_t kMessageMax = 4096;  // bytes, as they come

  /// Takes a message off the front of `bytes`, or all of them. The message is UTF-8, with U+FFFD
  /// for what is none; empty where there is nothing to show. A character that is cut short waits
  /// for its rest.
  std::string feed(Bytes& bytes);
  /// The stream starts anew.
  void reset() { cut_short_.clear(); }

 private:
  std::string cut_short_;  // the beginning of a character
};

}  // namespace camloop
