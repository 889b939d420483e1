#include "unit/media/test_pictures.h"

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include <jpeglib.h>

namespace camloop {
namespace {

uint8_t to_byte(double value) {
  return static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L));
}

// JFIF 1.02, "Conversion to and from RGB".
std::array<uint8_t, 3> to_rgb(const Colour& colour) {
  double y = colour[0];
  double cb = colour[1] - 128.0;
  double cr = colour[2] - 128.0;
  return {to_byte(y + 1.402 * cr), to_byte(y - 0.344136 * cb - 0.714136 * cr),
          to_byte(y + 1.772 * cb)};
}

// A plane is made of units of `unit_size` bytes, one for every `step_x` x `step_y` pixels; put()
// writes the unit whose top left pixel is (x, y).
struct PlaneLayout {
  int step_x;
  int step_y;
  size_t unit_size;
  std::function<void(int x, int y, uint8_t* unit)> put;
};

PlaneLayout plane_of(int step, const std::vector<size_t>& components) {
  return {step, step, components.size(), [components](int x, int y, uint8_t* unit) {
            for (size_t component : components) *unit++ = scene_at(x, y)[component];
          }};
}

// `luma` and `chroma`: where the first of each lies in a group of two pixels.
PlaneLayout packed_plane(size_t luma, size_t chroma) {
  return {2, 1, 4, [=](int x, int y, uint8_t* unit) {
            unit[luma] = scene_at(x, y)[0];
            unit[luma + 2] = scene_at(x + 1, y)[0];
            unit[chroma] = scene_at(x, y)[1];
            unit[chroma + 2] = scene_at(x, y)[2];
          }};
}

PlaneLayout rgb_plane() {
  return {1, 1, 3, [](int x, int y, uint8_t* unit) {
            std::array<uint8_t, 3> rgb = to_rgb(scene_at(x, y));
            std::copy(rgb.begin(), rgb.end(), unit);
          }};
}

std::vector<PlaneLayout> planes_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::kNv12:
      return {plane_of(1, {0}), plane_of(2, {1, 2})};
    case PixelFormat::kNv21:
      return {plane_of(1, {0}), plane_of(2, {2, 1})};
    case PixelFormat::kYu12:
      return {plane_of(1, {0}), plane_of(2, {1}), plane_of(2, {2})};
    case PixelFormat::kYuyv:
      return {packed_plane(0, 1)};
    case PixelFormat::kUyvy:
      return {packed_plane(1, 0)};
    case PixelFormat::kGrey:
      return {plane_of(1, {0})};
    case PixelFormat::kRgb24:
      return {rgb_plane()};
  }
  return {};
}

struct ErrorManager {
  jpeg_error_mgr errors;
  jmp_buf jump;
};

void on_error(j_common_ptr jpeg) {
  std::longjmp(reinterpret_cast<ErrorManager*>(jpeg->err)->jump, 1);
}

bool decode_into(jpeg_decompress_struct& jpeg, ErrorManager& manager, Bytes bytes, bool rgb,
                 Decoded& decoded) {
  if (setjmp(manager.jump) != 0) return false;
  jpeg_mem_src(&jpeg, bytes.data(), bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  if (jpeg.num_components == 3) jpeg.out_color_space = rgb ? JCS_RGB : JCS_YCbCr;
  jpeg_start_decompress(&jpeg);
  decoded.width = static_cast<int>(jpeg.output_width);
  decoded.height = static_cast<int>(jpeg.output_height);
  decoded.components = jpeg.output_components;
  size_t row_size = jpeg.output_width * static_cast<size_t>(jpeg.output_components);
  decoded.pixels.resize(row_size * jpeg.output_height);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = decoded.pixels.data() + row_size * jpeg.output_scanline;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  return jpeg.err->num_warnings == 0;
}

}  // namespace

Colour scene_at(int x, int y) {
  return {to_byte(100 + 0.5 * x + 0.25 * y), to_byte(110 + 0.5 * x), to_byte(150 - 0.5 * y)};
}

OwnedPicture make_picture(PixelFormat format, int width, int height, size_t padding,
                          uint8_t filler) {
  OwnedPicture picture;
  picture.view.format = format;
  picture.view.width = width;
  picture.view.height = height;
  std::vector<PlaneLayout> layouts = planes_of(format);
  for (size_t i = 0; i < layouts.size(); ++i) {
    const PlaneLayout& layout = layouts[i];
    size_t columns = static_cast<size_t>(width + layout.step_x - 1) / layout.step_x;
    size_t rows = static_cast<size_t>(height + layout.step_y - 1) / layout.step_y;
    size_t stride = columns * layout.unit_size + padding;
    std::vector<uint8_t>& plane = picture.planes[i];
    plane.resize(stride * rows - padding, filler);
    for (size_t y = 0; y < rows; ++y) {
      for (size_t x = 0; x < columns; ++x) {
        layout.put(static_cast<int>(x) * layout.step_x, static_cast<int>(y) * layout.step_y,
                   &plane[y * stride + x * layout.unit_size]);
      }
    }
    picture.view.planes[i] = {plane.data(), stride};
  }
  return picture;
}

BufferRef encode(JpegEncoder& encoder, const PictureView& picture, int quality, BufferPool& pool) {
  encoder.begin(picture, quality, pool).value();
  while (!encoder.step().value()) {
  }
  return encoder.take();
}

Decoded decode(Bytes bytes, bool rgb) {
  ErrorManager manager;
  jpeg_decompress_struct jpeg;
  jpeg.err = jpeg_std_error(&manager.errors);
  manager.errors.error_exit = on_error;
  manager.errors.output_message = [](j_common_ptr) {};
  jpeg_create_decompress(&jpeg);
  Decoded decoded;
  decoded.ok = decode_into(jpeg, manager, bytes, rgb, decoded);
  jpeg_destroy_decompress(&jpeg);
  return decoded;
}

double scene_psnr(const Decoded& decoded) {
  double squares = 0;
  for (size_t i = 0; i < decoded.pixels.size(); ++i) {
    auto pixel = static_cast<int>(i / decoded.components);
    Colour colour = scene_at(pixel % decoded.width, pixel / decoded.width);
    double difference = decoded.pixels[i] - colour[i % decoded.components];
    squares += difference * difference;
  }
  double mean = squares / static_cast<double>(decoded.pixels.size());
  return mean == 0 ? 99 : 10 * std::log10(255 * 255 / mean);
}

std::vector<uint8_t> make_progressive_jpeg(int width, int height) {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &out, &size);
  jpeg.image_width = static_cast<JDIMENSION>(width);
  jpeg.image_height = static_cast<JDIMENSION>(height);
  jpeg.in_color_space = JCS_RGB;
  jpeg.input_components = 3;
  jpeg_set_defaults(&jpeg);
  jpeg_simple_progression(&jpeg);
  jpeg.restart_interval = 3;
  jpeg_start_compress(&jpeg, TRUE);
  OwnedPicture picture = make_picture(PixelFormat::kRgb24, width, height);
  for (int y = 0; y < height; ++y) {
    JSAMPROW row = picture.planes[0].data() + y * picture.view.planes[0].stride;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::vector<uint8_t> bytes(out, out + size);
  std::free(out);
  return bytes;
}

}  // namespace camloop
