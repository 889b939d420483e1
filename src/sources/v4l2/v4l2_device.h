// One open camera: its mapped buffers, and the way of a buffer to the driver and back.
// Passive; its memory and descriptor go when it is destroyed.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "media/picture.h"
#include "sources/v4l2/v4l2_negotiate.h"

#include <memory>
#include <optional>
#include <vector>

namespace camloop {

/// A buffer that the driver has filled.
struct FilledBuffer {
  int index = 0;
  /// Neither marked as faulty nor empty.
  bool whole = false;
  int64_t captured_us = 0;
  uint64_t sequence = 0;
  /// What was filled of each memory; valid until the buffer is queued again.
  std::array<Bytes, 3> memories;
};

class V4l2Device {
 public:
  /// Opens, negotiates, maps; nothing streams yet. An Error names the path and is fit for a person.
  static Result<std::unique_ptr<V4l2Device>> open(V4l2Calls& calls, const std::string& path,
                                                  const SourceOptions& options);
  /// Stops, unmaps, closes. No buffer may be lent.
  ~V4l2Device();
  V4l2Device(const V4l2Device&) = delete;
  V4l2Device& operator=(const V4l2Device&) = delete;

  const V4l2Node& node() const { return node_; }
  const V4l2Grant& grant() const { return grant_; }
  int buffer_count() const { return static_cast<int>(buffers_.size()); }

  /// Hands the driver every buffer that is not lent, and lets it stream.
  Result<> start();
  /// The driver lets go of all buffers; what is in them stays readable.
  void stop();

  /// The oldest filled buffer, or none.
  Result<std::optional<FilledBuffer>> dequeue();
  /// Gives a dequeued or lent buffer to the driver.
  Result<> queue(int index);

  /// Call before reading the pixels: the board's buffers are cached, and stale lines must go.
  void sync(const FilledBuffer& filled);
  /// The picture in a buffer, or none where it would reach over what is mapped or filled.
  std::optional<PictureView> view(const FilledBuffer& filled) const;

  /// Whether a dequeued buffer can be lent and the driver still has enough to go on.
  bool may_lend() const;
  void lend(int index) { buffer(index).holder = Holder::kBorrower; }
  /// A lent buffer is back, and is not given to the driver.
  void keep(int index) { buffer(index).holder = Holder::kProgram; }
  bool any_lent() const { return held_by(Holder::kBorrower) != 0; }

 private:
  enum class Holder { kProgram, kDriver, kBorrower };
  struct Mapping {
    void* memory = nullptr;
    size_t length = 0;
  };
  struct Buffer {
    Holder holder = Holder::kProgram;
    std::array<Mapping, 3> mappings;
  };
  struct Message;

  V4l2Device(V4l2Node node, const V4l2Grant& grant);
  Result<> map_buffers(int count);
  Result<> map_buffer(int index);
  std::array<Bytes, 3> filled_memories(const Message& message) const;
  Buffer& buffer(int index) { return buffers_[static_cast<size_t>(index)]; }
  int held_by(Holder holder) const;

  V4l2Node node_;
  V4l2Grant grant_;
  PictureLayout layout_;
  std::vector<Buffer> buffers_;
  int ion_ = -1;  // /dev/ion, where buffers are synced
};

}  // namespace camloop
