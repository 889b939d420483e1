// What is asked of a source.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace camloop {

struct SourceOptions {
  int width = 640;
  int height = 480;
  double fps = 15;
  std::string format;  // a V4L2 fourcc such as "NV12" or "MJPG"; empty: the source chooses
  // Camera controls in the order given, by V4L2 name in lower case with underscores.
  std::vector<std::pair<std::string, int>> controls;
};

}  // namespace camloop
