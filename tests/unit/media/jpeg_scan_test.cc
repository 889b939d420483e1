#include "media/jpeg_scan.h"

#include "media/frame.h"
#include "media/standard_huffman.h"
#include "unit/media/test_pictures.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace camloop {
namespace {

using ByteVector = std::vector<uint8_t>;

constexpr size_t kSoiSize = 2;
constexpr size_t kJfifSize = 2 + 2 + 14;

ByteVector operator+(ByteVector left, const ByteVector& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

ByteVector text(std::string_view text) {
  return {text.begin(), text.end()};
}

ByteVector segment(uint8_t marker, const ByteVector& payload) {
  size_t length = payload.size() + 2;
  return ByteVector{0xff, marker, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)} +
         payload;
}

ByteVector inserted(ByteVector jpeg, size_t offset, const ByteVector& what) {
  jpeg.insert(jpeg.begin() + static_cast<ptrdiff_t>(offset), what.begin(), what.end());
  return jpeg;
}

// The first `count` bytes in memory of their own, so that a sanitizer sees any read beyond.
ByteVector front(const ByteVector& bytes, size_t count) {
  return {bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(count)};
}

ByteVector jpeg_of(PixelFormat format, int width, int height) {
  BufferPool pool(0);
  JpegEncoder encoder;
  OwnedPicture picture = make_picture(format, width, height);
  BufferRef jpeg = encode(encoder, picture.view, 80, pool);
  return {jpeg.bytes().begin(), jpeg.bytes().end()};
}

const ByteVector& camera_jpeg() {
  static const ByteVector jpeg = jpeg_of(PixelFormat::kNv12, 64, 48);
  return jpeg;
}

// The same as many UVC cameras send it: without its DHT segments.
ByteVector without_huffman_tables(const ByteVector& jpeg) {
  ByteVector kept = front(jpeg, kSoiSize);
  size_t at = kSoiSize;
  while (jpeg[at + 1] != 0xda) {
    size_t end = at + 2 + (static_cast<size_t>(jpeg[at + 2]) << 8 | jpeg[at + 3]);
    if (jpeg[at + 1] != 0xc4) kept = kept + ByteVector(&jpeg[at], &jpeg[end]);
    at = end;
  }
  return kept + ByteVector(&jpeg[at], jpeg.data() + jpeg.size());
}

// The smallest thing that has all the parts of a JPEG, for breaking them one at a time.
struct Parts {
  ByteVector start = {0xff, 0xd8};
  ByteVector quantisation = segment(0xdb, ByteVector(65, 1));
  ByteVector frame = segment(0xc0, {8, 0, 8, 0, 16, 1, 1, 0x11, 0});
  ByteVector huffman = {kStandardHuffmanTables.begin(), kStandardHuffmanTables.end()};
  ByteVector scan = segment(0xda, {1, 1, 0, 0, 63, 0});
  ByteVector data = {0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56};
  ByteVector end = {0xff, 0xd9};

  ByteVector join() const { return start + quantisation + frame + huffman + scan + data + end; }
};

// What is wrong, without the words that every fault has.
std::string fault_of(const ByteVector& jpeg) {
  Result<JpegLayout> layout = scan_jpeg(jpeg);
  if (layout.ok()) return "none";
  std::string_view text = layout.error().text;
  text.remove_prefix(std::string_view("broken JPEG: ").size());
  return std::string(text.substr(0, text.find(" at byte ")));
}

class JpegRepairTest : public testing::Test {
 protected:
  ByteVector repair(const ByteVector& jpeg) {
    Result<BufferRef> mended = repair_jpeg(jpeg, pool_, &layout_);
    EXPECT_TRUE(mended.ok()) << mended.error().text;
    if (!mended.ok()) return {};
    return {mended.value().bytes().begin(), mended.value().bytes().end()};
  }

