// A kernel with V4L2 cameras in it, for tests: it answers every call, can be told to misbehave, and
// notes what a driver would resent.
#pragma once

#include "base/bytes.h"
#include "sources/v4l2/v4l2_calls.h"
#include "unit/temp_folder.h"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <linux/videodev2.h>

namespace camloop {

struct FakeControl {
  uint32_t id;
  std::string name;
  int minimum;
  int maximum;
  int value;
  uint32_t flags = 0;
};

/// The board's image sensor. It forgets what was set when the stream starts.
struct FakeSensor {
  bool knows_vendor_calls = true;
  int exposure_min = 16 * 16;
  int exposure_max = 1117 * 16;
  int exposure = 0;  // in its registers, in 1/16 lines
  int gain = 0;
  int sets = 0;  // of the exposure
};

/// What a node is. By default a single-planar webcam.
struct FakeNode {
  std::string driver = "fake";
  uint32_t capabilities =
      V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_META_CAPTURE | V4L2_CAP_DEVICE_CAPS;
  uint32_t device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
  int open_errno = 0;
  std::vector<FakeControl> controls;
  std::optional<FakeSensor> sensor;
};

/// What is in a buffer when it is filled.
struct FakeShot {
  std::vector<uint8_t> bytes;  // of every memory, from data_offset on
  size_t missing = 0;          // left out at the end of bytesused
  uint32_t data_offset = 0;    // multi-planar only
  uint32_t flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
  int64_t stamp_us = -1;  // -1: now
};

class FakeKernel : public V4l2Calls {
 public:
  // ---- What is plugged in
  void plug(const std::string& node, const std::string& name = "camera", FakeNode kind = {});
  /// The node vanishes and every call on it fails with ENODEV; poll says readable.
  void unplug(const std::string& node);
  /// The node as sunxi-vin's driver makes it: multi-planar, exclusive, with its quirks.
  void plug_sunxi(const std::string& node);
  /// Its sensor, whose exposure is a control that cannot be written.
  void plug_sensor(const std::string& node, const FakeSensor& sensor = {});

  // ---- How the camera behaves
  std::vector<uint32_t> formats{V4L2_PIX_FMT_YUYV};
  bool lists_formats = true;
  std::map<uint32_t, v4l2_frmsize_discrete> only_size;  // of a format; else any size goes
  uint32_t padding = 0;                                 // bytes behind each row
  uint32_t buffers_max = 32;
  uint32_t frames_per_second = 0;  // granted; 0: S_PARM is unknown
  bool knows_next_control = true;
  int interruptions = 0;                 // so many calls fail with EINTR first
  std::map<unsigned long, int> refused;  // request: the errno it fails with

  // ---- What it does
  /// Fills the buffer that was queued first and makes the node readable; false without one.
  bool fill(const FakeShot& shot = {});
  /// poll reports an error condition from now on.
  void break_poll();

  // ---- What was seen
  std::vector<std::string> violations;  // what no driver would bear
  std::map<unsigned long, int> calls;   // how often each request came
  v4l2_streamparm last_parm{};
  v4l2_format format{};
  int opened = 0;   // nodes, ever
  int mapped = 0;   // memories, now
  int flushed = 0;  // bytes through /dev/ion
  bool streaming = false;
  size_t queued_count() const { return queued_.size(); }
  size_t filled_count() const { return filled_.size(); }
  bool all_closed() const { return files_.empty() && mapped == 0; }
  FakeNode& node(const std::string& path) { return nodes_.at(path); }

 private:
  struct File {
    std::string path;
    int peer;  // the other end of the socket pair that stands for the node
    bool input_selected = false;
  };
  struct Memory {
    std::unique_ptr<uint8_t[]> bytes;
    uint32_t length = 0;
  };
  struct Buffer {
    enum { kDequeued, kQueued, kFilled } state = kDequeued;
    std::vector<Memory> memories;
    FakeShot shot;
    uint32_t sequence = 0;
  };

  int open(const char* path) override;
  void close(int descriptor) override;
  int ioctl(int descriptor, unsigned long request, void* argument) override;
  void* map(int descriptor, size_t length, uint32_t offset) override;
  void unmap(void* memory, size_t length) override;
  std::string class_folder() const override { return folder_.path(); }

  int answer(File& file, unsigned long request, void* argument);
  int answer_common(File& file, unsigned long request, void* argument);
  int answer_stream(unsigned long request, void* argument);
  int query_capabilities(const File& file, v4l2_capability& answer);
  int list_format(v4l2_fmtdesc& description);
  int set_format(v4l2_format& wish);
  int set_rate(v4l2_streamparm& wish);
  int request_buffers(v4l2_requestbuffers& request);
  int query_buffer(v4l2_buffer& message);
  int queue(v4l2_buffer& message);
  int dequeue(v4l2_buffer& message);
  int stream(bool on);
  int query_control(File& file, v4l2_queryctrl& query);
  int set_control(File& file, v4l2_control& wish);
  int answer_sensor(FakeSensor& sensor, unsigned long request, int* argument);
  void check_message(const v4l2_buffer& message, const char* call);
  bool sunxi() const;
  bool multi_planar() const;
  File* camera_file();

  TempFolder folder_;  // a sysfs of our own
  std::map<std::string, FakeNode> nodes_;
  std::map<int, File> files_;
  std::string camera_;  // the node that streams
  std::vector<Buffer> buffers_;
  std::deque<uint32_t> queued_;
  std::deque<uint32_t> filled_;
  uint32_t sequence_ = 0;
};

}  // namespace camloop
