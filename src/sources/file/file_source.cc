#include "sources/file/file_source.h"

#include "base/clock.h"
#include "base/file_stamp.h"
#include "sources/file/file_reader.h"
#include "sources/picture_buffers.h"
#include "sources/ticker.h"

#include <utility>

namespace camloop {
namespace {

// A little under a second, so that every tick of an idle source tries.
constexpr int64_t kRetry_us = kSecond_us * 9 / 10;
// A still that does not change is shown anew this often: viewers who come later, and snapshots,
// want a picture of now.
constexpr int64_t kStillPeriod_us = kSecond_us * 9 / 10;
// A film is looked at this often: a stat() for every frame is a tenth of what sending one costs.
constexpr int64_t kLook_us = kSecond_us / 2;
// A file that is written in place is broken for a moment: not worth a NO SIGNAL.
constexpr int64_t kGrace_us = kSecond_us / 2;

class FileSource : public Source {
 public:
  FileSource(Loop& loop, const std::string& path, const SourceOptions& options, BufferPool& pool,
             SourceHandler& handler)
      : handler_(handler),
        path_(path),
        tools_{pool, buffers_, loop.read_buffer(), facts_},
        ticker_(loop, options.fps, [this] { tick(); }) {
    facts_.name = "file:" + path;
    facts_.fps = options.fps;
  }

  void set_active(bool active) override;
  const SourceFacts& facts() const override { return facts_; }

 private:
  void tick();
  Result<> show(const Tick& tick, bool wanted);
  Result<> follow_file(int64_t now_us);
  void deliver(Shot shot);
  void fail(const Error& why, int64_t now_us);

  SourceHandler& handler_;
  std::string path_;
  SourceFacts facts_;
  PictureBuffers buffers_;
  FileTools tools_;
  std::unique_ptr<FileReader> reader_;  // none while the file cannot be shown
  FileStamp stamp_;                     // of the file as the reader knows it
  uint64_t sequence_ = 0;               // of ticks
  bool fresh_ = true;                   // nothing has been shown since becoming active
  int64_t shown_at_us_ = 0;             // when something was, last
  int64_t looked_at_us_ = 0;            // the file's stamp
  int64_t failing_since_us_ = 0;        // 0: all is well
  int64_t retry_at_us_ = 0;
  Ticker ticker_;  // last: it ends first
};

void FileSource::set_active(bool active) {
  if (active) {
    fresh_ = true;
    retry_at_us_ = 0;
  }
  ticker_.set_active(active);
}

void FileSource::tick() {
  int64_t now_us = monotonic_us();
  Tick tick{now_us, sequence_++, fresh_ || now_us - shown_at_us_ >= kStillPeriod_us};
  if (tick.captured_us < retry_at_us_) return;
  Result<> shown = show(tick, handler_.wants(tick.captured_us));
  if (!shown.ok()) fail(shown.error(), tick.captured_us);
}

// While there is a fault the file is read even unasked: only a picture is the all-clear.
Result<> FileSource::show(const Tick& tick, bool wanted) {
  TRY(follow_file(tick.captured_us));
  if (!wanted && facts_.fault.empty()) return reader_->skip();
  Shot shot = TRY(reader_->read(tick));
  if (!shot.jpeg && !shot.picture) return {};
  shown_at_us_ = tick.captured_us;
  deliver(std::move(shot));
  return {};
}

// A file renamed into place is opened; one that was written to is looked at anew by its reader.
Result<> FileSource::follow_file(int64_t now_us) {
  if (reader_ && reader_->is_film() && now_us - looked_at_us_ < kLook_us) return {};
  looked_at_us_ = now_us;
  FileStamp stamp = TRY(file_stamp(path_));
  if (reader_ && stamp == stamp_) return {};
  bool same_file = reader_ && stamp.same_file(stamp_);
  stamp_ = stamp;
  if (same_file) return reader_->changed();
  bool was_lost = !reader_ && facts_.pictures > 0;
  reader_ = TRY(open_file(path_, tools_));
  if (was_lost) ++facts_.reopened;
  return {};
}

void FileSource::deliver(Shot shot) {
  fresh_ = false;
  failing_since_us_ = 0;
  facts_.fault.clear();
  ++facts_.pictures;
  facts_.width = shot.jpeg ? shot.jpeg.width : shot.picture.view().width;
  facts_.height = shot.jpeg ? shot.jpeg.height : shot.picture.view().height;
  if (shot.jpeg) {
    handler_.on_jpeg(std::move(shot.jpeg));
  } else {
    handler_.on_picture(std::move(shot.picture));
  }
}

void FileSource::fail(const Error& why, int64_t now_us) {
  reader_.reset();
  if (failing_since_us_ == 0) failing_since_us_ = now_us;
  bool may_be_brief = facts_.pictures > 0 && now_us - failing_since_us_ < kGrace_us;
  retry_at_us_ = may_be_brief ? 0 : now_us + kRetry_us;
  std::string fault = path_ + ": " + why.text;
  if (may_be_brief || fault == facts_.fault) return;
  facts_.fault = fault;
  handler_.on_lost(Error{fault, why.code});
}

}  // namespace

Result<std::unique_ptr<Source>> make_file_source(Loop& loop, const std::string& path,
                                                 const SourceOptions& options, BufferPool& pool,
                                                 SourceHandler& handler) {
  if (path.empty()) return Error{"file: needs a path, such as file:/tmp/clip.mjpeg"};
  return std::unique_ptr<Source>(new FileSource(loop, path, options, pool, handler));
}

}  // namespace camloop
