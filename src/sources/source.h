// What every source of pictures is to the rest of the house.
#pragma once

#include "base/link_facts.h"
#include "base/result.h"
#include "media/frame.h"
#include "media/picture.h"
#include "sources/source_options.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace camloop {

class Listener;

/// What a source tells. A source never calls it from inside a call made to the source.
class SourceHandler {
 public:
  /// Whether a picture taken at `captured_us` would be used. Asked before any work on it.
  virtual bool wants(int64_t captured_us) = 0;
  /// Raw pixels on loan. The source goes on with its other buffers until this one is back.
  virtual void on_picture(Picture picture) = 0;
  /// A frame that is a whole, mended JPEG already.
  virtual void on_jpeg(Frame frame) = 0;
  /// There is no picture for now, and why, in words that name the device or file. The source heals
  /// itself; a picture is the all-clear.
  virtual void on_lost(const Error& why) = 0;

 protected:
  ~SourceHandler() = default;
};

/// How a camera is exposed where that is the program's task.
struct ExposureFacts {
  double lines = 0;  // of the sensor, each as long as it takes to read one; 0 while it refuses
  double luma = 0;   // of the last picture looked at, 0 to 255; see measure_luma()
};

/// What was granted and what happened, for the log, /state and /metrics.
struct SourceFacts {
  std::string name;    // "v4l2:/dev/video0", "pattern", "file:..."
  std::string device;  // what the device says it is, empty where there is none
  std::string format;  // "NV12", "MJPG", "Y4M 4:2:0"
  int width = 0;
  int height = 0;
  double fps = 0;               // granted, 0 while unknown
  std::string fault;            // why there is no picture; empty while all is well
  uint64_t pictures = 0;        // that arrived
  uint64_t dropped_broken = 0;  // cut short or not a JPEG
  uint64_t dropped_stale = 0;   // a newer one was there already when we came to look
  uint64_t reopened = 0;        // how often it was lost and opened anew
  // None where it is left to the camera or fixed by the user.
  std::optional<ExposureFacts> exposure;
};

/// Starts when made, stops when destroyed. All loans must be back before that.
class Source {
 public:
  virtual ~Source() = default;
  /// Nobody watches: `active` is false, the source does as little as keeps it alive and still asks
  /// wants() about once a second. Somebody watches: true, and no stale picture may follow.
  virtual void set_active(bool active) = 0;
  /// Begins anew with its device, as if it had been lost. Sources that have none need nothing.
  virtual void reopen() {}
  /// Sets these from now on, and at once where the device is open. Others stay as they are.
  virtual void set_controls(const CameraControls&) {}
  /// Sets one of them at once. The Error says what would be right; then nothing has changed.
  virtual Result<> set_control(const std::string& /*name*/, int /*value*/) {
    return Error{"the source has no controls"};
  }
  /// How many buffers to ask of the device from now on; where that is fewer than last time, at
  /// once.
  virtual void set_buffer_count(int) {}
  /// Of a source that is the receiver of a stamped channel: how late a frame may be.
  virtual void set_lag_max(int64_t /*lag_max_us*/) {}
  /// Sends a text to every peer of a raw link. The Error: there is none.
  virtual Result<> send_text(std::string_view) { return Error{"no raw link takes texts here"}; }
  virtual const SourceFacts& facts() const = 0;
  /// Of a source that is the receiver of a link.
  virtual std::optional<LinkFacts> link_facts() const { return std::nullopt; }
  /// Where it listens, if it does: the source that takes its place may do so on the same port.
  virtual Listener* listener() { return nullptr; }
};

}  // namespace camloop
