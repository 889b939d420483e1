#include "media/y4m.h"

#include <algorithm>
#include <charconv>

namespace camloop {
namespace {

constexpr std::string_view kMagic = "YUV4MPEG2";
constexpr std::string_view kFrameMagic = "FRAME";
// What libjpeg takes at most.
constexpr int kSideMax = 65500;

// The line at the front of `bytes` without its newline; empty where none ends within `size_max`.
std::string_view first_line(Bytes bytes, size_t size_max) {
  std::string_view text = as_text(bytes.first(std::min(bytes.size(), size_max)));
  size_t end = text.find('\n');
  return end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
}

Result<int> parse_side(std::string_view text, const char* name) {
  int side = 0;
  auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), side);
  if (fault != std::errc{} || end != text.data() + text.size() || side < 1 || side > kSideMax) {
    return Error{"Y4M header: " + std::string(name) + " is '" + std::string(text) +
                 "', should be 1 to " + std::to_string(kSideMax)};
  }
  return side;
}

Result<PixelFormat> parse_chroma(std::string_view text) {
  if (text == "mono") return PixelFormat::kGrey;
  if (text == "420" || text == "420jpeg" || text == "420mpeg2" || text == "420paldv") {
    return PixelFormat::kYu12;
  }
  return Error{
      "Y4M colour format 'C" + std::string(text) +
      "' is not supported: should be 8-bit C420, C420jpeg, C420mpeg2, C420paldv or Cmono " +
      "(ffmpeg: -pix_fmt yuv420p)"};
}

Result<> parse_parameter(std::string_view parameter, Y4mHeader& header) {
  std::string_view value = parameter.substr(1);
  switch (parameter.front()) {
    case 'W':
      header.width = TRY(parse_side(value, "width"));
      break;
    case 'H':
      header.height = TRY(parse_side(value, "height"));
      break;
    case 'C':
      header.format = TRY(parse_chroma(value));
      break;
    default:
      break;
  }
  return {};
}

size_t half(int side) {
  return (static_cast<size_t>(side) + 1) / 2;
}

size_t luma_size(const Y4mHeader& header) {
  return static_cast<size_t>(header.width) * static_cast<size_t>(header.height);
}

}  // namespace

bool is_y4m(Bytes bytes) {
  return as_text(bytes).starts_with(kMagic);
}

Result<Y4mHeader> parse_y4m_header(Bytes bytes) {
  std::string_view line = first_line(bytes, kY4mHeaderMax);
  if (!line.starts_with(kMagic)) return Error{"Y4M header: no whole YUV4MPEG2 line"};
  Y4mHeader header;
  header.header_size = line.size() + 1;
  line.remove_prefix(kMagic.size());
  if (!line.empty() && line.front() != ' ') return Error{"Y4M header: not YUV4MPEG2"};
  while (!line.empty()) {
    size_t end = std::min(line.find(' '), line.size());
    if (end > 0) TRY(parse_parameter(line.substr(0, end), header));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  if (header.width == 0 || header.height == 0) return Error{"Y4M header: no width or no height"};
  header.frame_size = luma_size(header);
  if (header.format == PixelFormat::kYu12) {
    if (header.width == 1 || header.height == 1) return Error{"Y4M header: 4:2:0 needs 2x2 pixels"};
    header.frame_size += 2 * half(header.width) * half(header.height);
  }
  if (header.frame_size > kY4mFrameSizeMax) {
    return Error{"Y4M header: a frame of " + std::to_string(header.width) + "x" +
                 std::to_string(header.height) + " is over the limit of 16 MiB"};
  }
  return header;
}

size_t y4m_frame_line_size(Bytes bytes) {
  std::string_view line = first_line(bytes, kY4mFrameLineMax);
  if (!line.starts_with(kFrameMagic)) return 0;
  if (line.size() > kFrameMagic.size() && line[kFrameMagic.size()] != ' ') return 0;
  return line.size() + 1;
}

PictureView y4m_picture(const Y4mHeader& header, const uint8_t* pixels) {
  PictureView view;
  view.format = header.format;
  view.width = header.width;
  view.height = header.height;
  auto width = static_cast<size_t>(header.width);
  view.planes[0] = {pixels, width};
  if (header.format == PixelFormat::kGrey) return view;
  view.width &= ~1;
  view.height &= ~1;
  const uint8_t* u = pixels + luma_size(header);
  view.planes[1] = {u, half(header.width)};
  view.planes[2] = {u + half(header.width) * half(header.height), half(header.width)};
  return view;
}

}  // namespace camloop
