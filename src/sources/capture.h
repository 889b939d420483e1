// Capture: from a source's pictures to the hub's frames. It encodes, in slices, what somebody wants
// to see, lets the newest picture win, and shows "no signal" while the source has none.
#pragma once

#include "base/histogram.h"
#include "io/idle.h"
#include "io/timer.h"
#include "media/hub.h"
#include "media/jpeg_encoder.h"
#include "sources/picture_buffers.h"
#include "sources/source.h"

#include <functional>
#include <memory>
#include <optional>

namespace camloop {

class Capture : public SourceHandler {
 public:
  using MakeSource = std::function<Result<std::unique_ptr<Source>>(BufferPool&, SourceHandler&)>;

  struct Options {
    int quality;  // JPEG, 1 to 100
    int width;    // of the "no signal" picture, until a source says better
    int height;
    // Held back for reuse: the one being written, the newest in the hub, one behind each of the
    // few slow clients that are still on an older one.
    size_t frames_kept = 4;
  };

  struct Counts {
    uint64_t encoded = 0;
    uint64_t superseded = 0;  // pictures that gave way to a newer one while the encoder was busy
    uint64_t no_signal = 0;   // "no signal" pictures shown
    uint64_t encode_failed = 0;
  };

  /// Makes the source and starts it; fails where `make_source` does.
  static Result<std::unique_ptr<Capture>> create(Loop& loop, Hub& hub, const Options& options,
                                                 const MakeSource& make_source);
  ~Capture();

  const SourceFacts& facts() const { return source_->facts(); }
  std::optional<LinkFacts> link_facts() const { return source_->link_facts(); }
  const Counts& counts() const { return counts_; }
  /// What one encoding costs, without the turns of the loop in between.
  const Histogram& encode_cost() const { return encode_cost_; }
  /// Whether the source is alive: an Error says what it waits for.
  Result<> health(int64_t now_us) const;
  /// The source has been alive since it was made, and is.
  bool alive(int64_t now_us) const { return seen_ && health(now_us).ok(); }

  /// A source to go on with, or the Error of `make_source`. This one stays as it is meanwhile.
  Result<std::unique_ptr<Source>> make(const MakeSource& make_source) {
    return make_source(pool_, *this);
  }
  Listener* source_listener() { return source_->listener(); }
  /// Goes on with what make() gave; `width` and `height` as in Options.
  void replace_source(std::unique_ptr<Source> source, int width, int height);
  /// From the next picture on.
  void set_quality(int quality) { options_.quality = quality; }

  /// As the functions of Source.
  void reopen_source() { source_->reopen(); }
  void set_controls(const CameraControls& controls) { source_->set_controls(controls); }
  Result<> set_control(const std::string& name, int value) {
    return source_->set_control(name, value);
  }
  void set_lag_max(int64_t lag_max_us) { source_->set_lag_max(lag_max_us); }
  void set_buffer_count(int count) { source_->set_buffer_count(count); }
  Result<> send_text(std::string_view text) { return source_->send_text(text); }

 private:
  Capture(Loop& loop, Hub& hub, const Options& options);

  bool wants(int64_t captured_us) override;
  void on_picture(Picture picture) override;
  void on_jpeg(Frame frame) override;
  void on_lost(const Error& why) override;

  void demand_changed();
  void await_first_picture();
  void encode_turn();
  void begin_encoding(Picture picture);
  void abandon_encoding(const Error& why);
  void stop_encoding();
  void finish_encoding();
  void show_no_signal();
  void picture_came();

  Hub& hub_;
  Options options_;
  BufferPool pool_;
  JpegEncoder encoder_;
  Owned<Idle> encode_turns_;
  Owned<Timer> no_signal_;  // runs while there is no picture
  std::unique_ptr<Source> source_;

  std::optional<PictureBuffers> no_signal_picture_;  // while there is no other

  // At most two pictures are on loan: the one being encoded and the newest behind it.
  Picture encoding_;
  Picture waiting_;
  bool encoded_ = false;  // the JPEG is complete and goes out in the next turn
  int64_t encode_spent_us_ = 0;

  Error lost_;
  int64_t last_sign_us_ = 0;  // of life from the source
  bool seen_ = false;         // there was one
  uint64_t no_signal_sequence_ = 0;
  Counts counts_;
  Histogram encode_cost_;
};

}  // namespace camloop
