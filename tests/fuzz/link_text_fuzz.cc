// Any bytes, whole and cut in pieces, are the same text, in messages that are bounded UTF-8. The
// first byte of the input chooses the size of the pieces.

#include "base/check.h"
#include "base/utf8.h"
#include "proto/link_text.h"

#include <algorithm>
#include <string>

using camloop::Bytes;
using camloop::LinkText;

namespace {

std::string read(Bytes stream, size_t piece_size) {
  LinkText text;
  std::string all;
  while (!stream.empty()) {
    Bytes piece = stream.first(std::min(piece_size, stream.size()));
    stream = stream.subspan(piece.size());
    while (!piece.empty()) {
      size_t before = piece.size();
      std::string message = text.feed(piece);
      CHECK(piece.size() < before);
      CHECK(message.size() <= 3 * LinkText::kMessageMax);
      CHECK(camloop::to_utf8(message) == message);
      all += message;
    }
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  Bytes stream(data + 1, size - 1);
  std::string whole = read(stream, size);
  CHECK(read(stream, 1) == whole);
  CHECK(read(stream, 1u + data[0]) == whole);
  return 0;
}
