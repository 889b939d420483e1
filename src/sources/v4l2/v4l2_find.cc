#include "sources/v4l2/v4l2_find.h"

#include "sources/v4l2/v4l2_node.h"

#include <dirent.h>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace camloop {
namespace {

constexpr std::string_view kVideo = "video";
constexpr std::string_view kSubdevice = "v4l-subdev";
constexpr std::string_view kBoardCamera = "vin_video0";
constexpr std::string_view kBoardSensor = "sp2305";

struct ListedNode {
  int number;
  std::string path;  // "/dev/video0"
  std::string name;  // what the driver calls it
};

// The first line of a file, empty where there is none.
std::string first_line(const std::string& path) {
  FILE* file = std::fopen(path.c_str(), "re");
  if (!file) return {};
  char line[128] = "";
  std::string text = std::fgets(line, sizeof line, file) ? line : "";
  std::fclose(file);
  return text.substr(0, text.find('\n'));
}

// The nodes called `prefix` and a number, lowest first.
std::vector<ListedNode> list_nodes(const std::string& folder, std::string_view prefix) {
  std::vector<ListedNode> nodes;
  DIR* directory = opendir(folder.c_str());
  if (!directory) return nodes;
  while (const dirent* entry = readdir(directory)) {
    std::string node = entry->d_name;
    if (!node.starts_with(prefix)) continue;
    int number = std::atoi(node.c_str() + prefix.size());
    std::string name_file = folder;
    name_file.append("/").append(node).append("/name");
    nodes.push_back({number, "/dev/" + node, first_line(name_file)});
  }
  closedir(directory);
  auto lower = [](const ListedNode& a, const ListedNode& b) { return a.number < b.number; };
  std::sort(nodes.begin(), nodes.end(), lower);
  return nodes;
}

}  // namespace

Result<std::string> find_v4l2_camera(V4l2Calls& calls) {
  std::vector<ListedNode> nodes = list_nodes(calls.class_folder(), kVideo);
  for (const ListedNode& node : nodes) {
    if (node.name == kBoardCamera) return node.path;
  }
  std::string closed;
  for (const ListedNode& listed : nodes) {
    Result<V4l2Node> node = V4l2Node::open(calls, listed.path);
    if (node && node.value().captures()) return listed.path;
    bool barred = !node && (node.error().code == EBUSY || node.error().code == EACCES);
    if (barred && closed.empty()) closed = listed.path;
  }
  if (closed.empty()) return Error{"no camera was found: is it plugged in?", ENODEV};
  return closed;
}

std::string find_v4l2_sensor(V4l2Calls& calls) {
  for (const ListedNode& node : list_nodes(calls.class_folder(), kSubdevice)) {
    if (node.name.starts_with(kBoardSensor)) return node.path;
  }
  return {};
}

}  // namespace camloop
