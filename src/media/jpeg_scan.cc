#include "media/jpeg_scan.h"

#include "base/check.h"
#include "media/frame.h"
#include "media/jpeg_marker.h"
#include "media/standard_huffman.h"

#include <algorithm>
#include <cstring>

namespace camloop {
namespace {

using namespace jpeg_marker;  // NOLINT(google-build-using-namespace)

// Browsers decode with libjpeg-turbo, and this is its limit (JPEG_MAX_DIMENSION).
constexpr int kSideMax = 65500;

Error broken(const char* why, size_t offset) {
  return Error{"broken JPEG: " + std::string(why) + " at byte " + std::to_string(offset)};
}

// One marker and what belongs to it; views of the JPEG that is walked.
struct Segment {
  uint8_t marker = 0;
  size_t begin = 0;  // offset of the marker
  Bytes whole;       // from the marker on; of SOS with the entropy-coded data
  Bytes payload;     // what the length counts, but for itself
};

// Goes from marker to marker. Every byte of a scan is passed by memchr once: 57 KB are some 50 us
// on the board, and a copy follows anyway.
class Walker {
 public:
  explicit Walker(Bytes jpeg) : jpeg_(jpeg) {}

  Result<Segment> next();

 private:
  size_t scan_end(size_t from) const;

  Bytes jpeg_;
  size_t at_ = 0;
};

Result<Segment> Walker::next() {
  if (at_ < jpeg_.size() && jpeg_[at_] != 0xff) return broken("no marker", at_);
  while (at_ + 1 < jpeg_.size() && jpeg_[at_ + 1] == 0xff) ++at_;  // fill bytes, T.81 B.1.1.2
  Bytes rest = jpeg_.subspan(at_);
  if (rest.size() < 2) return broken("no EOI", jpeg_.size());
  Segment segment{rest[1], at_, rest.first(2), {}};
  if (has_segment(segment.marker)) {
    if (rest.size() < 4) return broken("no EOI", jpeg_.size());
    size_t length = static_cast<size_t>(rest[2]) << 8 | rest[3];
    if (length < 2) return broken("a segment of impossible length", at_);
    if (2 + length > rest.size()) return broken("a segment beyond the end", at_);
    segment.payload = rest.subspan(4, length - 2);
    size_t end = segment.marker == kScan ? scan_end(at_ + 2 + length) - at_ : 2 + length;
    segment.whole = rest.first(end);
  }
  at_ += segment.whole.size();
  return segment;
}

// The offset of the marker that ends the entropy-coded data, or the end of the bytes.
size_t Walker::scan_end(size_t from) const {
  while (from < jpeg_.size()) {
    const void* found = std::memchr(jpeg_.data() + from, 0xff, jpeg_.size() - from);
    if (!found) break;
    from = static_cast<size_t>(static_cast<const uint8_t*>(found) - jpeg_.data());
    if (from + 1 == jpeg_.size() || !stays_in_scan(jpeg_[from + 1])) return from;
    from += 2;
  }
  return jpeg_.size();
}

bool starts_with(Bytes bytes, std::string_view text) {
  return as_text(bytes).starts_with(text);
}

// How much of a metadata payload is kept. JFIF 1.02: name, version, units, two densities, the two
// sizes of a thumbnail. Adobe: name, version, two flags, the colour transform, without which
// colours are lost.
constexpr size_t kJfifSize = 5 + 2 + 1 + 2 * 2 + 2 * 1;
constexpr size_t kAdobeSize = 5 + 2 + 2 * 2 + 1;

// A comment is kept where it can hold no marker: ffmpeg puts one into every frame, and such frames
// need no mending.
size_t kept_size(const Segment& segment) {
  Bytes payload = segment.payload;
  if (segment.marker == kComment) {
    bool plain = std::ranges::find(payload, 0xff) == payload.end();
    return plain ? payload.size() : 0;
  }
  bool jfif = segment.marker == kApp0 && starts_with(payload, {"JFIF\0", 5});
  if (jfif && payload.size() >= kJfifSize) return kJfifSize;
  bool adobe = segment.marker == kApp14 && starts_with(payload, "Adobe");
  return adobe && payload.size() >= kAdobeSize ? kAdobeSize : 0;
}

// Judges one segment after another.
class Judge {
 public:
  Result<> take(const Segment& segment);
  bool done() const { return layout_.end > 0; }
  const JpegLayout& layout() const { return layout_; }

 private:
  Result<> take_frame_header(const Segment& segment);
  Result<> take_scan(const Segment& segment);

