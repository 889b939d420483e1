#include "sources/file/mjpeg_file.h"

#include "media/jpeg_scan.h"

#include <algorithm>

namespace camloop {
namespace {

// What is searched in one turn at most; a longer frame, or rubbish, takes several turns.
constexpr size_t kTurnBytesMax = 2u << 20;

bool is_framed(Bytes jpeg) {
  return jpeg.size() >= 4 && jpeg[0] == 0xff && jpeg[1] == 0xd8 && jpeg[jpeg.size() - 2] == 0xff &&
         jpeg[jpeg.size() - 1] == 0xd9;
}

}  // namespace

MjpegFile::MjpegFile(InputFile file, const FileTools& tools)
    : file_(std::move(file)), tools_(tools) {
  tools_.facts.format = "JPEG";
  search_from(0);
}

Result<Shot> MjpegFile::read(const Tick& tick) {
  if (is_still() && shown_ && !tick.fresh) return Shot{};
  Shot shot = noted_all_ ? TRY(read_noted(tick)) : TRY(search(tick));
  if (shot.jpeg) shown_ = true;
  return shot;
}

Result<> MjpegFile::skip() {
  if (noted_all_) {
    due_ = (due_ + 1) % index_.size();
  } else {
    TRY(search(Tick{}));
  }
  return {};
}

Result<> MjpegFile::changed() {
  shown_ = false;
  // A film goes on where it was, as a file that is still being written should.
  if (is_still()) {
    search_from(0);
  } else {
    search_from(noted_all_ ? index_[due_].offset : frame_end_);
  }
  return {};
}

Result<Shot> MjpegFile::read_noted(const Tick& tick) {
  const Entry entry = index_[due_];
  BufferRef jpeg = tools_.pool.take(entry.size);
  Bytes bytes = TRY(file_.read(entry.offset, jpeg.storage().first(entry.size)));
  if (bytes.size() < entry.size || !is_framed(bytes)) return lose_index();
  jpeg.set_size(entry.size);
  if (entry.needs_repair) {
    Result<BufferRef> repaired = repair_jpeg(bytes, tools_.pool);
    if (!repaired.ok()) return lose_index();
    jpeg = std::move(repaired).value();
  }
  due_ = (due_ + 1) % index_.size();
  if (!is_still()) file_.announce(index_[due_].offset, index_[due_].size);
  return Shot{{std::move(jpeg), entry.width, entry.height, tick.captured_us, tick.sequence}, {}};
}

// The file was rewritten without a trace in its size or time.
Shot MjpegFile::lose_index() {
  ++tools_.facts.dropped_broken;
  search_from(0);
  return {};
}

Result<Shot> MjpegFile::search(const Tick& tick) {
  for (size_t left = kTurnBytesMax; left > 0;) {
    Bytes bytes =
        TRY(file_.read(searched_, tools_.scratch.first(std::min(left, tools_.scratch.size()))));
    if (bytes.empty()) {
      TRY(end_round());
      if (is_still() && shown_) return Shot{};
      if (noted_all_) return read_noted(tick);
      continue;
    }
    size_t taken = splitter_->feed(bytes);
    searched_ += taken;
    left -= taken;
    if (!splitter_->complete()) continue;
    Result<Frame> frame = take_found(tick);
    if (frame.ok()) return Shot{std::move(frame).value(), {}};
    ++tools_.facts.dropped_broken;
    broken_ = frame.error();
  }
  return Shot{};
}

Result<Frame> MjpegFile::take_found(const Tick& tick) {
  Bytes bytes = splitter_->jpeg();
  frame_end_ = searched_;
  JpegLayout layout;
  BufferRef jpeg = TRY(repair_jpeg(bytes, tools_.pool, &layout));
  if (++frames_ > 1) tools_.facts.format = "MJPEG";
  if (index_.size() < kIndexMax) {
    index_.push_back({searched_ - bytes.size(), static_cast<uint32_t>(bytes.size()),
                      static_cast<uint16_t>(layout.width), static_cast<uint16_t>(layout.height),
                      !layout.has_huffman_tables || layout.has_metadata});
  }
  return Frame{std::move(jpeg), layout.width, layout.height, tick.captured_us, tick.sequence};
}

Result<> MjpegFile::end_round() {
  // The end cuts a JPEG short as the next one's beginning would.
  constexpr uint8_t kStartOfImage[] = {0xff, 0xd8};
  splitter_->feed(kStartOfImage);
  uint64_t cut = splitter_->cut_count() + splitter_->oversize_count();
  tools_.facts.dropped_broken += cut;
  bool from_start = began_ == 0;
  if (from_start && frames_ == 0) {
    if (cut > 0) broken_ = Error{"it is cut short"};
    std::string why = broken_.text.empty() ? "" : ": " + broken_.text;
    return Error{"there is no whole JPEG in it" + why};
  }
  if (!from_start || frames_ > index_.size()) {
    search_from(0);
    return {};
  }
  splitter_.reset();
  noted_all_ = true;
  due_ = 0;
  if (is_still()) tools_.facts.format = "JPEG";
  return {};
}

void MjpegFile::search_from(uint64_t offset) {
  index_.clear();
  noted_all_ = false;
  splitter_ = std::make_unique<JpegSplitter>(kFrameSizeMax);
  began_ = searched_ = frame_end_ = offset;
  frames_ = 0;
}

}  // namespace camloop
