#include "sources/file/y4m_file.h"

namespace camloop {
namespace {

constexpr size_t kBareFrameLineSize = 5 + 1;  // "FRAME" and the newline

Result<Y4mHeader> read_header(const InputFile& file, MutableBytes scratch) {
  return parse_y4m_header(TRY(file.read(0, scratch.first(kY4mHeaderMax))));
}

}  // namespace

Result<std::unique_ptr<FileReader>> Y4mFile::open(InputFile file, const FileTools& tools) {
  Y4mHeader header = TRY(read_header(file, tools.scratch));
  size_t size = TRY(file.size());
  return std::unique_ptr<FileReader>(new Y4mFile(std::move(file), header, size, tools));
}

Y4mFile::Y4mFile(InputFile file, const Y4mHeader& header, size_t size, const FileTools& tools)
    : file_(std::move(file)),
      tools_(tools),
      header_(header),
      end_(size),
      position_(header.header_size),
      frame_line_size_(kBareFrameLineSize) {
  tools_.facts.format = header.format == PixelFormat::kGrey ? "Y4M mono" : "Y4M 4:2:0";
}

Result<Shot> Y4mFile::read(const Tick& tick) {
  std::optional<int> buffer = tools_.buffers.find(header_.frame_size);
  if (!buffer) {
    ++tools_.facts.dropped_stale;
    advance();
    return Shot{};
  }
  uint8_t* pixels = tools_.buffers.data(*buffer);
  Found found = TRY(read_due(pixels));
  // Skipping loses its place where FRAME lines differ in length: then, too, the film begins anew.
  if (found != Found::kWhole && position_ > header_.header_size) {
    ++tools_.facts.dropped_broken;
    if (found == Found::kCut) end_ = position_;
    position_ = header_.header_size;
    found = TRY(read_due(pixels));
  }
  if (found != Found::kWhole) return Error{"there is no whole frame in the Y4M file"};
  advance();
  file_.announce(position_, frame_line_size_ + header_.frame_size);
  PictureView view = y4m_picture(header_, pixels);
  view.captured_us = tick.captured_us;
  view.sequence = tick.sequence;
  return Shot{{}, tools_.buffers.lend(view, *buffer)};
}

Result<Y4mFile::Found> Y4mFile::read_due(uint8_t* pixels) {
  MutableBytes body{pixels, header_.frame_size};
  uint8_t line[kY4mFrameLineMax];
  size_t count = TRY(file_.read(position_, MutableBytes(line).first(kBareFrameLineSize), body));
  if (count < kBareFrameLineSize) return Found::kCut;
  frame_line_size_ = y4m_frame_line_size({line, kBareFrameLineSize});
  if (frame_line_size_ == 0) {
    frame_line_size_ = y4m_frame_line_size(TRY(file_.read(position_, line)));
    if (frame_line_size_ == 0) return Found::kNoFrame;
    count = frame_line_size_ + TRY(file_.read(position_ + frame_line_size_, body)).size();
  }
  return count == frame_line_size_ + body.size() ? Found::kWhole : Found::kCut;
}

void Y4mFile::advance() {
  position_ += frame_line_size_ + header_.frame_size;
  if (position_ >= end_) position_ = header_.header_size;
}

Result<> Y4mFile::skip() {
  advance();
  return {};
}

// It has grown, or something else is in it now.
Result<> Y4mFile::changed() {
  if (TRY(read_header(file_, tools_.scratch)) != header_)
    return Error{"the Y4M header has changed"};
  end_ = TRY(file_.size());
  return {};
}

}  // namespace camloop
