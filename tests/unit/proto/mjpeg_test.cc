#include "proto/mjpeg.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace camloop {
namespace {

TEST(MjpegHead, IsExactlyTheseBytes) {
  EXPECT_EQ(format_mjpeg_head("", false, false),
            "HTTP/1.0 200 OK\r\n"
            "Connection: close\r\n"
            "Cache-Control: no-store, no-cache, must-revalidate, max-age=0\r\n"
            "X-Accel-Buffering: no\r\n"
            "Content-Type: multipart/x-mixed-replace;boundary=camloopframe\r\n"
            "\r\n"
            "--camloopframe\r\n");
}

TEST(MjpegHead, NamesTheOriginThatMayReadIt) {
  std::string head = format_mjpeg_head("*", false, false);
  EXPECT_NE(head.find("\r\nAccess-Control-Allow-Origin: *\r\n"), std::string::npos) << head;
}

TEST(MjpegHead, HoldsThePartHeadInAdvanceForWhoAsksForIt) {
  EXPECT_TRUE(format_mjpeg_head("", true, false)
                  .ends_with("\r\n\r\n--camloopframe\r\nContent-Type: image/jpeg\r\n\r\n"));
}

TEST(MjpegHead, HasNoBodyInTheAnswerToHead) {
  for (bool advance : {false, true}) {
    EXPECT_TRUE(format_mjpeg_head("", advance, true).ends_with(";boundary=camloopframe\r\n\r\n"));
  }
}

TEST(MjpegPart, IsExactlyTheseBytes) {
  MjpegPart part = format_mjpeg_part(57'000, 1'700'000'000'000'042, false);
  EXPECT_EQ(as_text(part.head()),
            "Content-Type: image/jpeg\r\n"
            "Content-Length: 57000\r\n"
            "X-Timestamp: 1700000000.000042\r\n"
            "\r\n");
  EXPECT_EQ(part.tail, "\r\n--camloopframe\r\n");
}

TEST(MjpegPart, InAdvanceHasTheNextHeadBehindTheDelimiter) {
  MjpegPart part = format_mjpeg_part(57'000, 1, true);
  EXPECT_TRUE(part.head().empty());
  EXPECT_EQ(part.tail, "\r\n--camloopframe\r\nContent-Type: image/jpeg\r\n\r\n");
}

TEST(MjpegPart, HoldsTheLargestNumbersThereAre) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  MjpegPart part = format_mjpeg_part(kMost, kMost, false);
  EXPECT_EQ(as_text(part.head()),
            "Content-Type: image/jpeg\r\n"
            "Content-Length: 9223372036854775807\r\n"
            "X-Timestamp: 9223372036854.775807\r\n"
            "\r\n");
}

TEST(MjpegPart, SaysZeroForAPictureTakenBefore1970) {
  MjpegPart part = format_mjpeg_part(1, -5'000'000, false);
  EXPECT_NE(as_text(part.head()).find("X-Timestamp: 0.000000\r\n"), std::string_view::npos);
}

}  // namespace
}  // namespace camloop
