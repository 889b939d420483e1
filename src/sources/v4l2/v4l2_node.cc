#include "sources/v4l2/v4l2_node.h"

#include <cerrno>
#include <string_view>
#include <utility>

#include <linux/videodev2.h>

namespace camloop {
namespace {

Error node_error(const std::string& path, const char* what, int code) {
  switch (code) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return {path + " is not there: is the camera plugged in?", code};
    case EBUSY:
      return {path + " is used by another program", code};
    case EACCES:
      return {path + " may not be opened by this user", code};
    default:
      return system_error(path + ": " + what, code);
  }
}

template <size_t size>
std::string_view field_text(const __u8 (&field)[size]) {
  std::string_view all(reinterpret_cast<const char*>(field), size);
  return all.substr(0, all.find('\0'));
}

// device_caps speaks of this node, `capabilities` of the whole device; but sunxi-vin leaves
// everything that matters out of device_caps.
uint32_t node_capabilities(const v4l2_capability& answer) {
  bool told = (answer.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 &&
              (answer.device_caps & (V4L2_CAP_STREAMING | V4L2_CAP_READWRITE)) != 0;
  return told ? answer.device_caps : answer.capabilities;
}

}  // namespace

Result<V4l2Node> V4l2Node::open(V4l2Calls& calls, const std::string& path) {
  int descriptor = calls.open(path.c_str());
  if (descriptor < 0) return node_error(path, "open", errno);
  V4l2Node node(calls, path, descriptor);
  // Many devices have no inputs, or are busy; whatever is wrong shows in the calls that follow.
  int input = 0;
  node.control(VIDIOC_S_INPUT, &input);
  TRY(node.identify());
  return node;
}

V4l2Node::V4l2Node(V4l2Calls& calls, std::string path, int descriptor)
    : calls_(&calls), path_(std::move(path)), descriptor_(descriptor) {}

V4l2Node::V4l2Node(V4l2Node&& other) noexcept
    : calls_(other.calls_),
      path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      card_(std::move(other.card_)),
      captures_(other.captures_),
      multi_planar_(other.multi_planar_),
      sunxi_(other.sunxi_) {}

V4l2Node::~V4l2Node() {
  if (descriptor_ >= 0) calls_->close(descriptor_);
}

Result<> V4l2Node::identify() {
  v4l2_capability answer{};
  if (int code = control(VIDIOC_QUERYCAP, &answer)) return error("QUERYCAP", code);
  uint32_t capabilities = node_capabilities(answer);
  multi_planar_ = (capabilities & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0;
  captures_ = (multi_planar_ || (capabilities & V4L2_CAP_VIDEO_CAPTURE)) &&
              (capabilities & V4L2_CAP_STREAMING);
  card_ = field_text(answer.card);
  std::string_view driver = field_text(answer.driver);
  sunxi_ = driver.find("sunxi") != driver.npos || driver.starts_with("vin");
  return {};
}

int V4l2Node::control(unsigned long request, void* argument) const {
  return calls_->control(descriptor_, request, argument);
}

Error V4l2Node::error(const char* what, int code) const {
  return node_error(path_, what, code);
}

}  // namespace camloop
