#include "media/jpeg_splitter.h"

#include "unit/media/test_pictures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace camloop {
namespace {

constexpr size_t kSizeMax = 100'000;

// JPEGs as text: SOI, a segment with `inside` in it, a scan of `data`, EOI.
std::string jpeg(std::string_view data, std::string_view inside = "") {
  std::string length = {static_cast<char>((inside.size() + 2) >> 8),
                        static_cast<char>(inside.size() + 2)};
  return "\xff\xd8\xff\xe1" + length + std::string(inside) +
         std::string("\xff\xda\x00\x03\x01", 5) + std::string(data) + "\xff\xd9";
}

using Texts = std::vector<std::string>;

Texts split(JpegSplitter& splitter, std::string_view stream, size_t piece_size) {
  Texts found;
  for (size_t at = 0; at < stream.size(); at += piece_size) {
    Bytes piece = as_bytes(stream.substr(at, piece_size));
    while (!piece.empty()) {
      size_t taken = splitter.feed(piece);
      EXPECT_TRUE(splitter.complete() || taken == piece.size());
      piece = piece.subspan(taken);
      if (splitter.complete()) found.emplace_back(as_text(splitter.jpeg()));
    }
  }
  return found;
}

// Whole, byte by byte and in pieces between, with the same result.
void expect_split(const std::string& stream, const Texts& expected, uint64_t cut = 0) {
  for (size_t piece_size : {stream.size(), size_t{1}, size_t{2}, size_t{3}, size_t{7}}) {
    JpegSplitter splitter(kSizeMax);
    EXPECT_EQ(split(splitter, stream, piece_size), expected) << piece_size;
    EXPECT_EQ(splitter.cut_count(), cut) << piece_size;
  }
}

TEST(JpegSplitter, jpegs_back_to_back_come_out_one_by_one) {
  expect_split(jpeg("one") + jpeg("") + jpeg("three"), {jpeg("one"), jpeg(""), jpeg("three")});
}

TEST(JpegSplitter, bytes_of_no_jpeg_are_counted) {
  const std::string stream = "rub\xff" + jpeg("one") + "\xff\xff\xff" + jpeg("two") + "bish";
  for (size_t piece_size : {stream.size(), size_t{1}, size_t{3}}) {
    JpegSplitter splitter(kSizeMax);
    EXPECT_EQ(split(splitter, stream, piece_size).size(), 2u);
    EXPECT_EQ(splitter.passed_over(), 3u + 1 + 3 + 4) << piece_size;
  }
}

TEST(JpegSplitter, a_jpeg_is_begun_between_its_start_and_its_end) {
  JpegSplitter splitter(20);
  const std::string one = jpeg("one");
  splitter.feed(as_bytes("x\xff"));
  EXPECT_FALSE(splitter.within_jpeg());
  splitter.feed(as_bytes("\xd8"));
  EXPECT_TRUE(splitter.within_jpeg());
  splitter.feed(as_bytes(one.substr(2)));
  EXPECT_TRUE(splitter.complete());
  EXPECT_FALSE(splitter.within_jpeg());
  EXPECT_FALSE(splitter.outgrown());
  std::string longer = jpeg(std::string(20, 'x'));
  splitter.feed(as_bytes(longer.substr(0, longer.size() - 1)));
  EXPECT_TRUE(splitter.outgrown());
}

TEST(JpegSplitter, what_libjpeg_writes_comes_out_unchanged) {
  std::vector<uint8_t> bytes = make_progressive_jpeg(40, 30);
  std::string one(as_text(bytes));
  expect_split(one + one, {one, one});
}

TEST(JpegSplitter, bytes_between_jpegs_are_passed_over) {
  std::string head = "--boundary\r\nContent-Type: image/jpeg\r\n\r\n";
  expect_split(
      "\xff" + head + jpeg("a") + std::string(5, '\0') + head + "\xff\xff" + jpeg("b") + "\xff",
      {jpeg("a"), jpeg("b")});
}

TEST(JpegSplitter, a_thumbnail_inside_a_segment_neither_begins_nor_ends_a_jpeg) {
  std::string outer = jpeg("outer", "Exif" + jpeg("thumbnail"));
  expect_split(outer + outer, {outer, outer});
}

TEST(JpegSplitter, stuffed_bytes_restarts_and_fill_belong_to_the_scan) {
  std::string data("a\xff\x00z\xff\xd0y\xff\xd7x\xff\xff", 12);
  expect_split(jpeg(data), {jpeg(data)});
}

TEST(JpegSplitter, a_jpeg_without_end_gives_way_to_the_next) {
  std::string cut = jpeg("a long scan").substr(0, 15);
  expect_split(cut + jpeg("whole"), {jpeg("whole")}, 1);
}

TEST(JpegSplitter, what_stops_being_a_jpeg_is_given_up) {
  for (const std::string& broken :
       {std::string("\xff\xd8 text"), std::string("\xff\xd8\xff\x01"),
        std::string("\xff\xd8\xff\xe0\x00\x01", 6), jpeg("scan\xff\x02 not a marker")}) {
    expect_split(broken + jpeg("whole"), {jpeg("whole")}, 1);
  }
}

TEST(JpegSplitter, a_jpeg_larger_than_the_limit_is_dropped_and_counted) {
  std::string small = jpeg("small");
  std::string large = jpeg(std::string(100, 'x'), jpeg("thumbnail"));
  for (size_t piece_size : {size_t{1000}, size_t{1}, size_t{7}}) {
    JpegSplitter splitter(large.size() - 1);
    EXPECT_EQ(split(splitter, small + large + small, piece_size), (Texts{small, small}));
    EXPECT_EQ(splitter.oversize_count(), 1u);
    EXPECT_EQ(splitter.cut_count(), 0u);
    JpegSplitter roomy(large.size());
    EXPECT_EQ(split(roomy, small + large + small, piece_size), (Texts{small, large, small}));
  }
}

TEST(JpegSplitter, a_reset_forgets_the_jpeg_begun) {
  JpegSplitter splitter(kSizeMax);
  std::string begun = jpeg("begun").substr(0, 10);
  EXPECT_EQ(split(splitter, begun, 1), Texts{});
  splitter.reset();
  EXPECT_EQ(split(splitter, jpeg("next"), 1), Texts{jpeg("next")});
  EXPECT_EQ(splitter.cut_count(), 0u);
}

}  // namespace
}  // namespace camloop