  JpegLayout layout_;
  bool started_ = false;
  bool has_quantisation_tables_ = false;
};

Result<> Judge::take(const Segment& segment) {
  if (!std::exchange(started_, true)) {
    return segment.marker == kStart ? Result<>() : broken("no SOI", segment.begin);
  }
  if (is_frame_header(segment.marker)) return take_frame_header(segment);
  if (is_metadata(segment.marker)) {
    if (kept_size(segment) < segment.payload.size()) layout_.has_metadata = true;
    return {};
  }
  switch (segment.marker) {
    case kScan:
      return take_scan(segment);
    case kHuffmanTables:
      if (layout_.sos == 0) layout_.has_huffman_tables = true;
      return {};
    case kQuantisationTables:
      has_quantisation_tables_ = true;
      return {};
    case kEnd:
      if (layout_.sos == 0) return broken("EOI before any scan", segment.begin);
      layout_.end = segment.begin + segment.whole.size();
      return {};
    case kStart:
      return broken("cut short, a second SOI", segment.begin);
    default:
      if (!has_segment(segment.marker)) return broken("a marker out of place", segment.begin);
      return {};
  }
}

Result<> Judge::take_frame_header(const Segment& segment) {
  if (layout_.width > 0) return broken("a second frame header", segment.begin);
  if (segment.marker > kProgressive) return broken("a coding no browser shows", segment.begin);
  // Precision, height, width, number of components and three bytes for each (T.81 B.2.2).
  Bytes payload = segment.payload;
  if (payload.size() < 6 || payload[5] == 0 || payload.size() != 6 + 3u * payload[5]) {
    return broken("a frame header of impossible length", segment.begin);
  }
  layout_.height = payload[1] << 8 | payload[2];
  layout_.width = payload[3] << 8 | payload[4];
  auto [shorter, longer] = std::minmax(layout_.width, layout_.height);
  if (shorter == 0 || longer > kSideMax) return broken("an impossible size", segment.begin);
  return {};
}

Result<> Judge::take_scan(const Segment& segment) {
  if (layout_.width == 0) return broken("a scan without a frame header", segment.begin);
  if (!has_quantisation_tables_) return broken("a scan without DQT", segment.begin);
  // Number of components, two bytes for each, and three that choose coefficients (T.81 B.2.3).
  Bytes payload = segment.payload;
  if (payload.empty() || payload[0] == 0 || payload.size() != 1 + 2u * payload[0] + 3) {
    return broken("a scan header of impossible length", segment.begin);
  }
  if (layout_.sos == 0) layout_.sos = segment.begin;
  return {};
}

// Writes the mended copy, segment by segment.
class Copier {
 public:
  explicit Copier(MutableBytes target) : target_(target) {}

  void append(Bytes bytes);
  void append_metadata(const Segment& segment);
  size_t size() const { return size_; }

 private:
  MutableBytes target_;
  size_t size_ = 0;
};

void Copier::append(Bytes bytes) {
  CHECK(bytes.size() <= target_.size() - size_);
  std::copy(bytes.begin(), bytes.end(), target_.begin() + static_cast<ptrdiff_t>(size_));
  size_ += bytes.size();
}

void Copier::append_metadata(const Segment& segment) {
  size_t kept = kept_size(segment);
  if (kept == 0) return;
  size_t length = 2 + kept;
  append(std::array<uint8_t, 4>{0xff, segment.marker, static_cast<uint8_t>(length >> 8),
                                static_cast<uint8_t>(length & 0xff)});
  append(segment.payload.first(kept));
  // JFIF ends in the sizes of a thumbnail that is no longer there.
  if (segment.marker == kApp0) target_[size_ - 2] = target_[size_ - 1] = 0;
}

}  // namespace

Result<JpegLayout> scan_jpeg(Bytes bytes) {
  Walker walker(bytes);
  Judge judge;
  while (!judge.done()) {
    Segment segment = TRY(walker.next());
    TRY(judge.take(segment));
  }
  return judge.layout();
}

Result<BufferRef> repair_jpeg(Bytes bytes, BufferPool& pool, JpegLayout* layout) {
  if (bytes.size() > kFrameSizeMax) return broken("more than we take", kFrameSizeMax);
  BufferRef mended = pool.take(bytes.size() + kStandardHuffmanTables.size());
  Walker walker(bytes);
  Judge judge;
  Copier copier(mended.storage());
  while (!judge.done()) {
    Segment segment = TRY(walker.next());
    TRY(judge.take(segment));
    const JpegLayout& seen = judge.layout();
    bool first_scan = segment.marker == kScan && segment.begin == seen.sos;
    if (first_scan && !seen.has_huffman_tables) copier.append(kStandardHuffmanTables);
    if (is_metadata(segment.marker)) {
      copier.append_metadata(segment);
    } else {
      copier.append(segment.whole);
    }
  }
  mended.set_size(copier.size());
  if (layout) *layout = judge.layout();
  return mended;
}

}  // namespace camloop
