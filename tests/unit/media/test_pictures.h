// A scene of known colours as pictures of every format, and libjpeg's view of what came of them.
#pragma once

#include "base/bytes.h"
#include "media/jpeg_encoder.h"
#include "media/picture.h"

#include <array>
#include <vector>

namespace camloop {

/// Y, Cb, Cr of JFIF, 0 to 255.
using Colour = std::array<uint8_t, 3>;

/// Colours that change slowly, each component another way, so that a mix-up of components, a shift
/// or a mirror shows. Within 0 to 255 up to 120 pixels from the top left corner.
Colour scene_at(int x, int y);

/// The scene in memory that ends with the picture's last byte, so that a sanitizer sees any read
/// beyond.
struct OwnedPicture {
  PictureView view;
  std::array<std::vector<uint8_t>, 3> planes;
};

/// `padding` bytes of value `filler` follow each row but the last.
OwnedPicture make_picture(PixelFormat format, int width, int height, size_t padding = 0,
                          uint8_t filler = 0);

/// Every format a PictureView can have, and its name.
struct NamedFormat {
  PixelFormat format;
  const char* name;
};
inline constexpr NamedFormat kEveryFormat[] = {
    {PixelFormat::kNv12, "NV12"},   {PixelFormat::kNv21, "NV21"}, {PixelFormat::kYu12, "YU12"},
    {PixelFormat::kYuyv, "YUYV"},   {PixelFormat::kUyvy, "UYVY"}, {PixelFormat::kGrey, "GREY"},
    {PixelFormat::kRgb24, "RGB24"},
};

/// Takes all steps. The picture must be one that can be encoded.
BufferRef encode(JpegEncoder& encoder, const PictureView& picture, int quality, BufferPool& pool);

/// What libjpeg makes of a JPEG. A warning (data cut short, stray bytes) counts as a failure.
struct Decoded {
  bool ok = false;
  int width = 0;
  int height = 0;
  int components = 0;
  std::vector<uint8_t> pixels;  // interleaved YCbCr, or RGB, or grey

  bool operator==(const Decoded&) const = default;
};
/// In YCbCr, unless `rgb`; grey stays grey.
Decoded decode(Bytes jpeg, bool rgb = false);

/// Peak signal to noise ratio in dB of a decoded YCbCr or grey picture against the scene.
double scene_psnr(const Decoded& decoded);

/// The scene once more, encoded by libjpeg as a progressive JPEG with restart markers.
std::vector<uint8_t> make_progressive_jpeg(int width, int height);

}  // namespace camloop
