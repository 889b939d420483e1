// The headers of a YUV4MPEG2 (.y4m) file: one line in front of the file, one in front of each
// frame. Format: https://wiki.multimedia.cx/index.php/YUV4MPEG2 and mjpegtools' yuv4mpeg(5).
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "media/picture.h"

namespace camloop {

/// A header line that has not ended by here is rubbish: ffmpeg writes about 80 bytes.
constexpr size_t kY4mHeaderMax = 1024;
/// The same for a FRAME line, which nearly always has no parameters.
constexpr size_t kY4mFrameLineMax = 128;
/// 4096x2160 takes 4096 * 2160 * 3 / 2 = 13.3 MB.
constexpr size_t kY4mFrameSizeMax = 16u << 20;

struct Y4mHeader {
  PixelFormat format = PixelFormat::kYu12;  // or kGrey
  int width = 0;
  int height = 0;
  size_t header_size = 0;  // bytes of the line with its newline: where the first FRAME line begins
  size_t frame_size = 0;   // bytes of pixels behind each FRAME line

  bool operator==(const Y4mHeader&) const = default;
};

bool is_y4m(Bytes bytes);

/// Reads the header at the front of `bytes`, of which kY4mHeaderMax suffice. 8-bit 4:2:0 and mono
/// only; rate, aspect, interlacing and comments are passed over. The Error says what would be
/// right.
Result<Y4mHeader> parse_y4m_header(Bytes bytes);

/// The length of the FRAME line at the front of `bytes`, newline included; 0 where there is none.
size_t y4m_frame_line_size(Bytes bytes);

/// The picture in `pixels`, frame_size bytes. An odd size loses its last column or row, for which
/// no whole chroma sample is there.
PictureView y4m_picture(const Y4mHeader& header, const uint8_t* pixels);

}  // namespace camloop
