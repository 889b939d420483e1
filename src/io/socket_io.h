// Sending to and receiving from a non-blocking socket, with what is no error taken out.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <span>

#include <sys/uio.h>

namespace camloop {

/// What one read gave: bytes, or nothing yet, or the end, which may come with the last bytes.
struct Received {
  size_t size = 0;
  bool end = false;
};

inline iovec piece(Bytes bytes) {
  return {const_cast<uint8_t*>(bytes.data()), bytes.size()};
}

/// How much of the pieces the kernel took: 0 while it is full. One call; does not wait on a socket
/// that blocks either.
Result<size_t> send_pieces(int socket, std::span<iovec> pieces);
/// One call.
Result<Received> receive_some(int socket, MutableBytes buffer);

}  // namespace camloop
