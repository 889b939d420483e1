#include "proto/mjpeg.h"

#include <algorithm>
#include <charconv>
#include <span>

namespace camloop {
namespace {

// Does not start with "--", needs no quotes, and is not to be found inside a JPEG.
#define CAMLOOP_BOUNDARY "camloopframe"

constexpr std::string_view kDelimiter = "--" CAMLOOP_BOUNDARY "\r\n";
constexpr std::string_view kTail = "\r\n--" CAMLOOP_BOUNDARY "\r\n";
constexpr std::string_view kPartType = "Content-Type: image/jpeg\r\n\r\n";
constexpr std::string_view kTailAndNextHead =
    "\r\n--" CAMLOOP_BOUNDARY "\r\nContent-Type: image/jpeg\r\n\r\n";

// Every frame for every client passes here: snprintf() would be a twentieth of what a frame costs.
class HeadText {
 public:
  explicit HeadText(std::span<char> text) : text_(text) {}

  void append(std::string_view piece) { size_ += piece.copy(&text_[size_], text_.size() - size_); }
  void append_number(int64_t number) {
    char* end = std::to_chars(&text_[size_], text_.data() + text_.size(), number).ptr;
    size_ = static_cast<size_t>(end - text_.data());
  }
  /// With leading zeros.
  void append_digits(int64_t number, size_t count) {
    for (size_t i = count; i-- > 0; number /= 10) {
      text_[size_ + i] = static_cast<char>('0' + number % 10);
    }
    size_ += count;
  }
  size_t size() const { return size_; }

 private:
  std::span<char> text_;
  size_t size_ = 0;
};

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
  HeadText text(part.head_text);
  text.append("Content-Type: image/jpeg\r\nContent-Length: ");
  text.append_number(static_cast<int64_t>(jpeg_size));
  text.append("\r\nX-Timestamp: ");
  text.append_number(wall_us / 1'000'000);
  text.append(".");
  text.append_digits(wall_us % 1'000'000, 6);
  text.append("\r\n\r\n");
  part.head_size = text.size();
  return part;
}

}  // namespace camloop
