// The MJPEG stream over HTTP: multipart/x-mixed-replace (RFC 2046, 5.1), as its many clients want
// it.
//
// The delimiter that ends a part leaves in the same write as the part, so a reader knows at once
// that the picture is whole. Plain parts carry Content-Length. A client that asked for the next
// part's head in advance gets it behind the delimiter instead: Chrome shows a picture only when it
// has parsed the head of the part after it. That head cannot know the length of a picture not yet
// taken, so it has none.
#pragma once

#include "base/bytes.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace camloop {

/// The reply's head, with the first delimiter behind it. `origin` may be empty. A HEAD request gets
/// it without the delimiter.
std::string format_mjpeg_head(std::string_view origin, bool advance_headers, bool head_only);

/// What stands around one JPEG of the stream.
struct MjpegPart {
  std::array<char, 128> head_text;
  size_t head_size = 0;
  std::string_view tail;  // static

  Bytes head() const { return as_bytes({head_text.data(), head_size}); }
};

/// `captured_wall_us`: the wall clock time of capture, in microseconds since 1970.
MjpegPart format_mjpeg_part(size_t jpeg_size, int64_t captured_wall_us, bool advance_headers);

}  // namespace camloop
