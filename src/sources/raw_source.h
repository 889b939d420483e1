// The receiving end of the raw link as a source: it listens, and every JPEG that any client sends
// is a frame of ours. Clients are greeted, and get the texts that are handed to the program.
#pragma once

#include "base/buffer.h"
#include "base/result.h"
#include "io/address.h"
#include "io/loop.h"
#include "sources/source.h"

#include <functional>
#include <memory>
#include <string>

namespace camloop {

/// The Error is that of listening. `greeting` is asked anew for each client; empty: none is sent. A
/// frame's captured_us is when its first byte came, as no clock is shared that would say more.
/// `before`: as in Listener::open().
Result<std::unique_ptr<Source>> make_raw_source(Loop& loop, const Address& address,
                                                std::function<std::string()> greeting,
                                                BufferPool& pool, SourceHandler& handler,
                                                Listener* before = nullptr);

}  // namespace camloop
