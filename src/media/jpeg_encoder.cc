#include "media/jpeg_encoder.h"

#include "base/check.h"
#include "media/frame.h"
#include "media/libjpeg.h"
#include "media/mcu_rows.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <jerror.h>

namespace camloop {
namespace {

// From here on the fast DCT's errors are larger than the quantisation's (libjpeg-turbo's usage
// text).
constexpr int kExactDctQuality = 96;
// A first guess below this would be outgrown by the tables alone, soon after.
constexpr size_t kGuessMin = 16 * 1024;

J_COLOR_SPACE input_of(PixelFormat format) {
  if (format == PixelFormat::kGrey) return JCS_GRAYSCALE;
  return format == PixelFormat::kRgb24 ? JCS_RGB : JCS_YCbCr;
}

void configure(j_compress_ptr jpeg, J_COLOR_SPACE input, int quality) {
  jpeg->in_color_space = input;
  jpeg->input_components = input == JCS_GRAYSCALE ? 1 : 3;
  jpeg_set_defaults(jpeg);
  jpeg_set_quality(jpeg, quality, TRUE);
  jpeg->dct_method = quality < kExactDctQuality ? JDCT_IFAST : JDCT_ISLOW;
  jpeg->raw_data_in = input != JCS_RGB;
}

void write_rgb_rows(j_compress_ptr jpeg, const PictureView& picture) {
  std::array<JSAMPROW, McuRows::kLumaRows> rows;
  const Plane& plane = picture.planes[0];
  size_t top = jpeg->next_scanline;
  size_t count = std::min<size_t>(rows.size(), jpeg->image_height - top);
  for (size_t i = 0; i < count; ++i) {
    rows[i] = const_cast<uint8_t*>(plane.data + (top + i) * plane.stride);
  }
  jpeg_write_scanlines(jpeg, rows.data(), static_cast<JDIMENSION>(count));
}

}  // namespace

struct JpegEncoder::State {
  jpeg_compress_struct codec{};
  JpegErrors errors{};
  jpeg_destination_mgr destination{};
  J_COLOR_SPACE input = JCS_UNKNOWN;  // what `codec` is configured for
  int quality = 0;
  PictureView picture;
  McuRows rows;
  BufferPool* pool = nullptr;
  BufferRef output;
  size_t guess = 0;  // capacity that the next JPEG probably needs
  bool running = false;

  State();
  ~State() { jpeg_destroy_compress(&codec); }

  bool start(int wanted_quality);
  bool write_rows();
  bool finish();
  bool grow();
  void learn(size_t size);
  Error failure() const { return Error{std::string("JPEG encoder: ") + errors.message}; }

