// Any bytes: scanning and mending judge alike, and what was mended needs no mending any more.

#include "base/check.h"
#include "media/jpeg_scan.h"

#include <algorithm>

using camloop::BufferPool;
using camloop::BufferRef;
using camloop::Bytes;
using camloop::JpegLayout;
using camloop::repair_jpeg;
using camloop::Result;
using camloop::scan_jpeg;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static BufferPool pool(2);
  Bytes input(data, size);
  Result<JpegLayout> found = scan_jpeg(input);
  Result<BufferRef> mended = repair_jpeg(input, pool);
  CHECK(found.ok() == mended.ok());
  if (!found.ok()) return 0;
  CHECK(found.value().sos < found.value().end && found.value().end <= size);

  Bytes jpeg = mended.value().bytes();
  JpegLayout layout = scan_jpeg(jpeg).value();
  CHECK(layout.width == found.value().width && layout.height == found.value().height);
  CHECK(layout.has_huffman_tables && !layout.has_metadata && layout.end == jpeg.size());
  Result<BufferRef> again = repair_jpeg(jpeg, pool);
  CHECK(std::ranges::equal(again.value().bytes(), jpeg));
  return 0;
}
