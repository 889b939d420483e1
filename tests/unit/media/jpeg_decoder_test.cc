#include "media/jpeg_decoder.h"

#include "media/jpeg_marker.h"
#include "unit/media/test_pictures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace camloop {
namespace {

constexpr Size kWhole{JpegDecoder::kSideMax, JpegDecoder::kSideMax};

struct Lines {
  Size size;
  std::vector<uint8_t> rgb;
  int idle_steps = 0;  // without a line
  std::string fault;
};

class JpegDecoderTest : public testing::Test {
 protected:
  static std::vector<uint8_t> make_jpeg(PixelFormat format, int width, int height) {
    BufferPool pool(1);
    JpegEncoder encoder;
    OwnedPicture picture = make_picture(format, width, height);
    BufferRef jpeg = encode(encoder, picture.view, 95, pool);
    Bytes bytes = jpeg.bytes();
    return {bytes.begin(), bytes.end()};
  }

  Lines decode_lines(Bytes jpeg, Size wanted = kWhole) {
    Lines lines;
    Result<> begun = decoder_.begin(jpeg, wanted);
    if (!begun) return {.fault = begun.error().text};
    lines.size = decoder_.size();
    size_t row_bytes = 3 * lines.size.width;
    while (lines.rgb.size() < row_bytes * lines.size.height) {
      Result<const uint8_t*> line = decoder_.step();
      if (!line) return {.fault = line.error().text};
      lines.idle_steps += line.value() == nullptr;
      if (line.value()) lines.rgb.insert(lines.rgb.end(), line.value(), line.value() + row_bytes);
    }
    decoder_.end();
    return lines;
  }

