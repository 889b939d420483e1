#include "config/config_values.h"

#include "proto/http_request.h"
#include "proto/mqtt_topic.h"

#include <algorithm>
#include <utility>

namespace camloop {
namespace {

// The service names mqtt and secure-mqtt at IANA.
constexpr const char* kMqttPort = ":1883";
constexpr const char* kMqttsPort = ":8883";

// What stands behind it has to fit into a topic of kMqttStringMax bytes, and people read it.
constexpr size_t kTopicMax = 256;

// "USER" or "USER:PASSWORD", of which a password may have colons.
bool take_credentials(std::string_view text, MqttAccess& out) {
  size_t colon = std::min(text.find(':'), text.size());
  out.user = percent_decode(text.substr(0, colon), false);
  if (!out.user || out.user->empty() || !is_mqtt_string(*out.user)) return false;
  if (colon == text.size()) return true;
  out.password = percent_decode(text.substr(colon + 1), false);
  return out.password && out.password->size() <= kMqttStringMax;
}

// What is longer is no name of V4L2's.
constexpr size_t kControlNameMax = 32;

}  // namespace

bool is_off(std::string_view value) {
  return value.empty() || value == "off";
}

bool is_line(std::string_view value, size_t most) {
  auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
  return value.size() <= most && std::none_of(value.begin(), value.end(), is_control);
}

bool is_control_name(std::string_view name) {
  auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= kControlNameMax &&
         std::all_of(name.begin(), name.end(), is_letter);
}

bool take_listen_address(std::string_view value, std::optional<Address>& out) {
  out.reset();
  if (is_off(value)) return true;
  auto address = parse_listen_address(value);
  if (!address.ok()) return false;
  out = address.value();
  return true;
}

bool take_endpoint(std::string_view value, std::optional<Endpoint>& out) {
  out.reset();
  if (is_off(value)) return true;
  auto endpoint = parse_endpoint(value);
  if (endpoint.ok()) out = endpoint.value();
  return endpoint.ok();
}

bool take_mqtt_access(std::string_view value, std::optional<MqttAccess>& out) {
  out.reset();
  if (is_off(value)) return true;
  size_t slashes = std::min(value.find("://"), value.size());
  std::string_view scheme = value.substr(0, slashes);
  std::string_view rest = value.substr(std::min(slashes + 3, value.size()));
  MqttAccess access{.secure = scheme == "mqtts"};
  if (scheme != "mqtt" && scheme != "mqtts") return false;
  size_t at = rest.rfind('@');
  if (at != std::string_view::npos && !take_credentials(rest.substr(0, at), access)) return false;
  std::string host(rest.substr(at + 1));  // npos + 1 is 0
  size_t end = host.find_last_of("]:");
  if (end == std::string::npos || host[end] == ']') host += access.secure ? kMqttsPort : kMqttPort;
  auto endpoint = parse_endpoint(host);
  if (!endpoint.ok()) return false;
  access.endpoint = endpoint.value();
  out = std::move(access);
  return true;
}

bool take_topic_name(std::string_view value, std::string& out) {
  out = value;
  return is_topic_name(value) && is_line(value, kTopicMax);
}

bool take_topic_prefix(std::string_view value, std::string& out) {
  return take_topic_name(value, out) && !value.starts_with('/') && !value.ends_with('/');
}

bool take_pem_file(std::string_view value, PemFile& out) {
  out.path = value;
  auto stamp = file_stamp(out.path);
  out.stamp = stamp.ok() ? stamp.value() : FileStamp();
  return value.empty() || value.starts_with('/');
}

bool take_device(std::string_view value, std::string& out) {
  out = is_off(value) ? "" : value;
  return out.empty() || value.starts_with("/dev/");
}

}  // namespace camloop
