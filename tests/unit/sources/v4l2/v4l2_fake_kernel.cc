#include "unit/sources/v4l2/v4l2_fake_kernel.h"

#include "base/clock.h"
#include "sources/v4l2/v4l2_format.h"

#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace camloop {
namespace {

constexpr uint32_t kGarbage = 0xdeadbeef;
constexpr uint32_t kIgnored = V4L2_CTRL_FLAG_VOLATILE;
// The sensor's own calls and what its registers begin with, as its driver has them.
constexpr unsigned long kSensorConfig = _IOWR('V', 192 + 60, int[15]);
constexpr unsigned long kSensorExposure = _IOWR('V', 192 + 61, int[4]);
constexpr int kFirstExposure = 399 * 16;

bool is_zero(const v4l2_plane& plane) {
  return (plane.bytesused | plane.length | plane.m.mem_offset | plane.data_offset |
          plane.reserved[0]) == 0;
}

}  // namespace

void FakeKernel::plug(const std::string& node, const std::string& name, FakeNode kind) {
  nodes_["/dev/" + node] = std::move(kind);
  std::filesystem::create_directory(folder_.path_of(node));
  folder_.write(node + "/name", name + "\n");
}

void FakeKernel::plug_sunxi(const std::string& node) {
  FakeNode kind;
  kind.driver = "sunxi-vin";
  kind.capabilities = V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING | V4L2_CAP_READWRITE |
                      V4L2_CAP_DEVICE_CAPS;
  kind.device_caps = V4L2_CAP_EXT_PIX_FORMAT;
  plug(node, "vin_video0", kind);
  formats = {V4L2_PIX_FMT_NV12};
}

void FakeKernel::plug_sensor(const std::string& node, const FakeSensor& sensor) {
  FakeNode kind;
  kind.controls = {{V4L2_CID_EXPOSURE, "Exposure", 1, 65536 * 16, 1, kIgnored}};
  kind.sensor = sensor;
  plug(node, "sp2305_mipi", kind);
}

void FakeKernel::unplug(const std::string& node) {
  std::string path = "/dev/" + node;
  nodes_.erase(path);
  std::filesystem::remove_all(folder_.path_of(node));
  for (auto& [descriptor, file] : files_) {
    if (file.path == path) send(file.peer, "!", 1, 0);
  }
}

bool FakeKernel::fill(const FakeShot& shot) {
  if (!streaming || queued_.empty()) return false;
  uint32_t index = queued_.front();
  queued_.pop_front();
  filled_.push_back(index);
  Buffer& buffer = buffers_[index];
  buffer.state = Buffer::kFilled;
  buffer.shot = shot;
  buffer.sequence = sequence_++;
  if (buffer.shot.stamp_us < 0) buffer.shot.stamp_us = monotonic_us();
  for (Memory& memory : buffer.memories) {
    size_t room = memory.length - shot.data_offset;
    size_t count = std::min(shot.bytes.size(), room);
    std::copy_n(shot.bytes.begin(), count, memory.bytes.get() + shot.data_offset);
  }
  send(camera_file()->peer, "!", 1, 0);
  return true;
}

// Closing one end of a socket pair that holds unread bytes is an error condition at the other.
void FakeKernel::break_poll() {
  for (auto& [descriptor, file] : files_) {
    if (file.path != camera_) continue;
    send(descriptor, "!", 1, 0);
    ::close(file.peer);
    file.peer = -1;
  }
}

int FakeKernel::open(const char* path) {
  auto found = nodes_.find(path);
  bool exclusive = found != nodes_.end() && found->second.driver == "sunxi-vin";
  // A mapping keeps the file open, whoever closed the descriptor.
  bool in_use = exclusive && (camera_file() != nullptr || mapped > 0);
  errno = found == nodes_.end() ? ENOENT : in_use ? EBUSY : found->second.open_errno;
  if (errno != 0) return -1;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) return -1;
  files_[ends[0]] = {path, ends[1]};
  ++opened;
  return ends[0];
}

void FakeKernel::close(int descriptor) {
  auto found = files_.find(descriptor);
  if (found == files_.end()) {
    violations.push_back("close of a descriptor that is not open");
    return;
  }
  auto node = nodes_.find(found->second.path);
  if (node != nodes_.end() && node->second.driver == "sunxi-vin" && !found->second.input_selected) {
    violations.push_back("closed without S_INPUT");
  }
  if (found->second.path == camera_) {
    if (streaming) stream(false);
    camera_.clear();
  }
  ::close(descriptor);
  if (found->second.peer >= 0) ::close(found->second.peer);
  files_.erase(found);
}

