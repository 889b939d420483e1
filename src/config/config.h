// The configuration: environment variables, read by the one table of them (config_table.h), from
// which --help and the README's table are made, too.
#pragma once

#include "base/file_stamp.h"
#include "base/log.h"
#include "io/address.h"
#include "io/endpoint.h"
#include "proto/http_auth.h"
#include "proto/stamped_wire.h"
#include "sources/source_options.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace camloop {

enum class SourceKind { kAuto, kV4l2, kPattern, kFile, kChannel, kRaw, kMqtt };

/// Which broker, and as whom.
struct MqttAccess {
  Endpoint endpoint;
  bool secure = false;  // by TLS
  std::optional<std::string> user;
  std::optional<std::string> password;  // none without a user

  bool operator==(const MqttAccess& other) const = default;
};

/// A file of certificates or of a key. Written anew, it is another one.
struct PemFile {
  std::string path;  // empty for none
  FileStamp stamp;   // when its name was read; of no file where there was none

  bool empty() const { return path.empty(); }
  bool operator==(const PemFile& other) const = default;
};

struct Config {
  SourceKind source_kind = SourceKind::kAuto;
  std::string source_path;  // of kV4l2 and kFile; where kChannel and kRaw listen
  SourceOptions source;
  int quality = 80;
  std::optional<Address> http;
  size_t http_clients = 64;
  std::string http_origin;
  HttpCredentials http_credentials;
  std::optional<Endpoint> channel_to;
  int64_t channel_lag_max_us = kStampedLagMax_us;
  bool channel_tls = false;
  PemFile channel_ca;  // whom its sender trusts; empty: whom the system trusts
  // A server's certificate and key, by which a client shows who it is, too; and whose certificates
  // a server asks of its clients, empty for nobody's.
  PemFile tls_cert;
  PemFile tls_key;
  PemFile tls_client_ca;
  std::optional<Endpoint> raw_to;
  int raw_quality = 25;
  std::string greeting;  // a line for those who connect, without its end
  std::optional<Address> greeting_service;
  std::optional<Address> daytime_service;
  std::string id;  // of this board, in topics
  std::optional<MqttAccess> mqtt;
  PemFile mqtt_ca;    // whom to trust; empty: whom the system trusts
  PemFile mqtt_cert;  // with its key: ours; empty for none
  PemFile mqtt_key;
  std::string mqtt_client_id;  // empty: "camloop" and the id
  bool mqtt_clean = true;      // the broker keeps no session
  uint16_t mqtt_keep_alive_s = 60;
  size_t mqtt_queue = 64;                        // messages that wait for the broker
  std::string mqtt_prefix = "camloop";           // topics are <prefix>/<id>/...
  std::string mqtt_discovery = "homeassistant";  // topics are <discovery>/...; empty: none
  int64_t mqtt_image_every_us = 0;               // 0: no images on a period
  std::string transfer_out = "mqttTestPub";      // topics: from the sender of images to the base
  std::string transfer_in = "mqttTestSub";       // and back
  bool transfer_without_last = false;            // images whose last package is never sent
  std::string display;                           // a device, empty for none
  std::string watchdog;                          // a device, empty for none
  LogTarget log_target = LogTarget::kStderr;
  LogLevel log_level = LogLevel::kInfo;
  // As the user has it, or its default: of each variable, in the order of the table.
  std::vector<std::string> written;
};

/// `environment`: "NAME=VALUE" each, of which those named CAMLOOP_... count. Every fault is one
/// line that names the variable, its value (unless it is a secret) and what would be right; with
/// faults the config is not to be used. Files of secrets are read.
struct ConfigReading {
  Config config;
  std::vector<std::string> faults;
};
ConfigReading read_config(std::span<const std::string_view> environment);

/// Changes one variable as if it had been written so. The Error says what would be right; then
/// `config` is not to be used.
Result<> set_variable(Config& config, std::string_view name, std::string_view value);

/// A line for each variable in which two readings differ: "CAMLOOP_FPS: '15' -> '5'", of a secret
/// "CAMLOOP_HTTP_TOKEN: changed", of a file with another content "CAMLOOP_TLS_KEY: '/key' renewed".
std::vector<std::string> config_changes(const Config& before, const Config& after);

/// The table for `camloop --help`, as the rows of a Markdown table, and as a shell file in which
/// each variable is a comment with its default.
std::string config_help();
std::string config_markdown();
std::string config_defaults();

}  // namespace camloop
