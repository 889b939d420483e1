#include "app_parts.h"

#include "mqtt_options.h"
#include "sources/channel_source.h"
#include "sources/file/file_source.h"
#include "sources/mqtt_source.h"
#include "sources/pattern_source.h"
#include "sources/raw_source.h"
#include "sources/v4l2/v4l2_source.h"

#include <tuple>

namespace camloop {
namespace {

// Of the channel's receiver; none where it has no TLS.
Result<Tls> make_receiver_tls(const Config& config) {
  if (!config.channel_tls) return Tls();
  return Tls(TRY(
      TlsContext::server({config.tls_cert.path, config.tls_key.path, config.tls_client_ca.path})));
}

Result<std::unique_ptr<Source>> make_channel_source(Loop& loop, const Config& config,
                                                    Listener* before, BufferPool& pool,
                                                    SourceHandler& handler) {
  ChannelReceiverOptions options{TRY(parse_listen_address(config.source_path)),
                                 config.channel_lag_max_us, TRY(make_receiver_tls(config)), before};
  return make_channel_source(loop, options, pool, handler);
}

bool same_tls(const Config& one, const Config& other) {
  return one.channel_tls == other.channel_tls && one.channel_ca == other.channel_ca &&
         one.tls_cert == other.tls_cert && one.tls_key == other.tls_key &&
         one.tls_client_ca == other.tls_client_ca;
}

bool same_transfer(const Config& one, const Config& other) {
  return same_mqtt(one, other) && one.transfer_out == other.transfer_out &&
         one.transfer_in == other.transfer_in &&
         one.transfer_without_last == other.transfer_without_last;
}

}  // namespace

Result<std::unique_ptr<Source>> make_source(Loop& loop, const Config& config,
                                            const Config& in_force, MqttClient* mqtt,
                                            Listener* before, BufferPool& pool,
                                            SourceHandler& handler) {
  const SourceOptions& options = config.source;
  switch (config.source_kind) {
    case SourceKind::kAuto:
      return make_v4l2_source(loop, "auto", options, pool, handler);
    case SourceKind::kV4l2:
      return make_v4l2_source(loop, config.source_path, options, pool, handler);
    case SourceKind::kFile:
      return make_file_source(loop, config.source_path, options, pool, handler);
    case SourceKind::kChannel:
      return make_channel_source(loop, config, before, pool, handler);
    case SourceKind::kRaw:
      return make_raw_source(
          loop, TRY(parse_listen_address(config.source_path)),
          [&in_force] { return in_force.greeting; }, pool, handler, before);
    case SourceKind::kMqtt:
      return make_mqtt_source(
          loop, *mqtt, {config.transfer_out, config.transfer_in, config.transfer_without_last},
          pool, handler);
    case SourceKind::kPattern:
      break;
  }
  return make_pattern_source(loop, options, handler);
}

bool same_source(Config one, const Config& other) {
  bool receives = one.source_kind == SourceKind::kChannel || one.source_kind == SourceKind::kRaw ||
                  one.source_kind == SourceKind::kMqtt;
  one.source.controls = other.source.controls;
  if (receives) one.source = other.source;
  return one.source_kind == other.source_kind && one.source_path == other.source_path &&
         one.source == other.source &&
         (one.source_kind != SourceKind::kChannel || same_tls(one, other)) &&
         (one.source_kind != SourceKind::kMqtt || same_transfer(one, other));
}

Result<Tls> make_sender_tls(const Config& config) {
  if (!config.channel_tls || !config.channel_to) return Tls();
  return Tls(
      TRY(TlsContext::client({config.channel_ca.path, config.tls_cert.path, config.tls_key.path})));
}

bool same_channel_sender(const Config& one, const Config& other) {
  return one.channel_to == other.channel_to && one.channel_lag_max_us == other.channel_lag_max_us &&
         same_tls(one, other);
}

MqttCamera::Options mqtt_camera_options(const Config& config) {
  return {config.mqtt_prefix, config.id, config.mqtt_discovery, config.mqtt_image_every_us};
}

Result<std::unique_ptr<MqttClient>> make_mqtt(Loop& loop, const Config& config) {
  if (!config.mqtt) return std::unique_ptr<MqttClient>();
  std::string client_id = config.mqtt_client_id;
  if (client_id.empty()) client_id = "camloop" + config.id;
  MqttClient::Options options = TRY(make_mqtt_options(config, client_id));
  options.session.connect.will = MqttCamera::will(mqtt_camera_options(config));
  return std::make_unique<MqttClient>(loop, options);
}

bool same_mqtt(const Config& one, const Config& other) {
  auto of = [](const Config& config) {
    return std::tie(config.mqtt, config.mqtt_ca, config.mqtt_cert, config.mqtt_key, config.id,
                    config.mqtt_client_id, config.mqtt_clean, config.mqtt_keep_alive_s,
                    config.mqtt_queue, config.mqtt_prefix);
  };
  return of(one) == of(other);
}

}  // namespace camloop