  BufferPool pool_{1};
  JpegLayout layout_;
};

TEST(JpegScan, a_whole_jpeg_tells_its_size_and_its_parts) {
  Parts parts;
  ByteVector jpeg = parts.join();
  JpegLayout layout = scan_jpeg(jpeg).value();
  EXPECT_EQ(layout.width, 16);
  EXPECT_EQ(layout.height, 8);
  EXPECT_TRUE(layout.has_huffman_tables);
  EXPECT_FALSE(layout.has_metadata);
  EXPECT_EQ(layout.sos, (parts.start + parts.quantisation + parts.frame + parts.huffman).size());
  EXPECT_EQ(layout.end, jpeg.size());
}

TEST(JpegScan, a_jpeg_cut_at_any_byte_is_refused) {
  BufferPool pool(1);
  for (const ByteVector& jpeg : {camera_jpeg(), make_progressive_jpeg(40, 30)}) {
    for (size_t count = 0; count < jpeg.size(); ++count) {
      ByteVector cut = front(jpeg, count);
      ASSERT_FALSE(scan_jpeg(cut).ok()) << count;
      ASSERT_FALSE(repair_jpeg(cut, pool).ok()) << count;
    }
    EXPECT_TRUE(scan_jpeg(jpeg).ok());
  }
}

TEST(JpegScan, a_jpeg_cut_at_any_byte_and_padded_with_zeros_is_refused) {
  const ByteVector& jpeg = camera_jpeg();
  for (size_t count = 0; count < jpeg.size(); ++count) {
    ASSERT_FALSE(scan_jpeg(front(jpeg, count) + ByteVector(512, 0)).ok()) << count;
  }
}

TEST(JpegScan, a_jpeg_cut_short_in_its_scan_and_followed_by_the_next_is_refused) {
  const ByteVector& jpeg = camera_jpeg();
  size_t data = scan_jpeg(jpeg).value().sos + 2 + 12;
  for (size_t count = data; count + 2 < jpeg.size(); ++count) {
    ASSERT_NE(fault_of(front(jpeg, count) + jpeg), "none") << count;
  }
  EXPECT_EQ(fault_of(front(jpeg, data + 10) + jpeg), "cut short, a second SOI");
}

TEST(JpegScan, what_follows_the_end_is_padding) {
  for (const ByteVector& padding : {ByteVector(100, 0), ByteVector(3, 0xff), camera_jpeg()}) {
    JpegLayout layout = scan_jpeg(camera_jpeg() + padding).value();
    EXPECT_EQ(layout.end, camera_jpeg().size());
  }
}

TEST(JpegScan, a_progressive_jpeg_of_many_scans_with_restarts_is_whole) {
  ByteVector jpeg = make_progressive_jpeg(40, 30);
  JpegLayout layout = scan_jpeg(jpeg).value();
  EXPECT_EQ(layout.width, 40);
  EXPECT_EQ(layout.height, 30);
  EXPECT_EQ(layout.end, jpeg.size());
}

TEST(JpegScan, fill_bytes_before_a_marker_are_allowed) {
  Parts parts;
  parts.frame = ByteVector{0xff, 0xff, 0xff} + parts.frame;
  parts.end = ByteVector{0xff, 0xff} + parts.end;
  EXPECT_EQ(fault_of(parts.join()), "none");
}

TEST(JpegScan, a_missing_part_is_named) {
  auto fault_without = [](ByteVector Parts::*part) {
    Parts parts;
    (parts.*part).clear();
    return fault_of(parts.join());
  };
  EXPECT_EQ(fault_without(&Parts::start), "no SOI");
  EXPECT_EQ(fault_without(&Parts::quantisation), "a scan without DQT");
  EXPECT_EQ(fault_without(&Parts::frame), "a scan without a frame header");
  EXPECT_EQ(fault_without(&Parts::scan), "no marker");
  EXPECT_EQ(fault_without(&Parts::end), "no EOI");
  EXPECT_EQ(fault_of({0xff, 0xd8, 0xff, 0xd9}), "EOI before any scan");
}

TEST(JpegScan, a_size_that_cannot_be_shown_is_refused) {
  for (auto [height, width] : {std::pair(0, 16), {16, 0}, {65501, 16}, {16, 65501}}) {
    Parts parts;
    parts.frame[5] = static_cast<uint8_t>(height >> 8);
    parts.frame[6] = static_cast<uint8_t>(height);
    parts.frame[7] = static_cast<uint8_t>(width >> 8);
    parts.frame[8] = static_cast<uint8_t>(width);
    EXPECT_EQ(fault_of(parts.join()), "an impossible size") << width << "x" << height;
  }
}

TEST(JpegScan, a_coding_that_browsers_do_not_know_is_refused) {
  for (uint8_t lossless_or_arithmetic : {0xc3, 0xc5, 0xc9, 0xca, 0xcf}) {
    Parts parts;
    parts.frame[1] = lossless_or_arithmetic;
    EXPECT_EQ(fault_of(parts.join()), "a coding no browser shows");
  }
}

TEST(JpegScan, lengths_that_do_not_fit_their_segment_are_refused) {
  Parts frame_of_two;
  frame_of_two.frame[9] = 2;
  EXPECT_EQ(fault_of(frame_of_two.join()), "a frame header of impossible length");
  Parts scan_of_two;
  scan_of_two.scan[4] = 2;
  EXPECT_EQ(fault_of(scan_of_two.join()), "a scan header of impossible length");
  Parts tables_of_one_byte;
  tables_of_one_byte.huffman = {0xff, 0xc4, 0, 1};
  EXPECT_EQ(fault_of(tables_of_one_byte.join()), "a segment of impossible length");
  Parts endless_tables;
  endless_tables.quantisation[2] = 0xff;
  EXPECT_EQ(fault_of(endless_tables.join()), "a segment beyond the end");
}

TEST(JpegScan, a_marker_where_it_makes_no_sense_is_refused) {
  Parts two_frames;
  two_frames.frame = two_frames.frame + two_frames.frame;
  EXPECT_EQ(fault_of(two_frames.join()), "a second frame header");
  Parts restart_in_head;
  restart_in_head.huffman = {0xff, 0xd0};
  EXPECT_EQ(fault_of(restart_in_head.join()), "a marker out of place");
  Parts reserved_in_scan;
  reserved_in_scan.data = {0x12, 0xff, 0x02, 0x34};
  EXPECT_EQ(fault_of(reserved_in_scan.join()), "a marker out of place");
}

TEST_F(JpegRepairTest, a_jpeg_with_nothing_to_mend_stays_as_it_is) {
  EXPECT_EQ(repair(camera_jpeg()), camera_jpeg());
  EXPECT_EQ(repair(make_progressive_jpeg(40, 30)), make_progressive_jpeg(40, 30));
}

TEST_F(JpegRepairTest, padding_is_left_out) {
  EXPECT_EQ(repair(camera_jpeg() + ByteVector(1000, 0)), camera_jpeg());
}

TEST_F(JpegRepairTest, missing_huffman_tables_are_put_in_and_the_picture_is_the_same) {
  for (PixelFormat format : {PixelFormat::kNv12, PixelFormat::kGrey}) {
    ByteVector jpeg = jpeg_of(format, 64, 48);
    ByteVector bare = without_huffman_tables(jpeg);
    EXPECT_FALSE(scan_jpeg(bare).value().has_huffman_tables);
    ByteVector mended = repair(bare);
    EXPECT_FALSE(layout_.has_huffman_tables);
    EXPECT_TRUE(scan_jpeg(mended).value().has_huffman_tables);
    EXPECT_EQ(mended.size(), bare.size() + kStandardHuffmanTables.size());
    EXPECT_TRUE(decode(mended).ok);
    EXPECT_EQ(decode(mended), decode(jpeg));
  }
}

TEST_F(JpegRepairTest, thumbnails_are_left_out_wherever_they_are) {
  const ByteVector thumbnail = jpeg_of(PixelFormat::kNv12, 16, 16);
  const ByteVector exif = segment(0xe1, text("Exif") + ByteVector(2, 0) + thumbnail);
  const ByteVector extension = segment(0xe0, text("JFXX") + ByteVector{0, 0x10} + thumbnail);
  const ByteVector comment = segment(0xfe, thumbnail);
  for (const ByteVector& metadata : {exif, extension, comment, exif + comment + extension}) {
    ByteVector jpeg = inserted(camera_jpeg(), kSoiSize, metadata);
    EXPECT_TRUE(scan_jpeg(jpeg).value().has_metadata);
    EXPECT_EQ(repair(jpeg), camera_jpeg());
    EXPECT_TRUE(layout_.has_metadata);
  }
  ByteVector progressive = make_progressive_jpeg(40, 30);
  const uint8_t tables[] = {0xff, 0xc4};
  auto between_scans =
      std::find_end(progressive.begin(), progressive.end(), std::begin(tables), std::end(tables));
  auto offset = static_cast<size_t>(between_scans - progressive.begin());
  ASSERT_GT(offset, scan_jpeg(progressive).value().sos);
  EXPECT_EQ(repair(inserted(progressive, offset, exif)), progressive);
}

TEST_F(JpegRepairTest, a_comment_in_which_nothing_can_hide_stays) {
  for (const ByteVector& comment : {text("Lavc59.37.100"), ByteVector(300, 'x')}) {
    ByteVector jpeg = inserted(camera_jpeg(), kSoiSize + kJfifSize, segment(0xfe, comment));
    EXPECT_FALSE(scan_jpeg(jpeg).value().has_metadata);
    EXPECT_EQ(repair(jpeg), jpeg);
  }
}

TEST_F(JpegRepairTest, a_jfif_header_stays_but_its_thumbnail_goes) {
  ByteVector header = segment(
      0xe0, text("JFIF") + ByteVector{0, 1, 2, 0, 0, 1, 0, 1, 3, 2} + ByteVector(3 * 3 * 2, 0xd8));
  ByteVector jpeg = front(camera_jpeg(), kSoiSize) + header +
                    ByteVector(camera_jpeg().begin() + kSoiSize + kJfifSize, camera_jpeg().end());
  EXPECT_TRUE(scan_jpeg(jpeg).value().has_metadata);
  ByteVector mended = repair(jpeg);
  ByteVector expected_header =
      segment(0xe0, text("JFIF") + ByteVector{0, 1, 2, 0, 0, 1, 0, 1, 0, 0});
  EXPECT_EQ(front(mended, kSoiSize + kJfifSize), front(jpeg, kSoiSize) + expected_header);
  EXPECT_EQ(decode(mended), decode(camera_jpeg()));
}

TEST_F(JpegRepairTest, the_adobe_segment_stays_because_colours_hang_on_it) {
  // Transform 0: the components are R, G, B.
  ByteVector adobe = segment(0xee, text("Adobe") + ByteVector{0, 100, 0, 0, 0, 0, 0});
  ByteVector bare = front(camera_jpeg(), kSoiSize) +
                    ByteVector(camera_jpeg().begin() + kSoiSize + kJfifSize, camera_jpeg().end());
  ByteVector jpeg = inserted(bare, kSoiSize, adobe);
  EXPECT_NE(decode(jpeg, true), decode(bare, true));
  EXPECT_FALSE(scan_jpeg(jpeg).value().has_metadata);
  EXPECT_EQ(repair(jpeg), jpeg);
}

TEST_F(JpegRepairTest, more_bytes_than_a_frame_may_have_are_refused) {
  EXPECT_FALSE(repair_jpeg(camera_jpeg() + ByteVector(kFrameSizeMax, 0), pool_).ok());
}

}  // namespace
}  // namespace camloop