int FakeKernel::ioctl(int descriptor, unsigned long request, void* argument) {
  auto found = files_.find(descriptor);
  if (found == files_.end()) {
    errno = EBADF;
  } else if (interruptions > 0) {
    --interruptions;
    errno = EINTR;
  } else if (nodes_.count(found->second.path) == 0) {
    errno = ENODEV;
  } else {
    ++calls[request];
    auto refusal = refused.find(request);
    errno = refusal != refused.end() ? refusal->second : answer(found->second, request, argument);
  }
  return errno ? -1 : 0;
}

int FakeKernel::answer(File& file, unsigned long request, void* argument) {
  if (file.path == "/dev/ion") {
    auto* range = static_cast<long*>(argument);
    if (request != 5) return ENOTTY;
    flushed += static_cast<int>(range[1] - range[0]);
    return 0;
  }
  if (request == VIDIOC_S_INPUT) {
    file.input_selected = *static_cast<int*>(argument) == 0;
    return 0;
  }
  FakeNode& node = nodes_.at(file.path);
  if (node.sensor && (request == kSensorConfig || request == kSensorExposure)) {
    return answer_sensor(*node.sensor, request, static_cast<int*>(argument));
  }
  bool sunxi_node = node.driver == "sunxi-vin";
  if (sunxi_node && !file.input_selected) violations.push_back("a call before S_INPUT");
  return answer_common(file, request, argument);
}

int FakeKernel::answer_common(File& file, unsigned long request, void* argument) {
  switch (request) {
    case VIDIOC_QUERYCAP:
      return query_capabilities(file, *static_cast<v4l2_capability*>(argument));
    case VIDIOC_QUERYCTRL:
      return query_control(file, *static_cast<v4l2_queryctrl*>(argument));
    case VIDIOC_S_CTRL:
      return set_control(file, *static_cast<v4l2_control*>(argument));
    case VIDIOC_ENUM_FMT:
      return list_format(*static_cast<v4l2_fmtdesc*>(argument));
    case VIDIOC_S_FMT:
      camera_ = file.path;
      return set_format(*static_cast<v4l2_format*>(argument));
    case VIDIOC_TRY_FMT:
      violations.push_back("TRY_FMT");
      return 0;
    case VIDIOC_S_PARM:
      if (camera_.empty()) camera_ = file.path;
      return set_rate(*static_cast<v4l2_streamparm*>(argument));
    default:
      return answer_stream(request, argument);
  }
}

int FakeKernel::answer_stream(unsigned long request, void* argument) {
  switch (request) {
    case VIDIOC_G_FMT: {
      auto& answer = *static_cast<v4l2_format*>(argument);
      answer = format;
      return 0;
    }
    case VIDIOC_REQBUFS:
      return request_buffers(*static_cast<v4l2_requestbuffers*>(argument));
    case VIDIOC_QUERYBUF:
      return query_buffer(*static_cast<v4l2_buffer*>(argument));
    case VIDIOC_QBUF:
      return queue(*static_cast<v4l2_buffer*>(argument));
    case VIDIOC_DQBUF:
      return dequeue(*static_cast<v4l2_buffer*>(argument));
    case VIDIOC_STREAMON:
      return stream(true);
    case VIDIOC_STREAMOFF:
      return stream(false);
    default:
      return ENOTTY;
  }
}

int FakeKernel::query_capabilities(const File& file, v4l2_capability& answer) {
  const FakeNode& node = nodes_.at(file.path);
  answer = {};
  std::strncpy(reinterpret_cast<char*>(answer.driver), node.driver.c_str(),
               sizeof answer.driver - 1);
  std::strncpy(reinterpret_cast<char*>(answer.card), "Fake Camera", sizeof answer.card - 1);
  answer.capabilities = node.capabilities;
  answer.device_caps = node.device_caps;
  return 0;
}

int FakeKernel::list_format(v4l2_fmtdesc& description) {
  if (!lists_formats) return ENOTTY;
  if (description.index >= formats.size()) return EINVAL;
  description.pixelformat = formats[description.index];
  return 0;
}

