#include "mqtt_options.h"

#include "io/tls_context.h"

namespace camloop {

Result<MqttClient::Options> make_mqtt_options(const Config& config, const std::string& client_id) {
  MqttClient::Options options{.endpoint = config.mqtt->endpoint};
  if (config.mqtt->secure) {
    options.tls =
        TRY(TlsContext::client({config.mqtt_ca.path, config.mqtt_cert.path, config.mqtt_key.path}));
  }
  options.session.connect = {.client_id = client_id,
                             .clean_session = config.mqtt_clean,
                             .keep_alive_s = config.mqtt_keep_alive_s,
                             .user = config.mqtt->user,
                             .password = config.mqtt->password};
  options.session.queue.messages = config.mqtt_queue;
  return options;
}

}  // namespace camloop
