#include "config_values.h"

#include <algorithm>

namespace camloop {

bool is_off(std::string_view value) {
  return value.empty() || value == "off";
}

bool is_line(std::string_view value, size_t most) {
  auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
  return value.size() <= most && std::none_of(value.begin(), value.end(), is_control);
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

bool take_path(std::string_view value, std::string& out) {
  out = value;
  return value.empty() || value.starts_with('/');
}

bool take_device(std::string_view value, std::string& out) {
  out = is_off(value) ? "" : value;
  return out.empty() || value.starts_with("/dev/");
}

}  // namespace camloop