int FakeKernel::set_format(v4l2_format& wish) {
  bool multi = wish.type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
  uint32_t fourcc = multi ? wish.fmt.pix_mp.pixelformat : wish.fmt.pix.pixelformat;
  if (std::find(formats.begin(), formats.end(), fourcc) == formats.end()) {
    if (sunxi()) return EINVAL;
    fourcc = formats.front();
  }
  uint32_t width = multi ? wish.fmt.pix_mp.width : wish.fmt.pix.width;
  uint32_t height = multi ? wish.fmt.pix_mp.height : wish.fmt.pix.height;
  if (auto only = only_size.find(fourcc); only != only_size.end()) {
    width = only->second.width;
    height = only->second.height;
  }
  const V4l2Format* known = find_v4l2_format(fourcc);
  uint32_t row_bytes = known && known->pixels == PixelFormat::kYuyv ? width * 2 : width;
  format = {};
  format.type = wish.type;
  if (!multi) {
    format.fmt.pix.width = width;
    format.fmt.pix.height = height;
    format.fmt.pix.pixelformat = fourcc;
    format.fmt.pix.bytesperline = row_bytes + padding;
    format.fmt.pix.sizeimage = (row_bytes + padding) * height * 2;
    wish = format;
    return 0;
  }
  auto& pix = format.fmt.pix_mp;
  pix.width = width;
  pix.height = height;
  pix.pixelformat = fourcc;
  pix.num_planes = static_cast<uint8_t>(known ? known->memories : 1);
  for (int i = 0; i < pix.num_planes; ++i) {
    bool half = i > 0 && pix.num_planes == 3;
    pix.plane_fmt[i].bytesperline =
        sunxi() ? kGarbage : (half ? row_bytes / 2 : row_bytes) + padding;
    pix.plane_fmt[i].sizeimage = (row_bytes + padding) * height * 2;
  }
  uint8_t planes = pix.num_planes;
  wish = format;
  wish.fmt.pix_mp.num_planes = sunxi() ? 0 : planes;
  return 0;
}

int FakeKernel::set_rate(v4l2_streamparm& wish) {
  last_parm = wish;
  if (frames_per_second == 0) return ENOTTY;
  wish.parm.capture.timeperframe = {1, frames_per_second};
  return 0;
}

int FakeKernel::request_buffers(v4l2_requestbuffers& request) {
  if (mapped > 0) return EBUSY;
  request.count = std::min(request.count, buffers_max);
  if (sunxi()) request.count = std::max(request.count, 3u);
  buffers_.clear();
  buffers_.resize(request.count);
  size_t memories = multi_planar() ? format.fmt.pix_mp.num_planes : 1;
  uint32_t length =
      multi_planar() ? format.fmt.pix_mp.plane_fmt[0].sizeimage : format.fmt.pix.sizeimage;
  for (Buffer& buffer : buffers_) {
    for (size_t i = 0; i < memories; ++i) {
      buffer.memories.push_back({std::make_unique<uint8_t[]>(length), length});
    }
  }
  return 0;
}

int FakeKernel::query_buffer(v4l2_buffer& message) {
  check_message(message, "QUERYBUF");
  if (message.index >= buffers_.size()) return EINVAL;
  const Buffer& buffer = buffers_[message.index];
  if (!multi_planar()) {
    message.length = buffer.memories[0].length;
    message.m.offset = message.index << 12;
    return 0;
  }
  for (uint32_t i = 0; i < buffer.memories.size(); ++i) {
    message.m.planes[i].length = buffer.memories[i].length;
    message.m.planes[i].m.mem_offset = (message.index << 12) | (i << 4);
  }
  return 0;
}

void* FakeKernel::map(int, size_t length, uint32_t offset) {
  uint32_t index = offset >> 12;
  uint32_t plane = offset >> 4 & 0xff;
  if (index >= buffers_.size() || plane >= buffers_[index].memories.size() ||
      length != buffers_[index].memories[plane].length) {
    errno = EINVAL;
    return nullptr;
  }
  ++mapped;
  return buffers_[index].memories[plane].bytes.get();
}

void FakeKernel::unmap(void* memory, size_t length) {
  for (Buffer& buffer : buffers_) {
    for (Memory& candidate : buffer.memories) {
      if (candidate.bytes.get() != memory || candidate.length != length) continue;
      candidate.bytes.reset();  // to read it from now on is an error that the sanitizer sees
      --mapped;
      return;
    }
  }
  violations.push_back("munmap of what is not mapped");
}

int FakeKernel::queue(v4l2_buffer& message) {
  check_message(message, "QBUF");
  if (message.index >= buffers_.size() || buffers_[message.index].state != Buffer::kDequeued) {
    violations.push_back("QBUF of a buffer that the driver has");
    return EINVAL;
  }
  buffers_[message.index].state = Buffer::kQueued;
  queued_.push_back(message.index);
  message.reserved2 = kGarbage;
  message.flags = kGarbage;
  return 0;
}

