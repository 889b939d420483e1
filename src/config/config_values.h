// What users write as values of variables: each function takes a text over into `out`, or says that
// it is not right.
#pragma once

#include "base/text.h"
#include "config/config.h"
#include "io/address.h"
#include "io/endpoint.h"

#include <optional>
#include <string>
#include <string_view>

namespace camloop {

template <class Number>
bool take_within(std::string_view value, Number least, Number most, Number& out) {
  auto number = parse_number<Number>(value);
  if (!number || !(*number >= least && *number <= most)) return false;
  out = *number;
  return true;
}

bool is_off(std::string_view value);

/// At most so many bytes, and no control character among them.
bool is_line(std::string_view value, size_t most);

/// Of a camera's control, as V4L2's are written here. It may become a level of a topic.
bool is_control_name(std::string_view name);

/// Nothing where it is off.
bool take_listen_address(std::string_view value, std::optional<Address>& out);
bool take_endpoint(std::string_view value, std::optional<Endpoint>& out);

bool take_mqtt_access(std::string_view value, std::optional<MqttAccess>& out);

/// A topic name that others can be made of by putting levels behind it.
bool take_topic_prefix(std::string_view value, std::string& out);
bool take_topic_name(std::string_view value, std::string& out);

/// An absolute path, or none, and the file's stamp. What is in it, if it is there, shows when it is
/// read.
bool take_pem_file(std::string_view value, PemFile& out);
/// Under /dev; empty where it is off.
bool take_device(std::string_view value, std::string& out);

}  // namespace camloop
