#include "tools/sub.h"

#include "base/log.h"
#include "base/text.h"
#include "io/output.h"
#include "proto/mqtt_topic.h"
#include "tools/arguments.h"
#include "tools/message_json.h"
#include "tools/mqtt_tool.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <utility>

#include <unistd.h>

namespace camloop {
namespace {

constexpr std::string_view kOptions[] = {"--json", "-n:", "-q:", "-v"};

// A picture of any camera fits; memory is taken only when such a message comes.
constexpr size_t kPayloadMax = 16 << 20;

// So many bytes at a time are worth waking up for.
constexpr size_t kManyMin = 16 * 1024;

class Subscriber final : public MqttTool, private OutputHandler {
 public:
  Subscriber(Loop& loop, const MqttClient::Options& session, SubRequest request);

 private:
  void on_message(const MqttMessage& message) override;
  void on_progress() override;
  void on_refused(const std::string& filter) override;
  void on_oversize(const MqttMessage& message) override;
  void on_left() override;
  int status_if_stopped() const override { return request_.count > 0 ? kToolFailed : 0; }

  void on_drained() override;
  void on_output_failed(const Error& why) override;

  void print(const MqttMessage& message);
  void put(std::string_view text) { output_.put(as_bytes(text)); }

  const SubRequest request_;
  uint64_t printed_ = 0;
  size_t came_ = 0;  // bytes of messages since the last rest
  std::set<std::string> refused_;
  bool has_left_ = false;
  Output output_;
};

Subscriber::Subscriber(Loop& loop, const MqttClient::Options& session, SubRequest request)
    : MqttTool(loop, session), request_(std::move(request)), output_(loop, STDOUT_FILENO, *this) {
  for (const std::string& filter : request_.filters) {
    client().subscribe(*this, filter, request_.qos, kPayloadMax);
  }
}

void Subscriber::on_message(const MqttMessage& message) {
  if (finishing()) return;
  print(message);
  came_ += message.topic.size() + message.payload.size();
  if (++printed_ == request_.count) return finish(0);
  if (output_.full()) client().pause();
}

// Behind a few small messages others may follow.
void Subscriber::on_progress() {
  size_t came = std::exchange(came_, 0);
  if (came > 0 && came < kManyMin && !finishing()) rest();
}

void Subscriber::print(const MqttMessage& message) {
  using Format = SubRequest::Format;
  if (request_.format == Format::kJson) {
    put(message_json(message));
  } else {
    if (request_.format == Format::kTopicAndPayload) {
      put(message.topic);
      put(" ");
    }
    output_.put(message.payload);
  }
  put("\n");
}

void Subscriber::on_refused(const std::string& filter) {
  refused_.insert(filter);
  Error why{"the broker refuses " + printable(filter)};
  if (refused_.size() == request_.filters.size()) return fail(why);
  log_error("%s", why.text.c_str());
}

void Subscriber::on_oversize(const MqttMessage& message) {
  log_warning("a message to %s is left out: it is longer than %zu bytes",
              std::string(message.topic).c_str(), kPayloadMax);
}

void Subscriber::on_drained() {
  has_left_ ? loop().stop() : client().resume();
}

// A reader that has enough, such as head, is no fault.
void Subscriber::on_output_failed(const Error& why) {
  why.code == EPIPE ? finish(0) : fail(why);
  if (has_left_) loop().stop();
}

// What is printed goes out first, unless it must be now.
void Subscriber::on_left() {
  has_left_ = true;
  output_.flush();
  if (stopped() || !output_.full()) loop().stop();
}

Result<> take_option(SubRequest& request, const ToolArguments::Option& option) {
  using Format = SubRequest::Format;
  if (option.name == "-v") request.format = Format::kTopicAndPayload;
  if (option.name == "--json") request.format = Format::kJson;
  if (option.name == "-q") request.qos = TRY(parse_qos(option.value));
  if (option.name == "-n") {
    request.count = parse_number<uint64_t>(option.value).value_or(0);
    if (request.count == 0) return Error{"-n takes a number from 1 on"};
  }
  return {};
}

}  // namespace

Result<SubRequest> parse_sub(std::span<const std::string_view> words) {
  ToolArguments arguments = TRY(take_apart(words, kOptions));
  SubRequest request;
  for (const auto& option : arguments.options) TRY(take_option(request, option));
  if (arguments.operands.empty()) return Error{"a topic is needed"};
  for (std::string_view operand : arguments.operands) {
    std::string filter(operand);
    std::string shown = printable(filter);
    if (!is_topic_filter(filter) || shown != filter) {
      return Error{"'" + shown + "' is no topic: + stands for a whole level, # for the last ones"};
    }
    auto& filters = request.filters;
    if (std::find(filters.begin(), filters.end(), filter) == filters.end()) {
      filters.push_back(filter);
    }
  }
  return request;
}

Result<int> run_sub(std::span<const std::string_view> words, const Config& config) {
  SubRequest request = TRY(parse_sub(words));
  MqttClient::Options session = TRY(tool_session(config, {}));
  return run_mqtt_tool(
      [&](Loop& loop) { return std::make_unique<Subscriber>(loop, session, std::move(request)); });
}

}  // namespace camloop
