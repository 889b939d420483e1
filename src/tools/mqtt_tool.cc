#include "tools/mqtt_tool.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random_seed.h"
#include "mqtt_options.h"

#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include <unistd.h>

namespace camloop {
namespace {

// A stop takes 2 s at most, of which leaving the broker takes one at most.
constexpr int64_t kDrainMax_us = kSecond_us / 2;

// Shorter than what a broker takes for the messages of one window, so that it has always some.
constexpr useconds_t kRest_us = 50;

std::string passing_client_id() {
  char id[32];
  std::snprintf(id, sizeof id, "camloop%08x", static_cast<unsigned>(random_seed()));
  return id;
}

}  // namespace

Result<MqttClient::Options> tool_session(const Config& config, const MqttQueue::Limits& queue) {
  if (!config.mqtt) {
    return Error{
        "CAMLOOP_MQTT is not set: write mqtt://[USER:PASSWORD@]HOST[:PORT] or mqtts://..."};
  }
  if (!config.mqtt_clean && config.mqtt_client_id.empty()) {
    return Error{"CAMLOOP_MQTT_CLEAN=0 needs a CAMLOOP_MQTT_CLIENT_ID: whose session it is"};
  }
  bool named = !config.mqtt_client_id.empty();
  MqttClient::Options options =
      TRY(make_mqtt_options(config, named ? config.mqtt_client_id : passing_client_id()));
  options.session.queue = queue;
  return options;
}

MqttTool::MqttTool(Loop& loop, const MqttClient::Options& session)
    : loop_(loop),
      client_(loop, session),
      on_terminate_(Signal::create(loop, SIGTERM, [this] { on_signal(); })),
      on_interrupt_(Signal::create(loop, SIGINT, [this] { on_signal(); })) {
  client_.attach(*this);
}

MqttTool::~MqttTool() {
  client_.detach(*this);
}

void MqttTool::finish(int exit_status) {
  if (std::exchange(finishing_, true)) return;
  exit_status_ = exit_status;
  client_.leave(std::nullopt, [this] {
    left_ = true;
    on_left();
  });
}

void MqttTool::fail(const Error& why) {
  log_error("%s", why.text.c_str());
  finish(kToolFailed);
  exit_status_ = kToolFailed;
}

void MqttTool::rest() {
  usleep(kRest_us);
}

void MqttTool::on_offline(const Error& why) {
  if (is_final_refusal(client_.refusal())) fail(why);
}

void MqttTool::on_signal() {
  stopped_ = true;
  finish(status_if_stopped());
  if (left_) loop_.stop();
}

int run_mqtt_tool(const std::function<std::unique_ptr<MqttTool>(Loop& loop)>& make) {
  std::signal(SIGPIPE, SIG_IGN);
  Loop loop;
  int exit_status = 0;
  {
    auto tool = make(loop);
    loop.run();
    exit_status = tool->exit_status();
  }
  if (!loop.drain_within(kDrainMax_us)) _exit(exit_status);
  return exit_status;
}

}  // namespace camloop
