#include "proto/mjpeg.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace camloop {
namespace {

// Does not start with "--", needs no quotes, and is not to be found inside a JPEG.
#define CAMLOOP_BOUNDARY "camloopframe"

constexpr std::string_view kDelimiter = "--" CAMLOOP_BOUNDARY "\r\n";
constexpr std::string_view kTail = "\r\n--" CAMLOOP_BOUNDARY "\r\n";
constexpr std::string_view kPartType = "Content-Type: image/jpeg\r\n\r\n";
constexpr std::string_view kTailAndNextHead =
    "\r\n--" CAMLOOP_BOUNDARY "\r\nContent-Type: image/jpeg\r\n\r\n";

}  // namespace

std::string format_mjpeg_head(std::string_view origin, bool advance_headers, bool head_only) {
  // HTTP/1.0 rules out chunks for every client; proxies that buffer are asked not to.
  std::string head =
      "HTTP/1.0 200 OK\r\n"
      "Connection: close\r\n"
      "Cache-Control: no-store, no-cache, must-revalidate, max-age=0\r\n"
      "X-Accel-Buffering: no\r\n";
  if (!origin.empty()) {
    head.append("Access-Control-Allow-Origin: ").append(origin).append("\r\n");
  }
  head += "Content-Type: multipart/x-mixed-replace;boundary=" CAMLOOP_BOUNDARY "\r\n\r\n";
  if (!head_only) head.append(kDelimiter);
  if (!head_only && advance_headers) head.append(kPartType);
  return head;
}

MjpegPart format_mjpeg_part(size_t jpeg_size, int64_t captured_wall_us, bool advance_headers) {
  MjpegPart part;
  part.tail = advance_headers ? kTailAndNextHead : kTail;
  if (advance_headers) return part;
  int64_t wall_us = std::max<int64_t>(captured_wall_us, 0);
  part.head_size = static_cast<size_t>(std::snprintf(
      part.head_text.data(), part.head_text.size(),
      "Content-Type: image/jpeg\r\nContent-Length: %zu\r\nX-Timestamp: %" PRId64 ".%06d\r\n\r\n",
      jpeg_size, wall_us / 1'000'000, static_cast<int>(wall_us % 1'000'000)));
  return part;
}

}  // namespace camloop