  JpegDecoder decoder_;
};

double psnr(const std::vector<uint8_t>& one, const std::vector<uint8_t>& other) {
  if (one.size() != other.size()) return 0;
  double sum = 0;
  for (size_t i = 0; i < one.size(); ++i) sum += std::pow(one[i] - other[i], 2);
  return 10 * std::log10(255 * 255 * static_cast<double>(one.size()) / std::max(sum, 1e-9));
}

// Each pixel the mean of `factor` x `factor` of libjpeg's own picture.
std::vector<uint8_t> mean_pixels(const Decoded& decoded, int factor) {
  std::vector<uint8_t> means;
  int channels = decoded.components;
  for (int y = 0; y < decoded.height / factor; ++y) {
    for (int i = 0; i < decoded.width / factor * channels; ++i) {
      int sum = 0;
      for (int k = 0; k < factor * factor; ++k) {
        int from_x = i / channels * factor + k % factor;
        int from_y = y * factor + k / factor;
        sum += decoded.pixels[(from_y * decoded.width + from_x) * channels + i % channels];
      }
      means.push_back(static_cast<uint8_t>(sum / (factor * factor)));
    }
  }
  return means;
}

// Behind the marker FF `code`.
size_t behind(const std::vector<uint8_t>& jpeg, uint8_t code, size_t from = 0) {
  const uint8_t marker[] = {0xff, code};
  auto found = std::search(jpeg.begin() + from, jpeg.end(), std::begin(marker), std::end(marker));
  return found == jpeg.end() ? 0 : found - jpeg.begin() + sizeof marker;
}

// SOFn: length, precision, then height and width.
void set_size(std::vector<uint8_t>& jpeg, uint8_t frame_header, int width, int height) {
  size_t at = behind(jpeg, frame_header) + 3;
  for (int value : {height, width}) {
    jpeg[at++] = static_cast<uint8_t>(value >> 8);
    jpeg[at++] = static_cast<uint8_t>(value);
  }
}

TEST_F(JpegDecoderTest, a_whole_picture_is_what_libjpeg_makes_of_it) {
  for (auto [width, height] : {std::pair(64, 48), {1, 1}, {17, 33}, {100, 7}}) {
    SCOPED_TRACE(testing::Message() << width << "x" << height);
    std::vector<uint8_t> jpeg = make_jpeg(PixelFormat::kNv12, width + width % 2, height);
    Lines lines = decode_lines(jpeg);
    EXPECT_EQ(lines.size, (Size{width + width % 2, height}));
    EXPECT_GT(psnr(lines.rgb, decode(jpeg, true).pixels), 38) << lines.fault;
  }
}

TEST_F(JpegDecoderTest, a_small_picture_is_the_mean_of_the_large_one) {
  std::vector<uint8_t> jpeg = make_jpeg(PixelFormat::kYuyv, 96, 64);
  for (int factor : {2, 4, 8}) {
    Lines lines = decode_lines(jpeg, {96 / factor, 64 / factor});
    EXPECT_EQ(lines.size, (Size{96 / factor, 64 / factor}));
    EXPECT_GT(psnr(lines.rgb, mean_pixels(decode(jpeg, true), factor)), 34) << factor;
  }
}

TEST_F(JpegDecoderTest, a_picture_is_decoded_at_the_least_eighths_that_are_enough) {
  struct {
    Size jpeg, wanted, decoded;
  } cases[] = {
      {{640, 480}, {240, 180}, {240, 180}},
      {{640, 480}, {241, 180}, {320, 240}},
      {{640, 480}, {240, 181}, {320, 240}},
      {{640, 480}, {1, 1}, {80, 60}},
      {{640, 480}, {640, 480}, {640, 480}},
      {{640, 480}, {561, 1}, {640, 480}},
      {{640, 480}, {999, 999}, {640, 480}},
      {{100, 50}, {30, 15}, {38, 19}},
      {{6, 2}, {1, 1}, {1, 1}},
  };
  for (const auto& each : cases) {
    auto jpeg = make_jpeg(PixelFormat::kGrey, each.jpeg.width, each.jpeg.height);
    ASSERT_TRUE(decoder_.begin(jpeg, each.wanted).ok());
    EXPECT_EQ(decoder_.size(), each.decoded) << each.wanted.width << "x" << each.wanted.height;
  }
}

TEST_F(JpegDecoderTest, grey_is_red_green_and_blue_alike) {
  Lines lines = decode_lines(make_jpeg(PixelFormat::kGrey, 40, 30));
  ASSERT_EQ(lines.rgb.size(), 3u * 40 * 30) << lines.fault;
  for (size_t i = 0; i < lines.rgb.size(); i += 3) {
    ASSERT_EQ(lines.rgb[i], lines.rgb[i + 1]);
    ASSERT_EQ(lines.rgb[i], lines.rgb[i + 2]);
  }
}

TEST_F(JpegDecoderTest, a_progressive_picture_is_read_row_by_row_and_scan_by_scan_first) {
  std::vector<uint8_t> jpeg = make_progressive_jpeg(96, 80);
  Lines lines = decode_lines(jpeg);
  EXPECT_GT(psnr(lines.rgb, decode(jpeg, true).pixels), 38) << lines.fault;
  int scans = 0;
  for (size_t at = 0; (at = behind(jpeg, jpeg_marker::kScan, at)) != 0;) ++scans;
  EXPECT_GE(lines.idle_steps, scans * 80 / 16);
  EXPECT_EQ(decode_lines(jpeg, {48, 40}).size, (Size{48, 40}));
}

TEST_F(JpegDecoderTest, each_step_of_a_baseline_picture_is_a_line) {
  EXPECT_EQ(decode_lines(make_jpeg(PixelFormat::kNv12, 96, 80)).idle_steps, 0);
}

TEST_F(JpegDecoderTest, a_picture_cut_short_still_has_all_its_lines) {
  for (auto whole : {make_jpeg(PixelFormat::kNv12, 64, 64), make_progressive_jpeg(64, 64)}) {
    whole.resize(behind(whole, jpeg_marker::kScan) + 30);
    Lines lines = decode_lines(whole);
    EXPECT_EQ(lines.rgb.size(), 3u * 64 * 64) << lines.fault;
  }
}

TEST_F(JpegDecoderTest, what_is_no_jpeg_is_an_error_and_the_next_one_is_fine) {
  std::vector<uint8_t> jpeg = make_jpeg(PixelFormat::kNv12, 32, 32);
  size_t tables = behind(jpeg, jpeg_marker::kQuantisationTables);
  std::vector<uint8_t> no_scan(jpeg.begin(), jpeg.begin() + behind(jpeg, jpeg_marker::kScan) - 2);
  std::vector<uint8_t> no_tables = jpeg;
  no_tables[tables - 1] = jpeg_marker::kComment;
  for (const auto& wrong : {std::vector<uint8_t>{}, {1, 2, 3}, {0xff, 0xd8}, no_scan, no_tables}) {
    EXPECT_FALSE(decode_lines(wrong).fault.empty());
    EXPECT_EQ(decode_lines(jpeg).fault, "");
  }
}

TEST_F(JpegDecoderTest, a_side_beyond_the_limit_is_an_error) {
  std::vector<uint8_t> jpeg = make_jpeg(PixelFormat::kGrey, 32, 32);
  set_size(jpeg, jpeg_marker::kBaseline, JpegDecoder::kSideMax, 8);
  EXPECT_EQ(decode_lines(jpeg, {1, 1}).fault, "");
  set_size(jpeg, jpeg_marker::kBaseline, JpegDecoder::kSideMax + 1, 8);
  EXPECT_NE(decode_lines(jpeg, {1, 1}).fault, "");
  set_size(jpeg, jpeg_marker::kBaseline, 8, JpegDecoder::kSideMax + 1);
  EXPECT_NE(decode_lines(jpeg, {1, 1}).fault, "");
}

TEST_F(JpegDecoderTest, a_progressive_picture_that_takes_too_much_memory_is_an_error) {
  std::vector<uint8_t> jpeg = make_progressive_jpeg(32, 32);
  set_size(jpeg, jpeg_marker::kProgressive, 1920, 1080);
  EXPECT_EQ(decode_lines(jpeg, {1, 1}).fault, "");
  set_size(jpeg, jpeg_marker::kProgressive, 2560, 1440);
  EXPECT_NE(decode_lines(jpeg, {1, 1}).fault, "");
}

TEST_F(JpegDecoderTest, a_picture_of_endless_scans_is_an_error) {
  std::vector<uint8_t> jpeg = make_progressive_jpeg(16, 16);
  size_t last_scan = 0;
  for (size_t at = 0; (at = behind(jpeg, jpeg_marker::kScan, at)) != 0;) last_scan = at - 2;
  std::vector<uint8_t> scan(jpeg.begin() + last_scan, jpeg.end() - 2);
  for (int i = 0; i < JpegDecoder::kScansMax; ++i) {
    jpeg.insert(jpeg.begin() + last_scan, scan.begin(), scan.end());
  }
  EXPECT_EQ(decode_lines(jpeg).fault, "JPEG decoder: too many scans");
}

TEST_F(JpegDecoderTest, a_decoding_that_was_abandoned_leaves_nothing_behind) {
  std::vector<uint8_t> jpeg = make_jpeg(PixelFormat::kNv12, 64, 48);
  std::vector<uint8_t> expected = decode_lines(jpeg).rgb;
  for (const auto& other : {make_progressive_jpeg(80, 80), make_jpeg(PixelFormat::kGrey, 16, 16)}) {
    ASSERT_TRUE(decoder_.begin(other, {10, 10}).ok());
    ASSERT_TRUE(decoder_.step().ok());
    EXPECT_EQ(decode_lines(jpeg).rgb, expected);
  }
}

}  // namespace
}  // namespace camloop