int FakeKernel::dequeue(v4l2_buffer& message) {
  check_message(message, "DQBUF");
  if (!streaming) return EINVAL;
  if (filled_.empty()) return EAGAIN;
  uint32_t index = filled_.front();
  filled_.pop_front();
  char byte = 0;
  for (auto& [descriptor, file] : files_) {
    if (file.path == camera_) recv(descriptor, &byte, 1, 0);
  }
  Buffer& buffer = buffers_[index];
  buffer.state = Buffer::kDequeued;
  message.index = index;
  message.flags = buffer.shot.flags;
  message.sequence = buffer.sequence;
  message.timestamp.tv_sec = static_cast<time_t>(buffer.shot.stamp_us / kSecond_us);
  message.timestamp.tv_usec = static_cast<suseconds_t>(buffer.shot.stamp_us % kSecond_us);
  auto used = static_cast<uint32_t>(buffer.shot.bytes.size() - buffer.shot.missing);
  if (!multi_planar()) {
    message.bytesused = used;
    return 0;
  }
  for (size_t i = 0; i < buffer.memories.size(); ++i) {
    message.m.planes[i].bytesused = used + buffer.shot.data_offset;
    message.m.planes[i].data_offset = buffer.shot.data_offset;
  }
  return 0;
}

int FakeKernel::stream(bool on) {
  if (on && queued_.empty()) violations.push_back("STREAMON without a buffer");
  streaming = on;
  for (auto& [path, node] : nodes_) {
    if (on && node.sensor) node.sensor->exposure = kFirstExposure;
  }
  if (on) return 0;
  for (Buffer& buffer : buffers_) buffer.state = Buffer::kDequeued;
  queued_.clear();
  filled_.clear();
  char bytes[64];
  for (auto& [descriptor, file] : files_) {
    if (file.path == camera_) recv(descriptor, bytes, sizeof bytes, 0);
  }
  return 0;
}

int FakeKernel::query_control(File& file, v4l2_queryctrl& query) {
  bool next = (query.id & V4L2_CTRL_FLAG_NEXT_CTRL) != 0;
  if (next && !knows_next_control) return EINVAL;
  uint32_t id = query.id & ~V4L2_CTRL_FLAG_NEXT_CTRL;
  for (const FakeControl& control : nodes_.at(file.path).controls) {
    if (next ? control.id <= id : control.id != id) continue;
    query = {};
    query.id = control.id;
    query.type = V4L2_CTRL_TYPE_INTEGER;
    std::strncpy(reinterpret_cast<char*>(query.name), control.name.c_str(), sizeof query.name - 1);
    query.minimum = control.minimum;
    query.maximum = control.maximum;
    query.flags = control.flags;
    return 0;
  }
  return EINVAL;
}

int FakeKernel::set_control(File& file, v4l2_control& wish) {
  for (FakeControl& control : nodes_.at(file.path).controls) {
    if (control.id != wish.id) continue;
    if ((control.flags & kIgnored) == 0) control.value = wish.value;
    return 0;
  }
  return EINVAL;
}

int FakeKernel::answer_sensor(FakeSensor& sensor, unsigned long request, int* argument) {
  if (!sensor.knows_vendor_calls) return EINVAL;
  if (request == kSensorConfig) {
    argument[9] = sensor.exposure_min;
    argument[10] = sensor.exposure_max;
    return 0;
  }
  if (!streaming) violations.push_back("the sensor was set before the stream started");
  sensor.exposure = argument[0];
  sensor.gain = argument[1];
  ++sensor.sets;
  return 0;
}

// All that the caller does not have to say must be zero.
void FakeKernel::check_message(const v4l2_buffer& message, const char* call) {
  bool zero = (message.bytesused | message.flags | message.field | message.sequence |
               message.reserved2) == 0 &&
              message.timestamp.tv_sec == 0;
  if (multi_planar()) {
    for (uint32_t i = 0; i < message.length; ++i) zero = zero && is_zero(message.m.planes[i]);
  }
  if (!zero) violations.push_back(std::string(call) + " with a message that is not zero");
}

bool FakeKernel::sunxi() const {
  auto found = nodes_.find(camera_);
  return found != nodes_.end() && found->second.driver == "sunxi-vin";
}

bool FakeKernel::multi_planar() const {
  return format.type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
}

FakeKernel::File* FakeKernel::camera_file() {
  for (auto& [descriptor, file] : files_) {
    if (file.path == camera_) return &file;
  }
  return nullptr;
}

}  // namespace camloop
