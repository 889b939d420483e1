// The Y4M headers: whatever is accepted keeps to its limits and does not depend on what follows.
#include "base/check.h"
#include "media/y4m.h"

#include <vector>

using camloop::Bytes;

static void fuzz_header(Bytes bytes) {
  auto header = camloop::parse_y4m_header(bytes);
  if (!header.ok()) return;
  const camloop::Y4mHeader& found = header.value();
  CHECK(found.header_size <= bytes.size() && found.header_size <= camloop::kY4mHeaderMax);
  CHECK(found.frame_size > 0 && found.frame_size <= camloop::kY4mFrameSizeMax);
  CHECK(camloop::parse_y4m_header(bytes.first(found.header_size)).value() == found);
  std::vector<uint8_t> pixels(found.frame_size);
  camloop::PictureView view = camloop::y4m_picture(found, pixels.data());
  CHECK(view.width > 0 && view.height > 0);
  // The last sample of the last plane lies within the frame.
  bool grey = view.format == camloop::PixelFormat::kGrey;
  const camloop::Plane& last = view.planes[grey ? 0 : 2];
  auto width = static_cast<size_t>(grey ? view.width : view.width / 2);
  auto height = static_cast<size_t>(grey ? view.height : view.height / 2);
  CHECK(last.data + (height - 1) * last.stride + width <= pixels.data() + pixels.size());
}

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes bytes{data, size};
  fuzz_header(bytes);
  size_t line_size = camloop::y4m_frame_line_size(bytes);
  CHECK(line_size <= size && line_size <= camloop::kY4mFrameLineMax);
  if (line_size > 0) CHECK(camloop::y4m_frame_line_size(bytes.first(line_size)) == line_size);
  return 0;
}
