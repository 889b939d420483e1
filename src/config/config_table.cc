#include "config/config_table.h"

#include "base/board_id.h"
#include "base/clock.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_values.h"
#include "proto/mqtt_topic.h"
#include "sources/v4l2/v4l2_format.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <type_traits>

namespace camloop {
namespace {

// A line on a screen, and far under what a client reads at once.
constexpr size_t kGreetingMax = 200;

// It has to fit into the head of a request, in base64.
constexpr size_t kCredentialMax = 256;

// A level of topics, and a name among many.
constexpr size_t kIdMax = 64;

// Brokers take longer ones than the 23 bytes that they must (MQTT 3.1.1, 3.1.3.1); this much is
// taken by those of the great clouds.
constexpr size_t kClientIdMax = 128;

// ---- Kinds of values ---------------------------------------------------------------------------

template <auto member, auto least, auto most>
bool within(Config& config, std::string_view value) {
  using Number = std::remove_reference_t<decltype(config.*member)>;
  return take_within<Number>(value, least, most, config.*member);
}

template <auto member>
bool switched(Config& config, std::string_view value) {
  config.*member = value == "on";
  return value == "on" || is_off(value);
}

template <auto member>
bool listens(Config& config, std::string_view value) {
  return take_listen_address(value, config.*member);
}

template <auto member>
bool connects(Config& config, std::string_view value) {
  return take_endpoint(value, config.*member);
}

template <auto member>
bool topic(Config& config, std::string_view value) {
  return take_topic_name(value, config.*member);
}

template <PemFile Config::*member>
constexpr Variable pem_file(const char* name, const char* meaning) {
  auto apply = [](Config& config, std::string_view value) {
    return take_pem_file(value, config.*member);
  };
  return {.name = name,
          .fallback = "",
          .values = "the absolute path of a PEM file",
          .meaning = meaning,
          .apply = apply,
          .pem_file = member};
}

template <auto member>
bool device(Config& config, std::string_view value) {
  return take_device(value, config.*member);
}

// ---- Values of their own -----------------------------------------------------------------------

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
  } else if (value == "mqtt") {
    config.source_kind = SourceKind::kMqtt;
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

bool apply_controls(Config& config, std::string_view value) {
  config.source.controls.clear();
  for (std::string_view field : split(value, ',')) {
    size_t equals = field.find('=');
    if (equals == std::string_view::npos) return false;
    std::string_view name = field.substr(0, equals);
    auto number = parse_number<int>(field.substr(equals + 1));
    if (!is_control_name(name) || !number) return false;
    config.source.controls.emplace_back(name, *number);
  }
  return true;
}

// As browsers write it, or it would be nobody's: with a / at its end it is none. And it becomes a
// header line: nothing that could start another one.
bool apply_http_origin(Config& config, std::string_view value) {
  config.http_origin = value;
  if (value.empty() || value == "*") return true;
  size_t slashes = std::min(value.find("://"), value.size());
  std::string_view scheme = value.substr(0, slashes);
  std::string_view host = value.substr(std::min(slashes + 3, value.size()));
  auto good = [](char c) { return c > ' ' && c <= '~' && c != '/' && c != ','; };
  return (scheme == "http" || scheme == "https") && !host.empty() &&
         std::all_of(host.begin(), host.end(), good);
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

bool apply_id(Config& config, std::string_view value) {
  config.id = value.empty() ? board_id() : value;
  auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '-' ||
           c == '_';
  };
  return value.size() <= kIdMax && std::all_of(value.begin(), value.end(), is_plain);
}

bool apply_mqtt(Config& config, std::string_view value) {
  return take_mqtt_access(value, config.mqtt);
}

bool apply_mqtt_client_id(Config& config, std::string_view value) {
  config.mqtt_client_id = value;
  return value.size() <= kClientIdMax && is_mqtt_string(value);
}

bool apply_mqtt_clean(Config& config, std::string_view value) {
  config.mqtt_clean = value == "1";
  return value == "0" || value == "1";
}

bool apply_mqtt_prefix(Config& config, std::string_view value) {
  return take_topic_prefix(value, config.mqtt_prefix);
}

bool apply_mqtt_discovery(Config& config, std::string_view value) {
  config.mqtt_discovery.clear();
  return is_off(value) || take_topic_prefix(value, config.mqtt_discovery);
}

bool apply_mqtt_image_every(Config& config, std::string_view value) {
  double every_s = 0;
  if (!is_off(value) && !take_within(value, 0.1, 86'400.0, every_s)) return false;
  config.mqtt_image_every_us = std::llround(every_s * kSecond_us);
  return true;
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

// ---- The table ---------------------------------------------------------------------------------

constexpr bool kSecret = true;
constexpr const char* kListenAddresses =
    "HOST:PORT, [IPV6]:PORT or :PORT with HOST in numbers, or off";
constexpr const char* kEndpoints = "HOST:PORT or [IPV6]:PORT, or off";

constexpr const char* kTopicNames = "a topic of at most 256 bytes, without + and #";

constexpr Variable kVariables[] = {
    {"CAMLOOP_SOURCE", "auto",
     "auto, v4l2:/dev/videoN, pattern, file:PATH, channel:[HOST]:PORT, raw:[HOST]:PORT "
     "or mqtt",
     "where pictures come from; auto is the first camera, and until there is one the pattern; "
     "PATH is a JPEG (read again as it changes), a directory of JPEGs, MJPEG or Y4M, and loops; "
     "channel receives from senders of the stamped channel, customarily on port 1998; "
     "raw receives JPEGs that clients send one behind the other; mqtt receives transfers of images "
     "by the broker CAMLOOP_MQTT",
     apply_source},
    {"CAMLOOP_SIZE", "640x480", "WIDTHxHEIGHT, 16 to 8192 each",
     "picture size asked of the source; what it granted is logged and in /state", apply_size},
    {"CAMLOOP_FPS", "15", "0.1 to 240", "frames a second asked of the source", apply_fps},
    {"CAMLOOP_FORMAT", "auto", "auto, MJPG, NV12, NV21, YU12, YV12, YUYV, UYVY, GREY or RGB3",
     "pixel format asked of the camera", apply_format},
    {"CAMLOOP_QUALITY", "80", "1 to 100", "JPEG quality of what is encoded here",
     within<&Config::quality, 1, 100>},
    {"CAMLOOP_CONTROLS", "",
     "NAME=NUMBER, more behind commas; names are of small letters, digits and _",
     "camera controls by their V4L2 names, such as brightness=10,exposure_auto=1", apply_controls},
    {"CAMLOOP_HTTP", ":18811", kListenAddresses,
     "where HTTP is served; without HOST on every interface", listens<&Config::http>},
    {"CAMLOOP_HTTP_CLIENTS", "64", "1 to 1000",
     "streams and snapshots served at a time; more are answered with 503",
     within<&Config::http_clients, 1, 1000>},
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
     "sends the newest frames to this receiver of the stamped channel",
     connects<&Config::channel_to>},
    {"CAMLOOP_CHANNEL_MAX_LAG_MS", "80", "1 to 10000",
     "how late a frame of the stamped channel may be; later ones are dropped, at both ends",
     apply_channel_lag},
    {"CAMLOOP_CHANNEL_TLS", "off", "on or off",
     "TLS on the stamped channel, at both ends; a receiver needs a certificate",
     switched<&Config::channel_tls>},
    pem_file<&Config::channel_ca>("CAMLOOP_CHANNEL_CA",
                                  "authorities of which the channel's receiver must have its "
                                  "certificate; else those that the system trusts"),
    pem_file<&Config::tls_cert>(
        "CAMLOOP_TLS_CERT",
        "the certificate by which a server, and to a server that asks a client, shows who it is"),
    pem_file<&Config::tls_key>("CAMLOOP_TLS_KEY", "its private key, not encrypted"),
    pem_file<&Config::tls_client_ca>(
        "CAMLOOP_TLS_CLIENT_CA",
        "a server takes clients only with a certificate of these authorities"),
    {"CAMLOOP_RAW_TO", "off", kEndpoints,
     "sends the newest frames to this server of the raw link, whose texts are logged",
     connects<&Config::raw_to>},
    {"CAMLOOP_RAW_QUALITY", "25", "1 to 100",
     "JPEG quality on the raw link; frames of a lower one are sent as they are",
     within<&Config::raw_quality, 1, 100>},
    {"CAMLOOP_RAW_GREETING", "", "a line of at most 200 bytes",
     "what those are told who connect to the raw link or to the greeting service", apply_greeting},
    {"CAMLOOP_GREETING", "off", kListenAddresses,
     "the greeting service: a client is told CAMLOOP_RAW_GREETING; port 9999 is customary",
     listens<&Config::greeting_service>},
    {"CAMLOOP_DAYTIME", "off", kListenAddresses,
     "the daytime service: a client is told date and time here; port 6789 is customary",
     listens<&Config::daytime_service>},
    {"CAMLOOP_ID", "", "up to 64 letters, digits, - and _",
     "this camera's name in topics; else eight digits that the board always has", apply_id},
    {"CAMLOOP_MQTT", "",
     "mqtt://[USER[:PASSWORD]@]HOST[:PORT] or mqtts://..., with %XX for bytes of USER and "
     "PASSWORD; "
     "or off",
     "the MQTT broker; mqtts has TLS; the ports are 1883 and 8883 where none is written",
     apply_mqtt, kSecret},
    pem_file<&Config::mqtt_ca>("CAMLOOP_MQTT_CA",
                               "authorities of which the broker must have its certificate; else "
                               "those that the system trusts"),
    pem_file<&Config::mqtt_cert>("CAMLOOP_MQTT_CERT",
                                 "the certificate by which the broker knows us"),
    pem_file<&Config::mqtt_key>("CAMLOOP_MQTT_KEY", "its private key, not encrypted"),
    {"CAMLOOP_MQTT_CLIENT_ID", "", "UTF-8 of at most 128 bytes",
     "what the broker knows us by, and nobody else; else camloop and CAMLOOP_ID behind it",
     apply_mqtt_client_id},
    {"CAMLOOP_MQTT_CLEAN", "1", "0 or 1",
     "0: the broker keeps subscriptions and messages while we are away", apply_mqtt_clean},
    {"CAMLOOP_MQTT_KEEPALIVE", "60", "0 to 65535",
     "seconds after which a silent connection to the broker is tried; 0: never",
     within<&Config::mqtt_keep_alive_s, 0, 65535>},
    {"CAMLOOP_MQTT_QUEUE", "64", "1 to 10000", "messages kept while the broker is away",
     within<&Config::mqtt_queue, 1, 10000>},
    {"CAMLOOP_MQTT_PREFIX", "camloop",
     "a topic of at most 256 bytes, without + and #, and without / at its ends",
     "topics are this, CAMLOOP_ID and what they are for, with a / between", apply_mqtt_prefix},
    {"CAMLOOP_MQTT_DISCOVERY", "homeassistant",
     "a topic of at most 256 bytes, without + and #, and without / at its ends; or off",
     "where Home Assistant looks for devices", apply_mqtt_discovery},
    {"CAMLOOP_MQTT_IMAGE_EVERY", "off", "seconds, 0.1 to 86400, or off",
     "publishes an image as often, beside those that were asked for", apply_mqtt_image_every},
    {"CAMLOOP_TRANSFER_OUT", "mqttTestPub", kTopicNames,
     "transfers of images: the topic of packages to the receiver", topic<&Config::transfer_out>},
    {"CAMLOOP_TRANSFER_IN", "mqttTestSub", kTopicNames,
     "transfers of images: the topic of answers to the sender", topic<&Config::transfer_in>},
    {"CAMLOOP_TRANSFER_WITHOUT_LAST", "off", "on or off",
     "shows images of which the last package alone is missing, as there are senders that leave it "
     "out",
     switched<&Config::transfer_without_last>},
    {"CAMLOOP_DISPLAY", "off", "a framebuffer such as /dev/fb0, or off",
     "shows the newest picture, as large as fits on this screen", device<&Config::display>},
    {"CAMLOOP_WATCHDOG", "off", "a device such as /dev/watchdog, or off",
     "restarts the board when the program hangs, or when the pictures of a source stop for good",
     device<&Config::watchdog>},
    {"CAMLOOP_LOG", "stderr", "stderr or syslog", "where the log goes", apply_log},
    {"CAMLOOP_LOG_LEVEL", "info", "error, warning, info or debug", "the least that is logged",
     apply_log_level},
};

}  // namespace

std::span<const Variable> config_variables() {
  return kVariables;
}

}  // namespace camloop
