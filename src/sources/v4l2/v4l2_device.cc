#include "sources/v4l2/v4l2_device.h"

#include "base/check.h"
#include "base/clock.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <linux/videodev2.h>

namespace camloop {
namespace {

#if defined(__arm__) && !defined(__aarch64__)
// With a 64-bit time_t it is 80 bytes, and Linux 4.9 knows no such ioctl.
static_assert(sizeof(v4l2_buffer) == 68);
#endif

constexpr size_t kBuffersMin = 2;
// Fewer with the driver and it drops pictures, or stops.
constexpr int kWithDriverMin = 2;
// A stamp this old or from the future is a driver's mistake.
constexpr int64_t kStampAgeMax_us = 10 * kSecond_us;

// From the BSP's ION: cleans and invalidates the cache for a range of our addresses.
constexpr unsigned long kIonSunxiFlushRange = 5;
struct IonSunxiRange {
  long start;
  long end;
};

int64_t capture_time_us(const v4l2_buffer& buffer) {
  int64_t now_us = monotonic_us();
  if ((buffer.flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) != V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC) {
    return now_us;
  }
  int64_t stamp_us = buffer.timestamp.tv_sec * kSecond_us + buffer.timestamp.tv_usec;
  return stamp_us > now_us || stamp_us < now_us - kStampAgeMax_us ? now_us : stamp_us;
}

}  // namespace

// A v4l2_buffer and what it points to. Made anew for every call: drivers write into reserved
// fields, and refuse them when they come back.
struct V4l2Device::Message {
  v4l2_buffer buffer{};
  v4l2_plane planes[3]{};