  static State& of(j_compress_ptr jpeg) { return *static_cast<State*>(jpeg->client_data); }
  static void on_start(j_compress_ptr jpeg);
  static boolean on_full(j_compress_ptr jpeg);
  static void on_end(j_compress_ptr jpeg);
};

JpegEncoder::State::State() {
  codec.err = set_up(errors);
  bool created = guarded(codec, [](j_compress_ptr jpeg) { jpeg_create_compress(jpeg); });
  CHECK(created);
  codec.client_data = this;
  codec.dest = &destination;
  destination.init_destination = on_start;
  destination.empty_output_buffer = on_full;
  destination.term_destination = on_end;
}

bool JpegEncoder::State::start(int wanted_quality) {
  J_COLOR_SPACE wanted_input = input_of(picture.format);
  bool changed = wanted_input != input || wanted_quality != quality;
  input = wanted_input;
  quality = wanted_quality;
  codec.image_width = static_cast<JDIMENSION>(picture.width);
  codec.image_height = static_cast<JDIMENSION>(picture.height);
  return guarded(codec, [=](j_compress_ptr jpeg) {
    if (changed) configure(jpeg, wanted_input, wanted_quality);
    jpeg_start_compress(jpeg, TRUE);
  });
}

bool JpegEncoder::State::write_rows() {
  if (input == JCS_RGB) {
    return guarded(codec, [this](j_compress_ptr jpeg) { write_rgb_rows(jpeg, picture); });
  }
  rows.gather(static_cast<int>(codec.next_scanline));
  return guarded(codec, [this](j_compress_ptr jpeg) {
    JSAMPARRAY planes[] = {rows.luma(), rows.cb(), rows.cr()};
    jpeg_write_raw_data(jpeg, planes, McuRows::kLumaRows);
  });
}

bool JpegEncoder::State::finish() {
  return guarded(codec, [](j_compress_ptr jpeg) { jpeg_finish_compress(jpeg); });
}

void JpegEncoder::State::on_start(j_compress_ptr jpeg) {
  MutableBytes room = of(jpeg).output.storage();
  jpeg->dest->next_output_byte = room.data();
  jpeg->dest->free_in_buffer = room.size();
}

boolean JpegEncoder::State::on_full(j_compress_ptr jpeg) {
  if (!of(jpeg).grow()) ERREXIT(jpeg, JERR_BUFFER_SIZE);
  return TRUE;
}

void JpegEncoder::State::on_end(j_compress_ptr jpeg) {
  State& state = of(jpeg);
  size_t size = state.output.storage().size() - jpeg->dest->free_in_buffer;
  state.output.set_size(size);
  state.learn(size);
}

// libjpeg calls this when the whole capacity is written, and only then.
bool JpegEncoder::State::grow() {
  MutableBytes full = output.storage();
  if (full.size() >= kFrameSizeMax) return false;
  BufferRef larger = pool->take(std::min(2 * full.size(), kFrameSizeMax));
  MutableBytes room = larger.storage();
  std::memcpy(room.data(), full.data(), full.size());
  destination.next_output_byte = room.data() + full.size();
  destination.free_in_buffer = room.size() - full.size();
  output = std::move(larger);
  return true;
}

// The guess stays while it serves, so that the pool is asked for one size and its buffers fit.
void JpegEncoder::State::learn(size_t size) {
  if (size > guess || size < guess / 4) {
    guess = std::clamp(size + size / 2, kGuessMin, kFrameSizeMax);
  }
}

JpegEncoder::JpegEncoder() : state_(std::make_unique<State>()) {}

JpegEncoder::~JpegEncoder() = default;

Result<> JpegEncoder::begin(const PictureView& picture, int quality, BufferPool& pool) {
  State& state = *state_;
  // Whatever came before, finished, abandoned or failed: this makes libjpeg idle.
  jpeg_abort_compress(&state.codec);
  state.running = false;
  int side_max = JPEG_MAX_DIMENSION;
  if (picture.width < 1 || picture.height < 1 || picture.width > side_max ||
      picture.height > side_max) {
    return Error{"a picture of " + std::to_string(picture.width) + "x" +
                 std::to_string(picture.height) + " pixels cannot be a JPEG"};
  }
  state.picture = picture;
  state.pool = &pool;
  size_t pixels = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height);
  if (state.guess == 0) state.guess = std::clamp(pixels / 4, kGuessMin, kFrameSizeMax);
  state.output = pool.take(state.guess);
  if (picture.format != PixelFormat::kRgb24) state.rows.begin(picture);
  if (!state.start(quality)) return state.failure();
  state.running = true;
  return {};
}

Result<bool> JpegEncoder::step() {
  State& state = *state_;
  CHECK(state.running);
  return advance(state.write_rows());
}

Result<bool> JpegEncoder::put_line(const uint8_t* rgb) {
  State& state = *state_;
  CHECK(state.running && state.input == JCS_RGB);
  return advance(guarded(state.codec, [rgb](j_compress_ptr jpeg) {
    auto* row = const_cast<uint8_t*>(rgb);
    jpeg_write_scanlines(jpeg, &row, 1);
  }));
}

Result<bool> JpegEncoder::advance(bool written) {
  State& state = *state_;
  const jpeg_compress_struct& jpeg = state.codec;
  bool more = written && jpeg.next_scanline < jpeg.image_height;
  if (more) return false;
  state.running = false;
  if (written && state.finish()) return true;
  return state.failure();
}

BufferRef JpegEncoder::take() {
  CHECK(!state_->running);
  return std::move(state_->output);
}

}  // namespace camloop
