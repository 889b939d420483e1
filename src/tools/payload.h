// Payloads that are read piece by piece.
#pragma once

#include "base/buffer.h"
#include "proto/mqtt_session.h"

#include <string>

namespace camloop {

/// Puts one payload together after the other, with few copies: of payloads of like size each byte
/// is copied once.
class PayloadBuilder {
 public:
  void append(Bytes bytes);
  size_t size() const { return body_ ? body_.size() : text_.size(); }
  /// Hands over what has come together, and begins anew.
  void move_to(MqttPublication& message);

 private:
  // Those that are longer go out from where they lie, shorter ones several at a time.
  static constexpr size_t kTextMax = 16 * 1024;
  // Those of the messages in flight come back several at a time.
  static constexpr size_t kKeptMax = MqttSession::kInFlightMax;
  // Bytes: pictures of any camera. Of a longer one, what it has outgrown on its way would be as
  // much memory again as itself.
  static constexpr size_t kKeptSizeMax = 16 << 20;

  size_t capacity_for(size_t size) const;

  BufferPool pool_{kKeptMax};
  BufferPool long_pool_{0};
  std::string text_;
  BufferRef body_;        // in place of text_
  size_t last_size_ = 0;  // of the payload before
};

}  // namespace camloop
