#include "proto/camera_messages.h"

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/text.h"

#include <limits>

namespace camloop {
namespace {

// Of what came, in an error: enough to tell it from others, little enough for any log.
constexpr size_t kTopicShownMax = 256;
constexpr size_t kValueShownMax = 64;

std::string shown(std::string_view text, size_t most) {
  return printable(text.substr(0, most)) + (text.size() > most ? "…" : "");
}

double milliseconds_or_null(const std::optional<int64_t>& time_us) {
  return time_us ? milliseconds(*time_us) : std::numeric_limits<double>::infinity();
}

}  // namespace

std::string camera_state(const CameraFigures& figures) {
  JsonWriter json;
  json.open_object().field("fps", figures.fps).field("clients", figures.clients);
  json.field("width", figures.width).field("height", figures.height);
  json.field("frame_bytes", figures.frame_bytes);
  json.field("lag_ms", milliseconds_or_null(figures.lag_us));
  json.field("link_lag_ms", milliseconds_or_null(figures.link_lag_us));
  json.field("dropped", figures.dropped).field("uptime_s", figures.uptime_us / kSecond_us);
  if (figures.temperature_c) json.field("temperature_c", *figures.temperature_c);
  return json.close_object().text();
}

std::string camera_error(std::string_view topic, std::string_view value, std::string_view why) {
  JsonWriter json;
  json.open_object().field("topic", shown(topic, kTopicShownMax));
  json.field("value", shown(value, kValueShownMax));
  return json.field("error", why).close_object().text();
}

std::string camera_snapshot(int width, int height, size_t bytes) {
  JsonWriter json;
  json.open_object().field("width", width).field("height", height).field("bytes", bytes);
  return json.close_object().text();
}

std::optional<std::string_view> commanded_thing(std::string_view base, std::string_view topic) {
  constexpr std::string_view kEnd = "/set";
  size_t least = base.size() + 1 + kEnd.size();
  if (topic.size() < least || !topic.starts_with(base) || !topic.ends_with(kEnd) ||
      topic[base.size()] != '/') {
    return std::nullopt;
  }
  topic.remove_suffix(kEnd.size());
  return topic.substr(base.size() + 1);
}

}  // namespace camloop
