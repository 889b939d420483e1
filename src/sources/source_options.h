// What is asked of a source.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace camloop {

/// Camera controls in the order given, by V4L2 name in lower case with underscores.
using CameraControls = std::vector<std::pair<std::string, int>>;

struct SourceOptions {
  int width = 640;
  int height = 480;
  double fps = 15;
  // Asked of the driver. One is being filled, one waits its turn (sunxi-vin keeps two), one is
  // read, one is the newest that waits for us, one is to spare for a late turn of the loop.
  int buffers = 5;
  std::string format;  // a V4L2 fourcc such as "NV12" or "MJPG"; empty: the source chooses
  CameraControls controls;

  bool operator==(const SourceOptions&) const = default;
};

}  // namespace camloop
