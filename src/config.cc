#include "config.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/text_file.h"
#include "sources/v4l2/v4l2_format.h"

#include <algorithm>
#include <cmath>

namespace camloop {
namespace {

constexpr std::string_view kPrefix = "CAMLOOP_";
// A line on a screen, and far under what a client reads at once.
constexpr size_t kGreetingMax = 200;

template <class Number>
bool take_within(std::string_view value, Number least, Number most, Number& out) {
  auto number = parse_number<Number>(value);
  if (!number || !(*number >= least && *number <= most)) return false;
  out = *number;
  return true;
}

bool is_off(std::string_view value) {
  return value.empty() || value == "off";
}

// It has to fit into the head of a request, in base64.
constexpr size_t kCredentialMax = 256;

bool is_line(std::string_view value, size_t most) {
  auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
  return value.size() <= most && std::none_of(value.begin(), value.end(), is_control);
}

bool apply_source(Config& config, std::string_view value) {
  size_t colon = std::min(value.find(':'), value.size());
  std::string_view kind = value.substr(0, colon);
  std::string_view path = value.substr(std::min(colon + 1, value.size()));
  config.source_path = path;
  if (kind == "v4l2" && !path.empty()) {
    config.source_kind = SourceKind::kV4l2;
  } else if (kind == "file" && !path.empty()) {
    config.source_kind = SourceKind::kFile;
  } else if (kind == "channel" && parse_listen_address(path).ok()) {
    config.source_kind = SourceKind::kChannel;
  } else if (kind == "raw" && parse_listen_address(path).ok()) {
    config.source_kind = SourceKind::kRaw;
  } else if (value == "pattern") {
    config.source_kind = SourceKind::kPattern;
  } else if (value == "auto") {
    config.source_kind = SourceKind::kAuto;
  } else {
    return false;
  }
  return true;
}

bool apply_size(Config& config, std::string_view value) {
  size_t cross = value.find('x');
  if (cross == std::string_view::npos) return false;
  return take_within(value.substr(0, cross), 16, 8192, config.source.width) &&
         take_within(value.substr(cross + 1), 16, 8192, config.source.height);
}

bool apply_fps(Config& config, std::string_view value) {
  return take_within(value, 0.1, 240.0, config.source.fps);
}

bool apply_format(Config& config, std::string_view value) {
  config.source.format = value == "auto" ? "" : value;
  return value == "auto" || parse_fourcc(config.source.format) != 0;
}

bool apply_quality(Config& config, std::string_view value) {
  return take_within(value, 1, 100, config.quality);
}

bool apply_controls(Config& config, std::string_view value) {
  config.source.controls.clear();
  for (std::string_view field : split(value, ',')) {
    size_t equals = field.find('=');
    if (equals == std::string_view::npos || equals == 0) return false;
    auto number = parse_number<int>(field.substr(equals + 1));
    if (!number) return false;
    config.source.controls.emplace_back(field.substr(0, equals), *number);
  }
  return true;
}

bool take_listen_address(std::string_view value, std::optional<Address>& out) {
  out.reset();
  if (is_off(value)) return true;
  auto address = parse_listen_address(value);
  if (!address.ok()) return false;
  out = address.value();
  return true;
}

bool apply_http(Config& config, std::string_view value) {
  return take_listen_address(value, config.http);
}

bool apply_http_clients(Config& config, std::string_view value) {
  return take_within<size_t>(value, 1, 1000, config.http_clients);
}

// It becomes a header line: nothing that could start another one.
bool apply_http_origin(Config& config, std::string_view value) {
  config.http_origin = value;
  auto plain = [](char c) { return c > ' ' && c <= '~'; };
  bool good = value == "*" || value.starts_with("http://") || value.starts_with("https://");
  return value.empty() || (good && std::all_of(value.begin(), value.end(), plain));
}

// Colons end the user's name in RFC 7617.
bool apply_http_user(Config& config, std::string_view value) {
  config.http_credentials.user = value;
  return is_line(value, kCredentialMax) && value.find(':') == std::string_view::npos;
}

bool apply_http_password(Config& config, std::string_view value) {
  config.http_credentials.password = value;
  return is_line(value, kCredentialMax);
}

// RFC 6750, 2.1: b64token.
bool apply_http_token(Config& config, std::string_view value) {
  config.http_credentials.token = value;
  auto is_letter = [](char c) {
    return (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z') ||
           std::string_view("-._~+/").find(c) != std::string_view::npos;
  };
  std::string_view letters = value.substr(0, value.find_last_not_of('=') + 1);
  return value.size() <= kCredentialMax && value.empty() == letters.empty() &&
         std::all_of(letters.begin(), letters.end(), is_letter);
}

bool take_endpoint(std::string_view value, std::optional<Endpoint>& out) {
  out.reset();
  if (is_off(value)) return true;
  auto endpoint = parse_endpoint(value);
  if (endpoint.ok()) out = endpoint.value();
  return endpoint.ok();
}

bool apply_channel_to(Config& config, std::string_view value) {
  return take_endpoint(value, config.channel_to);
}

bool apply_raw_to(Config& config, std::string_view value) {
  return take_endpoint(value, config.raw_to);
}

bool apply_raw_quality(Config& config, std::string_view value) {
  return take_within(value, 1, 100, config.raw_quality);
}

bool apply_channel_lag(Config& config, std::string_view value) {
  int64_t lag_max_ms = 0;
  if (!take_within<int64_t>(value, 1, 10'000, lag_max_ms)) return false;
  config.channel_lag_max_us = lag_max_ms * kMillisecond_us;
  return true;
}

// One line, of which a client must see the end.
bool apply_greeting(Config& config, std::string_view value) {
  config.greeting = value;
  return is_line(value, kGreetingMax);
}

bool apply_greeting_service(Config& config, std::string_view value) {
  return take_listen_address(value, config.greeting_service);
}

bool apply_daytime_service(Config& config, std::string_view value) {
  return take_listen_address(value, config.daytime_service);
}

bool apply_channel_tls(Config& config, std::string_view value) {
  config.channel_tls = value == "on";
  return value == "on" || is_off(value);
}

// Whether it is there and what is in it shows when it is read.
bool take_path(std::string_view value, std::string& out) {
  out = value;
  return value.empty() || value.starts_with('/');
}

bool apply_channel_ca(Config& config, std::string_view value) {
  return take_path(value, config.channel_ca);
}

bool apply_tls_cert(Config& config, std::string_view value) {
  return take_path(value, config.tls_cert);
}

bool apply_tls_key(Config& config, std::string_view value) {
  return take_path(value, config.tls_key);
}

bool apply_tls_client_ca(Config& config, std::string_view value) {
  return take_path(value, config.tls_client_ca);
}

bool apply_display(Config& config, std::string_view value) {
  config.display = is_off(value) ? "" : value;
  return config.display.empty() || value.starts_with("/dev/");
}

bool apply_watchdog(Config& config, std::string_view value) {
  config.watchdog = is_off(value) ? "" : value;
  return config.watchdog.empty() || value.starts_with("/dev/");
}

bool apply_log(Config& config, std::string_view value) {
  config.log_target = value == "syslog" ? LogTarget::kSyslog : LogTarget::kStderr;
  return value == "stderr" || value == "syslog";
}

bool apply_log_level(Config& config, std::string_view value) {
  constexpr std::string_view kLevels[] = {"error", "warning", "info", "debug"};
  const auto* found = std::find(std::begin(kLevels), std::end(kLevels), value);
  if (found == std::end(kLevels)) return false;
  config.log_level = static_cast<LogLevel>(found - std::begin(kLevels));
  return true;
}

constexpr bool kSecret = true;
constexpr const char* kListenAddresses =
    "HOST:PORT, [IPV6]:PORT or :PORT with HOST in numbers, or off";
constexpr const char* kEndpoints = "HOST:PORT or [IPV6]:PORT, or off";

constexpr const char* kPemFile = "the absolute path of a PEM file";

constexpr Variable kVariables[] = {
    {"CAMLOOP_SOURCE", "auto",
     "auto, v4l2:/dev/videoN, pattern, file:PATH, channel:[HOST]:PORT or "
     "raw:[HOST]:PORT",
     "where pictures come from; auto is the first camera, and until there is one the pattern; "
     "PATH is a JPEG (read again as it changes), a directory of JPEGs, MJPEG or Y4M, and loops; "
     "channel receives from senders of the stamped channel, customarily on port 1998; "
     "raw receives JPEGs that clients send one behind the other",
     apply_source},
    {"CAMLOOP_SIZE", "640x480", "WIDTHxHEIGHT, 16 to 8192 each",
     "picture size asked of the source; what it granted is logged and in /state", apply_size},
    {"CAMLOOP_FPS", "15", "0.1 to 240", "frames a second asked of the source", apply_fps},
    {"CAMLOOP_FORMAT", "auto", "auto, MJPG, NV12, NV21, YU12, YV12, YUYV, UYVY, GREY or RGB3",
     "pixel format asked of the camera", apply_format},
    {"CAMLOOP_QUALITY", "80", "1 to 100", "JPEG quality of what is encoded here", apply_quality},
    {"CAMLOOP_CONTROLS", "", "NAME=NUMBER, more behind commas",
     "camera controls by their V4L2 names, such as brightness=10,exposure_auto=1", apply_controls},
    {"CAMLOOP_HTTP", ":18811", kListenAddresses,
     "where HTTP is served; without HOST on every interface", apply_http},
    {"CAMLOOP_HTTP_CLIENTS", "64", "1 to 1000",
     "streams and snapshots served at a time; more are answered with 503", apply_http_clients},
    {"CAMLOOP_HTTP_ORIGIN", "", "*, or an origin such as http://panel.example",
     "web pages of this origin may read the replies (CORS) and, unless it is *, POST",
     apply_http_origin},
    {"CAMLOOP_HTTP_USER", "", "up to 256 bytes without a colon", "whose CAMLOOP_HTTP_PASSWORD is",
     apply_http_user},
    {"CAMLOOP_HTTP_PASSWORD", "", "up to 256 bytes",
     "who gives neither it nor the token sees nothing", apply_http_password, kSecret},
    {"CAMLOOP_HTTP_TOKEN", "", "up to 256 letters, digits and -._~+/, perhaps with = behind them",
     "instead of the password: ?token= in the address, or Authorization: Bearer", apply_http_token,
     kSecret},
    {"CAMLOOP_CHANNEL_TO", "off", kEndpoints,
     "sends the newest frames to this receiver of the stamped channel", apply_channel_to},
    {"CAMLOOP_CHANNEL_MAX_LAG_MS", "80", "1 to 10000",
     "how late a frame of the stamped channel may be; later ones are dropped, at both ends",
     apply_channel_lag},
    {"CAMLOOP_CHANNEL_TLS", "off", "on or off",
     "TLS on the stamped channel, at both ends; a receiver needs a certificate", apply_channel_tls},
    {"CAMLOOP_CHANNEL_CA", "", kPemFile,
     "authorities of which the channel's receiver must have its certificate; else those that the "
     "system trusts",
     apply_channel_ca},
    {"CAMLOOP_TLS_CERT", "", kPemFile,
     "the certificate by which a server, and to a server that asks a client, shows who it is",
     apply_tls_cert},
    {"CAMLOOP_TLS_KEY", "", kPemFile, "its private key, not encrypted", apply_tls_key},
    {"CAMLOOP_TLS_CLIENT_CA", "", kPemFile,
     "a server takes clients only with a certificate of these authorities", apply_tls_client_ca},
    {"CAMLOOP_RAW_TO", "off", kEndpoints,
     "sends the newest frames to this server of the raw link, whose texts are logged",
     apply_raw_to},
    {"CAMLOOP_RAW_QUALITY", "25", "1 to 100",
     "JPEG quality on the raw link; frames of a lower one are sent as they are", apply_raw_quality},
    {"CAMLOOP_RAW_GREETING", "", "a line of at most 200 bytes",
     "what those are told who connect to the raw link or to the greeting service", apply_greeting},
    {"CAMLOOP_GREETING", "off", kListenAddresses,
     "the greeting service: a client is told CAMLOOP_RAW_GREETING; port 9999 is customary",
     apply_greeting_service},
    {"CAMLOOP_DAYTIME", "off", kListenAddresses,
     "the daytime service: a client is told date and time here; port 6789 is customary",
     apply_daytime_service},
    {"CAMLOOP_DISPLAY", "off", "a framebuffer such as /dev/fb0, or off",
     "shows the newest picture, as large as fits on this screen", apply_display},
    {"CAMLOOP_WATCHDOG", "off", "a device such as /dev/watchdog, or off",
     "restarts the board when the program hangs, or when the pictures of a source stop for good",
     apply_watchdog},
    {"CAMLOOP_LOG", "stderr", "stderr or syslog", "where the log goes", apply_log},
    {"CAMLOOP_LOG_LEVEL", "info", "error, warning, info or debug", "the least that is logged",
     apply_log_level},
};

const Variable* find_variable(std::string_view name) {
  const auto* found = std::find_if(std::begin(kVariables), std::end(kVariables),
                                   [name](const Variable& each) { return name == each.name; });
  return found == std::end(kVariables) ? nullptr : found;
}

std::string file_variable(const Variable& secret) {
  return std::string(secret.name) + "_FILE";
}

// The secret that may stand in the file which `name` names.
const Variable* find_secret_of_file(std::string_view name) {
  const auto* found = std::find_if(
      std::begin(kVariables), std::end(kVariables),
      [name](const Variable& each) { return each.secret && name == file_variable(each); });
  return found == std::end(kVariables) ? nullptr : found;
}

Error unknown_variable(std::string_view name) {
  std::vector<std::string> names;
  for (const Variable& each : kVariables) {
    names.emplace_back(each.name);
    if (each.secret) names.push_back(file_variable(each));
  }
  std::string fault = std::string(name) + ": there is no such variable";
  if (auto nearest = nearest_name(name, {names.begin(), names.end()})) {
    fault.append("; did you mean ").append(*nearest).append("?");
  }
  return Error{fault};
}

std::string meaning_of(const Variable& variable) {
  std::string meaning = variable.meaning;
  if (variable.secret) meaning += "; or in the file that " + file_variable(variable) + " names";
  return meaning;
}

// ---- Reading -----------------------------------------------------------------------------------

std::string& written(Config& config, const Variable& variable) {
  return config.written[static_cast<size_t>(&variable - kVariables)];
}

// `place`: what a fault calls the text.
Result<> take(Config& config, const Variable& variable, std::string_view value,
              const std::string& place) {
  if (!variable.apply(config, value)) {
    return Error{place + " is not right: write " + variable.values};
  }
  written(config, variable) = value;
  return {};
}

Result<> take_secret(Config& config, const Variable& variable, std::string_view value,
                     const std::string& place) {
  if (value.empty()) return {};
  if (!written(config, variable).empty()) {
    return Error{std::string(variable.name) + " and " + file_variable(variable) +
                 " are both set: leave one out"};
  }
  return take(config, variable, value, place);
}

// Editors end a file with a newline, which is no part of the secret.
Result<> take_secret_file(Config& config, const Variable& variable, const std::string& path) {
  if (path.empty()) return {};
  std::string name = file_variable(variable);
  auto text = read_text_file(path);
  if (!text.ok()) return Error{name + ": " + text.error().text};
  std::string_view value = text.value();
  if (value.ends_with('\n')) value.remove_suffix(1);
  if (value.ends_with('\r')) value.remove_suffix(1);
  if (value.empty()) return Error{name + ": " + path + ": nothing is in it"};
  return take_secret(config, variable, value, name + ": what is in " + path);
}

Result<> take_entry(Config& config, std::string_view name, std::string_view value) {
  const Variable* variable = find_variable(name);
  if (variable && variable->secret) return take_secret(config, *variable, value, variable->name);
  if (variable) {
    return take(config, *variable, value, std::string(name) + "='" + std::string(value) + "'");
  }
  if (const Variable* secret = find_secret_of_file(name)) {
    return take_secret_file(config, *secret, std::string(value));
  }
  return unknown_variable(name);
}

// What no variable says alone.
Result<> check_together(const Config& config) {
  const HttpCredentials& http = config.http_credentials;
  if (http.user.empty() != http.password.empty()) {
    return Error{
        std::string("CAMLOOP_HTTP_USER and CAMLOOP_HTTP_PASSWORD go together: there is no ") +
        (http.user.empty() ? "user" : "password")};
  }
  if (config.tls_cert.empty() != config.tls_key.empty()) {
    return Error{std::string("CAMLOOP_TLS_CERT and CAMLOOP_TLS_KEY go together: there is no ") +
                 (config.tls_cert.empty() ? "certificate" : "key")};
  }
  bool serves_tls = config.channel_tls && config.source_kind == SourceKind::kChannel;
  if (serves_tls && config.tls_cert.empty()) {
    return Error{
        "CAMLOOP_CHANNEL_TLS='on' needs CAMLOOP_TLS_CERT and CAMLOOP_TLS_KEY for the receiver"};
  }
  return {};
}

}  // namespace

std::span<const Variable> config_variables() {
  return kVariables;
}

ConfigReading read_config(std::span<const std::string_view> environment) {
  ConfigReading reading;
  for (const Variable& each : kVariables) {
    each.apply(reading.config, each.fallback);
    reading.config.written.emplace_back(each.fallback);
  }
  auto heed = [&reading](const Result<>& result) {
    if (!result.ok()) reading.faults.push_back(result.error().text);
  };
  for (std::string_view entry : environment) {
    size_t equals = entry.find('=');
    if (!entry.starts_with(kPrefix) || equals == std::string_view::npos) continue;
    heed(take_entry(reading.config, entry.substr(0, equals), entry.substr(equals + 1)));
  }
  if (reading.faults.empty()) heed(check_together(reading.config));
  for (std::string& fault : reading.faults) fault = printable(fault);
  return reading;
}

std::vector<std::string> config_changes(const Config& before, const Config& after) {
  std::vector<std::string> changes;
  for (size_t i = 0; i < std::size(kVariables); ++i) {
    const std::string &old_text = before.written[i], &new_text = after.written[i];
    if (old_text == new_text) continue;
    changes.push_back(
        std::string(kVariables[i].name) + ": " +
        (kVariables[i].secret ? "changed" : "'" + old_text + "' -> '" + new_text + "'"));
  }
  return changes;
}

std::string config_help() {
  std::string help;
  for (const Variable& each : kVariables) {
    std::string fallback = *each.fallback ? each.fallback : "(empty)";
    help += std::string(each.name) + "  default " + fallback + "\n    " + meaning_of(each) +
            "\n    values: " + each.values + "\n";
  }
  return help;
}

std::string config_markdown() {
  std::string table = "| variable | default | values | meaning |\n| --- | --- | --- | --- |\n";
  for (const Variable& each : kVariables) {
    table += std::string("| ") + each.name + " | " + each.fallback + " | " + each.values + " | " +
             meaning_of(each) + " |\n";
  }
  return table;
}

std::string config_defaults() {
  std::string file;
  for (const Variable& each : kVariables) {
    file += std::string("\n# ") + meaning_of(each) + "\n# values: " + each.values + "\n#" +
            each.name + "=" + each.fallback + "\n";
  }
  return file;
}

}  // namespace camloop
