// The receiving end of the stamped channel (proto/stamped_wire.h) as a source: it listens, and
// every frame that any sender brings in time is a frame of ours.
#pragma once

#include "base/buffer.h"
#include "base/result.h"
#include "io/address.h"
#include "io/loop.h"
#include "io/tls_context.h"
#include "sources/source.h"

#include <memory>

namespace camloop {

struct ChannelReceiverOptions {
  Address address;
  int64_t lag_max_us;
  std::shared_ptr<const TlsContext> tls = nullptr;  // a server's; none: no TLS
  Listener* before = nullptr;                       // as in Listener::open()
};

/// The Error is that of listening. A frame's captured_us is when the first byte of the sender's
/// answer came: the picture had been taken by then, and no clock is shared that would say more.
Result<std::unique_ptr<Source>> make_channel_source(Loop& loop,
                                                    const ChannelReceiverOptions& options,
                                                    BufferPool& pool, SourceHandler& handler);

}  // namespace camloop
