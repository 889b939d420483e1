#include "tools/pub.h"

#include "base/text.h"
#include "io/input.h"
#include "proto/mqtt_topic.h"
#include "tools/arguments.h"
#include "tools/mqtt_tool.h"
#include "tools/payload.h"

#include <cstring>
#include <memory>
#include <utility>

#include <unistd.h>

namespace camloop {
namespace {

constexpr std::string_view kOptions[] = {"-l", "-q:", "-r"};

// What is read goes on waiting, so that what comes next can be read while the broker takes it: some
// lines, or one that is longer than these bytes. More would only cost memory.
constexpr size_t kAheadMax = 128 * 1024;
constexpr MqttQueue::Limits kQueue{.messages = 1000, .bytes = kAheadMax + kMqttRemainingLengthMax};

// A pipe's, and so as much as one read gives.
constexpr size_t kBlockSize = 64 * 1024;

// In the kernel: enough that the broker does not wait for us to wake up, and no more than stays in
// the processor's cache.
constexpr int kUnsentMax = 64 * 1024;

class Publisher final : public MqttTool {
 public:
  Publisher(Loop& loop, const MqttClient::Options& session, PubRequest request);

 private:
  void on_progress() override;
  void on_offline(const Error& why) override;
  void on_input();
  void advance();
  bool has_room() { return client().has_room(kMqttRemainingLengthMax); }
  void take_piece();
  void publish();
  void end();

  const PubRequest request_;
  std::unique_ptr<uint8_t[]> block_;
  Bytes rest_;  // of what was read, in block_
  PayloadBuilder payload_;
  bool at_end_ = false;    // of what there is to read
  bool complete_ = false;  // all is published
  std::optional<Input> input_;
};

Publisher::Publisher(Loop& loop, const MqttClient::Options& session, PubRequest request)
    : MqttTool(loop, session), request_(std::move(request)) {
  if (request_.message) {
    payload_.append(as_bytes(*request_.message));
    at_end_ = true;
  } else {
    block_ = std::make_unique<uint8_t[]>(kBlockSize);
    input_.emplace(loop, STDIN_FILENO, [this] { on_input(); });
  }
  advance();
}

void Publisher::on_input() {
  auto received = input_->read({block_.get(), kBlockSize});
  if (!received.ok()) {
    input_.reset();
    return fail(received.error());
  }
  rest_ = Bytes(block_.get(), received.value().size);
  at_end_ = received.value().end;
  advance();
}

// A broker answers each message by itself. While more is to be published than it takes at a time,
// its answers may gather.
void Publisher::on_progress() {
  advance();
  bool behind = !rest_.empty() && !finishing();
  if (behind && request_.qos != MqttQos::kAtMostOnce) rest();
}

// As far as there is room, to the end of what was read.
void Publisher::advance() {
  while (!finishing() && !rest_.empty() && has_room()) take_piece();
  if (finishing()) return input_.reset();
  if (!rest_.empty()) return input_->pause();
  if (!at_end_) return input_->resume();
  input_.reset();
  if (!complete_ && has_room()) {
    complete_ = true;
    if (!request_.lines || payload_.size() > 0) publish();
  }
  if (complete_ && client().settled()) end();
}

void Publisher::end() {
  uint64_t lost = client().cut();
  if (lost == 0) return finish(0);
  fail(Error{"messages that may have been lost with a connection: " + std::to_string(lost)});
}

void Publisher::on_offline(const Error& why) {
  MqttTool::on_offline(why);
  advance();
}

// A line or what is there of it, or all that is there.
void Publisher::take_piece() {
  const void* line_end = nullptr;
  if (request_.lines) line_end = std::memchr(rest_.data(), '\n', rest_.size());
  size_t size = line_end ? static_cast<const uint8_t*>(line_end) - rest_.data() : rest_.size();
  size_t whole = publish_size(request_.topic, request_.qos, payload_.size() + size);
  if (whole > kMqttRemainingLengthMax) {
    return fail(Error{"a message is longer than the 268,435,455 bytes that MQTT allows"});
  }
  payload_.append(rest_.first(size));
  rest_ = rest_.subspan(line_end ? size + 1 : size);
  if (line_end) publish();
}

void Publisher::publish() {
  MqttPublication message{.topic = request_.topic, .qos = request_.qos, .retain = request_.retain};
  payload_.move_to(message);
  client().publish(std::move(message));
}

Result<> take_option(PubRequest& request, const ToolArguments::Option& option) {
  if (option.name == "-l") request.lines = true;
  if (option.name == "-r") request.retain = true;
  if (option.name == "-q") request.qos = TRY(parse_qos(option.value));
  return {};
}

}  // namespace

Result<PubRequest> parse_pub(std::span<const std::string_view> words) {
  ToolArguments arguments = TRY(take_apart(words, kOptions));
  PubRequest request;
  for (const auto& option : arguments.options) TRY(take_option(request, option));
  const auto& operands = arguments.operands;
  if (request.lines && operands.size() != 1) return Error{"-l takes one topic and nothing else"};
  if (!request.lines && operands.size() != 2) return Error{"a topic and a message are needed"};
  request.topic = operands[0];
  std::string shown = printable(request.topic);
  if (!is_topic_name(request.topic) || shown != request.topic) {
    return Error{"'" + shown + "' is no topic: text without + and #, not empty"};
  }
  if (!request.lines && operands[1] != "-") request.message = operands[1];
  return request;
}

Result<int> run_pub(std::span<const std::string_view> words, const Config& config) {
  PubRequest request = TRY(parse_pub(words));
  MqttClient::Options session = TRY(tool_session(config, kQueue));
  session.unsent_max = kUnsentMax;
  return run_mqtt_tool(
      [&](Loop& loop) { return std::make_unique<Publisher>(loop, session, std::move(request)); });
}

}  // namespace camloop
