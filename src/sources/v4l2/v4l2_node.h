// An open V4L2 device node: what it is, and errors that name it.
#pragma once

#include "base/result.h"
#include "sources/v4l2/v4l2_calls.h"

#include <string>

namespace camloop {

/// A descriptor that closes itself; -1 when moved from.
class V4l2Node {
 public:
  /// Opens the node and selects input 0. That comes before all else, even for a look: sunxi-vin may
  /// crash the kernel when it is closed without.
  static Result<V4l2Node> open(V4l2Calls& calls, const std::string& path);
  V4l2Node(V4l2Node&& other) noexcept;
  V4l2Node& operator=(V4l2Node&&) = delete;
  ~V4l2Node();

  int descriptor() const { return descriptor_; }
  V4l2Calls& calls() const { return *calls_; }
  const std::string& path() const { return path_; }
  /// What the camera calls itself.
  const std::string& card() const { return card_; }
  /// Gives pictures through mapped buffers: not so the second node of a UVC camera, which gives
  /// metadata.
  bool captures() const { return captures_; }
  bool multi_planar() const { return multi_planar_; }
  /// The V831's driver, which needs its own treatment in places.
  bool sunxi() const { return sunxi_; }

  /// 0 or the errno.
  int control(unsigned long request, void* argument) const;
  /// `code` in words for a person; `what` was being done.
  Error error(const char* what, int code) const;

 private:
  V4l2Node(V4l2Calls& calls, std::string path, int descriptor);
  Result<> identify();

  V4l2Calls* calls_;
  std::string path_;
  int descriptor_;
  std::string card_;
  bool captures_ = false;
  bool multi_planar_ = false;
  bool sunxi_ = false;
};

}  // namespace camloop
