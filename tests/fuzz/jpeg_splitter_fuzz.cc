// Any bytes, whole and cut in pieces, are the same JPEGs to the splitter. The first byte of the
// input chooses the size of the pieces, the second the largest JPEG.

#include "base/check.h"
#include "media/jpeg_splitter.h"

#include <algorithm>
#include <string>

using camloop::as_text;
using camloop::Bytes;
using camloop::JpegSplitter;

namespace {

std::string split(Bytes stream, size_t piece_size, size_t size_max) {
  JpegSplitter splitter(size_max);
  std::string story;
  while (!stream.empty()) {
    Bytes piece = stream.first(std::min(piece_size, stream.size()));
    size_t taken = splitter.feed(piece);
    CHECK(taken > 0 && (splitter.complete() || taken == piece.size()));
    stream = stream.subspan(taken);
    if (!splitter.complete()) continue;
    std::string_view jpeg = as_text(splitter.jpeg());
    CHECK(jpeg.size() <= size_max && jpeg.starts_with("\xff\xd8") && jpeg.ends_with("\xff\xd9"));
    story += std::to_string(jpeg.size()) + ":" + std::string(jpeg);
  }
  return story + std::to_string(splitter.oversize_count()) + "," +
         std::to_string(splitter.cut_count());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  size_t piece_size = 1u + data[0];
  size_t size_max = 16u * data[1];
  Bytes stream(data + 2, size - 2);
  std::string whole = split(stream, size, size_max);
  CHECK(split(stream, 1, size_max) == whole);
  CHECK(split(stream, piece_size, size_max) == whole);
  return 0;
}
