#include "media/jpeg_decoder.h"

#include "base/check.h"
#include "media/libjpeg.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

namespace camloop {
namespace {

constexpr int kEighths = 8;

bool covers(const jpeg_decompress_struct& jpeg, int eighths, Size wanted) {
  auto scaled = [eighths](JDIMENSION side) {
    return (static_cast<int>(side) * eighths + kEighths - 1) / kEighths;
  };
  return scaled(jpeg.image_width) >= wanted.width && scaled(jpeg.image_height) >= wanted.height;
}

unsigned choose_eighths(const jpeg_decompress_struct& jpeg, Size wanted) {
  int eighths = 1;
  while (eighths < kEighths && !covers(jpeg, eighths, wanted)) ++eighths;
  return static_cast<unsigned>(eighths);
}

// Buffered mode, which a picture of several scans needs: all scans are read, then shown.
void configure(j_decompress_ptr jpeg, Size wanted) {
  jpeg->buffered_image = jpeg_has_multiple_scans(jpeg);
  jpeg->scale_num = choose_eighths(*jpeg, wanted);
  jpeg->scale_denom = kEighths;
  jpeg->out_color_space = JCS_RGB;
  jpeg->dct_method = JDCT_IFAST;
  jpeg->do_fancy_upsampling = FALSE;
  jpeg->do_block_smoothing = FALSE;
}

}  // namespace

struct JpegDecoder::State {
  jpeg_decompress_struct codec{};
  JpegErrors errors{};
  std::vector<uint8_t> line;
  bool reading = false;  // scans are yet to be read before the first line

  State();
  ~State() { jpeg_destroy_decompress(&codec); }

  bool read_header(Bytes bytes);
  bool start(Size wanted);
  bool read_scan_rows();
  bool read_line();
  Error failure() const { return Error{std::string("JPEG decoder: ") + errors.message}; }
};

JpegDecoder::State::State() {
  codec.err = set_up(errors);
  bool created = guarded(codec, [](j_decompress_ptr jpeg) { jpeg_create_decompress(jpeg); });
  CHECK(created);
  codec.mem->max_memory_to_use = kMemoryMax;
}

bool JpegDecoder::State::read_header(Bytes bytes) {
  return guarded(codec, [bytes](j_decompress_ptr jpeg) {
    jpeg_mem_src(jpeg, bytes.data(), static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(jpeg, TRUE);
  });
}

bool JpegDecoder::State::start(Size wanted) {
  return guarded(codec, [wanted](j_decompress_ptr jpeg) {
    configure(jpeg, wanted);
    jpeg_start_decompress(jpeg);
  });
}

// One row of blocks of one scan, or the markers between two.
bool JpegDecoder::State::read_scan_rows() {
  return guarded(codec, [this](j_decompress_ptr jpeg) {
    if (jpeg_consume_input(jpeg) != JPEG_REACHED_EOI) return;
    jpeg_start_output(jpeg, jpeg->input_scan_number);
    reading = false;
  });
}

bool JpegDecoder::State::read_line() {
  CHECK(codec.output_scanline < codec.output_height);
  return guarded(codec, [this](j_decompress_ptr jpeg) {
    JSAMPROW row = line.data();
    jpeg_read_scanlines(jpeg, &row, 1);
  });
}

JpegDecoder::JpegDecoder() = default;

JpegDecoder::~JpegDecoder() = default;

// Anew for each picture, as libjpeg keeps the tables of one for the next.
Result<> JpegDecoder::begin(Bytes jpeg, Size wanted) {
  state_ = std::make_unique<State>();
  State& state = *state_;
  if (!state.read_header(jpeg)) return give_up(state.failure());
  if (state.codec.image_width > kSideMax || state.codec.image_height > kSideMax) {
    return give_up(Error{"JPEG decoder: the picture is too large"});
  }
  if (!state.start(wanted)) return give_up(state.failure());
  state.reading = state.codec.buffered_image != 0;
  state.line.resize(size_t{3} * state.codec.output_width);
  return {};
}

Size JpegDecoder::size() const {
  CHECK(state_);
  return {static_cast<int>(state_->codec.output_width),
          static_cast<int>(state_->codec.output_height)};
}

// The reverse of jpeg_quality_scaling(), by the sum of the table.
int JpegDecoder::quality() const {
  constexpr double kSumAt50 = 3688;  // of T.81, table K.1
  CHECK(state_);
  const JQUANT_TBL* table = state_->codec.quant_tbl_ptrs[0];
  if (!table) return 100;
  double percent = 100 * std::accumulate(table->quantval, std::end(table->quantval), 0) / kSumAt50;
  double quality = percent <= 100 ? (200 - percent) / 2 : 5000 / percent;
  return std::clamp(static_cast<int>(std::lround(quality)), 1, 100);
}

Result<const uint8_t*> JpegDecoder::step() {
  CHECK(state_);
  State& state = *state_;
  if (!state.reading) {
    if (!state.read_line()) return give_up(state.failure());
    return state.line.data();
  }
  if (!state.read_scan_rows()) return give_up(state.failure());
  if (state.codec.input_scan_number > kScansMax) {
    return give_up(Error{"JPEG decoder: too many scans"});
  }
  return nullptr;
}

void JpegDecoder::end() {
  state_.reset();
}

Error JpegDecoder::give_up(Error why) {
  end();
  return why;
}

}  // namespace camloop
