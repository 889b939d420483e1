#include "sources/v4l2/v4l2_controls.h"

#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <linux/videodev2.h>

namespace camloop {
namespace {

// A driver whose list does not end is not followed for ever; the largest known have some 150.
constexpr int kListedControlsMax = 512;

struct Control {
  int descriptor;
  uint32_t id;
  std::string name;
  int minimum;
  int maximum;
};

std::string plain_name(const __u8 (&field)[32]) {
  std::string name;
  for (size_t i = 0; i < sizeof field && field[i] != 0; ++i) {
    char c = static_cast<char>(field[i] | 0x20);  // lower case, where it is a letter
    bool kept = (c >= 'a' && c <= 'z') || (field[i] >= '0' && field[i] <= '9');
    if (kept) {
      name += c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  if (name.ends_with('_')) name.pop_back();
  return name;
}

void add_control(int descriptor, const v4l2_queryctrl& query, std::vector<Control>& controls) {
  bool usable = (query.flags & V4L2_CTRL_FLAG_DISABLED) == 0 &&
                query.type != V4L2_CTRL_TYPE_CTRL_CLASS && query.type != V4L2_CTRL_TYPE_STRING &&
                query.type != V4L2_CTRL_TYPE_INTEGER64;
  if (!usable) return;
  controls.push_back({descriptor, query.id, plain_name(query.name), query.minimum, query.maximum});
}

// Old drivers know no "next": the common controls are asked for by number.
void list_by_number(V4l2Calls& calls, int descriptor, std::vector<Control>& controls) {
  for (uint32_t id = V4L2_CID_BASE; id < V4L2_CID_LASTP1; ++id) {
    v4l2_queryctrl query{};
    query.id = id;
    if (calls.control(descriptor, VIDIOC_QUERYCTRL, &query) == 0) {
      add_control(descriptor, query, controls);
    }
  }
}

void list_controls(V4l2Calls& calls, int descriptor, std::vector<Control>& controls) {
  v4l2_queryctrl query{};
  for (int i = 0; i < kListedControlsMax; ++i) {
    query.id |= V4L2_CTRL_FLAG_NEXT_CTRL;
    if (calls.control(descriptor, VIDIOC_QUERYCTRL, &query)) {
      if (i == 0) list_by_number(calls, descriptor, controls);
      return;
    }
    add_control(descriptor, query, controls);
  }
}

std::string unknown(const std::string& name, const std::vector<Control>& controls) {
  std::string what = "control " + name + ": the camera has ";
  if (controls.empty()) return what + "no controls";
  std::vector<std::string_view> names;
  names.reserve(controls.size());
  for (const Control& control : controls) names.push_back(control.name);
  if (auto nearest = nearest_name(name, names)) {
    return what + "no such control; did you mean " + std::string(*nearest) + "?";
  }
  std::string list;
  for (std::string_view known : names) list += (list.empty() ? "" : ", ") + std::string(known);
  return what + "only " + list;
}

// Empty when it was set.
std::string set_control(V4l2Calls& calls, const Control& control, int value) {
  std::string what = "control " + control.name + "=" + std::to_string(value) + ": ";
  if (value < control.minimum || value > control.maximum) {
    return what + "must be " + std::to_string(control.minimum) + " to " +
           std::to_string(control.maximum);
  }
  v4l2_control wish{control.id, value};
  int code = calls.control(control.descriptor, VIDIOC_S_CTRL, &wish);
  return code == 0 ? std::string() : what + std::strerror(code);
}

}  // namespace

std::vector<std::string> set_v4l2_controls(V4l2Calls& calls, std::span<const int> descriptors,
                                           std::span<const std::pair<std::string, int>> wishes) {
  std::vector<std::string> complaints;
  if (wishes.empty()) return complaints;
  std::vector<Control> controls;
  for (int descriptor : descriptors) list_controls(calls, descriptor, controls);
  for (const auto& [name, value] : wishes) {
    auto named = [&wished = name](const Control& control) { return control.name == wished; };
    auto control = std::find_if(controls.begin(), controls.end(), named);
    std::string complaint =
        control == controls.end() ? unknown(name, controls) : set_control(calls, *control, value);
    if (!complaint.empty()) complaints.push_back(complaint);
  }
  return complaints;
}

}  // namespace camloop