  Message(const V4l2Node& node, const V4l2Grant& grant, int index) {
    buffer.index = static_cast<uint32_t>(index);
    buffer.type = v4l2_queue_type(node);
    buffer.memory = V4L2_MEMORY_MMAP;
    if (!node.multi_planar()) return;
    buffer.m.planes = planes;
    buffer.length = static_cast<uint32_t>(grant.format->memories);
  }
  Message(const Message&) = delete;
};

Result<std::unique_ptr<V4l2Device>> V4l2Device::open(V4l2Calls& calls, const std::string& path,
                                                     const SourceOptions& options) {
  V4l2Node node = TRY(V4l2Node::open(calls, path));
  if (!node.captures()) return Error{path + " is not a camera"};
  V4l2Grant grant = TRY(negotiate_v4l2(node, options));
  std::unique_ptr<V4l2Device> device(new V4l2Device(std::move(node), grant));
  TRY(device->map_buffers(options.buffers));
  return device;
}

V4l2Device::V4l2Device(V4l2Node node, const V4l2Grant& grant)
    : node_(std::move(node)), grant_(grant) {
  if (!grant_.format->jpeg) {
    layout_ =
        picture_layout(*grant_.format, grant_.width, grant_.height, grant_.strides, node_.sunxi());
  }
  if (node_.sunxi()) ion_ = node_.calls().open("/dev/ion");
}

V4l2Device::~V4l2Device() {
  CHECK(!any_lent());
  stop();
  for (const Buffer& buffer : buffers_) {
    for (const Mapping& mapping : buffer.mappings) {
      if (mapping.memory) node_.calls().unmap(mapping.memory, mapping.length);
    }
  }
  if (ion_ >= 0) node_.calls().close(ion_);
}

Result<> V4l2Device::map_buffers(int count) {
  v4l2_requestbuffers request{};
  request.count = static_cast<uint32_t>(count);
  request.type = v4l2_queue_type(node_);
  request.memory = V4L2_MEMORY_MMAP;
  if (int code = node_.control(VIDIOC_REQBUFS, &request)) return node_.error("REQBUFS", code);
  if (request.count < kBuffersMin) return node_.error("REQBUFS", ENOMEM);
  buffers_.resize(request.count);
  for (int index = 0; index < buffer_count(); ++index) TRY(map_buffer(index));
  return {};
}

Result<> V4l2Device::map_buffer(int index) {
  Message message(node_, grant_, index);
  if (int code = node_.control(VIDIOC_QUERYBUF, &message.buffer)) {
    return node_.error("QUERYBUF", code);
  }
  for (size_t i = 0; i < static_cast<size_t>(grant_.format->memories); ++i) {
    const v4l2_plane& plane = message.planes[i];
    size_t length = node_.multi_planar() ? plane.length : message.buffer.length;
    uint32_t offset = node_.multi_planar() ? plane.m.mem_offset : message.buffer.m.offset;
    void* memory = node_.calls().map(node_.descriptor(), length, offset);
    if (!memory) return node_.error("mmap", errno);
    buffer(index).mappings[i] = {memory, length};
  }
  return {};
}

Result<> V4l2Device::start() {
  for (int index = 0; index < buffer_count(); ++index) {
    if (buffer(index).holder == Holder::kProgram) TRY(queue(index));
  }
  uint32_t type = v4l2_queue_type(node_);
  if (int code = node_.control(VIDIOC_STREAMON, &type)) return node_.error("STREAMON", code);
  return {};
}

void V4l2Device::stop() {
  uint32_t type = v4l2_queue_type(node_);
  // A camera that is gone cannot be told; there is nothing to be done about it.
  node_.control(VIDIOC_STREAMOFF, &type);
  for (Buffer& buffer : buffers_) {
    if (buffer.holder == Holder::kDriver) buffer.holder = Holder::kProgram;
  }
}

Result<std::optional<FilledBuffer>> V4l2Device::dequeue() {
  Message message(node_, grant_, 0);
  if (int code = node_.control(VIDIOC_DQBUF, &message.buffer)) {
    if (code == EAGAIN) return std::optional<FilledBuffer>{};
    return node_.error("DQBUF", code);
  }
  if (message.buffer.index >= buffers_.size()) return node_.error("DQBUF", EPROTO);
  FilledBuffer filled;
  filled.index = static_cast<int>(message.buffer.index);
  filled.captured_us = capture_time_us(message.buffer);
  filled.sequence = message.buffer.sequence;
  filled.memories = filled_memories(message);
  filled.whole = (message.buffer.flags & V4L2_BUF_FLAG_ERROR) == 0 && !filled.memories[0].empty();
  buffer(filled.index).holder = Holder::kProgram;
  return std::optional(filled);
}

std::array<Bytes, 3> V4l2Device::filled_memories(const Message& message) const {
  std::array<Bytes, 3> memories;
  const Buffer& buffer = buffers_[message.buffer.index];
  for (size_t i = 0; i < static_cast<size_t>(grant_.format->memories); ++i) {
    const Mapping& mapping = buffer.mappings[i];
    const v4l2_plane& plane = message.planes[i];
    size_t used = node_.multi_planar() ? plane.bytesused : message.buffer.bytesused;
    size_t begin = node_.multi_planar() ? plane.data_offset : 0;
    // sunxi-vin's count is a constant that leaves out its own padding: the mapping is what holds.
    if (node_.sunxi() && used != 0) used = mapping.length;
    used = std::min(used, mapping.length);
    if (begin >= used) continue;
    memories[i] = Bytes(static_cast<const uint8_t*>(mapping.memory), used).subspan(begin);
  }
  return memories;
}

Result<> V4l2Device::queue(int index) {
  Message message(node_, grant_, index);
  if (int code = node_.control(VIDIOC_QBUF, &message.buffer)) {
    keep(index);
    return node_.error("QBUF", code);
  }
  buffer(index).holder = Holder::kDriver;
  return {};
}

void V4l2Device::sync(const FilledBuffer& filled) {
  if (ion_ < 0) return;
  for (Bytes memory : filled.memories) {
    if (memory.empty()) continue;
    auto start = reinterpret_cast<long>(memory.data());
    IonSunxiRange range{start, start + static_cast<long>(memory.size())};
    node_.calls().control(ion_, kIonSunxiFlushRange, &range);
  }
}

std::optional<PictureView> V4l2Device::view(const FilledBuffer& filled) const {
  PictureView view;
  view.format = grant_.format->pixels;
  view.width = layout_.width;
  view.height = layout_.height;
  view.captured_us = filled.captured_us;
  view.sequence = filled.sequence;
  for (size_t i = 0; i < static_cast<size_t>(layout_.plane_count); ++i) {
    const PlaneLayout& plane = layout_.planes[i];
    Bytes memory = filled.memories[static_cast<size_t>(plane.memory)];
    if (plane.end() > memory.size()) return std::nullopt;
    view.planes[i] = {memory.data() + plane.offset, plane.stride};
  }
  return view;
}

bool V4l2Device::may_lend() const {
  // With only two buffers the driver has to live with one.
  return held_by(Holder::kDriver) >= std::min(kWithDriverMin, buffer_count() - 1);
}

int V4l2Device::held_by(Holder holder) const {
  auto holds = [holder](const Buffer& buffer) { return buffer.holder == holder; };
  return static_cast<int>(std::count_if(buffers_.begin(), buffers_.end(), holds));
}

}  // namespace camloop
