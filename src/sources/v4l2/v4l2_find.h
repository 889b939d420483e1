// Which of the machine's V4L2 nodes is the camera.
#pragma once

#include "base/result.h"
#include "sources/v4l2/v4l2_calls.h"

#include <string>

namespace camloop {

/// The path of the camera to use when none is named: the V831's by its name in sysfs, unopened;
/// else the lowest /dev/videoN that gives pictures. One that cannot be opened to be asked (it is
/// busy, or not for this user) counts last.
Result<std::string> find_v4l2_camera(V4l2Calls& calls);

/// The node of the V831's image sensor, which holds its exposure; empty where there is none.
std::string find_v4l2_sensor(V4l2Calls& calls);

}  // namespace camloop
