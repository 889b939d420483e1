#include "media/transcoder.h"

#include "unit/media/test_pictures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace camloop {
namespace {

class TranscoderTest : public testing::Test {
 protected:
  Frame frame_of(int width, int height, int quality, PixelFormat format = PixelFormat::kYu12) {
    JpegEncoder encoder;
    OwnedPicture picture = make_picture(format, width, height);
    return {encode(encoder, picture.view, quality, pool_), width, height, 1234, 7};
  }
  Frame transcoded(const Frame& frame, int quality) {
    EXPECT_TRUE(transcoder_.begin(frame, quality, pool_).value());
    Result<bool> done = false;
    while (done.ok() && !done.value()) done = transcoder_.step();
    EXPECT_TRUE(done.ok());
    return transcoder_.take();
  }
  static int quality_of(const Frame& frame) {
    JpegDecoder decoder;
    EXPECT_TRUE(decoder.begin(frame.jpeg.bytes(), {frame.width, frame.height}).ok());
    return decoder.quality();
  }

  BufferPool pool_{4};
  Transcoder transcoder_;
};

TEST_F(TranscoderTest, MakesTheSamePictureInALowerQuality) {
  Frame frame = frame_of(100, 70, 90);
  Frame lower = transcoded(frame, 25);
  EXPECT_FALSE(transcoder_.busy());
  EXPECT_LT(lower.jpeg.size(), frame.jpeg.size());
  EXPECT_EQ(lower.width, 100);
  EXPECT_EQ(lower.height, 70);
  EXPECT_EQ(lower.captured_us, 1234);
  EXPECT_EQ(lower.sequence, 7u);
  Decoded picture = decode(lower.jpeg.bytes());
  EXPECT_TRUE(picture.ok);
  EXPECT_GT(scene_psnr(picture), 30);
}

// By libjpeg: the table at quality 25 is that at 50, doubled.
TEST_F(TranscoderTest, HasTheQualityAskedFor) {
  Frame lower = transcoded(frame_of(64, 48, 80), 25);
  const std::string table = "\xff\xdb" + std::string("\0\x43\0", 3) + "\x20\x16\x18\x1c";
  EXPECT_NE(as_text(lower.jpeg.bytes()).find(table), std::string::npos);
}

TEST_F(TranscoderTest, LeavesWhatIsOfThatQualityAlready) {
  for (int quality : {10, 24, 25}) {
    EXPECT_FALSE(transcoder_.begin(frame_of(64, 48, quality), 25, pool_).value()) << quality;
    EXPECT_FALSE(transcoder_.busy());
  }
  EXPECT_TRUE(transcoder_.begin(frame_of(64, 48, 26), 25, pool_).value());
}

TEST_F(TranscoderTest, KnowsTheQualityOfAJpeg) {
  for (int quality : {25, 50, 75, 80, 95})
    EXPECT_EQ(quality_of(frame_of(64, 48, quality)), quality);
}

TEST_F(TranscoderTest, TakesPicturesOfEveryKind) {
  EXPECT_TRUE(decode(transcoded(frame_of(33, 17, 90), 25).jpeg.bytes()).ok);
  EXPECT_TRUE(decode(transcoded(frame_of(33, 17, 90, PixelFormat::kGrey), 25).jpeg.bytes()).ok);
  std::vector<uint8_t> bytes = make_progressive_jpeg(64, 48);
  Frame progressive{pool_.take(bytes.size()), 64, 48};
  std::copy(bytes.begin(), bytes.end(), progressive.jpeg.storage().begin());
  progressive.jpeg.set_size(bytes.size());
  EXPECT_TRUE(decode(transcoded(progressive, 25).jpeg.bytes()).ok);
}

TEST_F(TranscoderTest, RefusesWhatIsNoJpeg) {
  Frame frame{pool_.take(4), 64, 48};
  frame.jpeg.set_size(4);
  EXPECT_FALSE(transcoder_.begin(frame, 25, pool_).ok());
  EXPECT_FALSE(transcoder_.busy());
  EXPECT_TRUE(decode(transcoded(frame_of(64, 48, 80), 25).jpeg.bytes()).ok);
}

TEST_F(TranscoderTest, MayBeEndedInTheMiddle) {
  ASSERT_TRUE(transcoder_.begin(frame_of(64, 48, 80), 25, pool_).value());
  ASSERT_TRUE(transcoder_.step().ok());
  transcoder_.end();
  EXPECT_FALSE(transcoder_.busy());
  EXPECT_TRUE(decode(transcoded(frame_of(64, 48, 80), 25).jpeg.bytes()).ok);
}

}  // namespace
}  // namespace camloop
