// What the camera says on MQTT of itself, and the names of its topics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace camloop {

/// What can be changed by commands, by the names in their topics ("quality", "control/gain"), and
/// what it is.
using CameraSettings = std::vector<std::pair<std::string, std::string>>;

/// What a camera is doing.
struct CameraFigures {
  double fps = 0;  // frames a second that came out of the encoder or the source
  size_t clients = 0;
  int width = 0;
  int height = 0;
  size_t frame_bytes = 0;               // of the newest frame
  std::optional<int64_t> lag_us;        // the worst of the viewers'; none where nobody watches
  std::optional<int64_t> link_lag_us;   // the worst p99 of the links to other programs
  uint64_t dropped = 0;                 // frames, for whatever reason
  int64_t uptime_us = 0;                // of the program
  std::optional<double> temperature_c;  // where the board tells it
};

/// The message on "state", JSON.
std::string camera_state(const CameraFigures& figures);

/// The message on "error", JSON: what came on which topic, both made printable and short, and why
/// it was not taken, or what would be right.
std::string camera_error(std::string_view topic, std::string_view value, std::string_view why);

/// The answer to the command for a snapshot, JSON, behind its picture.
std::string camera_snapshot(int width, int height, size_t bytes);

/// What a command is for: "quality" of "<base>/quality/set", "control/gain" of
/// "<base>/control/gain/set", empty of "<base>//set", which the filter "<base>/+/set" lets through,
/// too. Nothing if `topic` is none of a command. A view into `topic`.
std::optional<std::string_view> commanded_thing(std::string_view base, std::string_view topic);

}  // namespace camloop
