#include "tools/send.h"

#include "base/log.h"
#include "sinks/image_sender.h"
#include "sources/file/input_file.h"
#include "tools/arguments.h"
#include "tools/mqtt_tool.h"

#include <memory>
#include <string>
#include <utility>

#include <fcntl.h>

namespace camloop {
namespace {

// One message is under way at a time.
constexpr MqttQueue::Limits kQueue{};

Result<BufferRef> read_image(const std::string& path) {
  InputFile file = TRY(InputFile::open(AT_FDCWD, path.c_str()));
  size_t size = TRY(file.size());
  TRY(ImageTransferSender::check(size));
  BufferRef image = BufferPool(0).take(size);
  size = TRY(file.read(0, image.storage().first(size))).size();
  image.set_size(size);
  return image;
}

class Sender final : public MqttTool {
 public:
  Sender(Loop& loop, const MqttClient::Options& session, const ImageSender::Options& topics,
         const std::string& name, BufferRef image);

 private:
  ImageSender images_;
};

Sender::Sender(Loop& loop, const MqttClient::Options& session, const ImageSender::Options& topics,
               const std::string& name, BufferRef image)
    : MqttTool(loop, session), images_(loop, client(), topics) {
  auto on_done = [this](const Result<>& outcome) { finish(outcome.ok() ? 0 : kToolFailed); };
  auto taken = images_.send(name, std::move(image), on_done);
  CHECK(taken.ok());
}

}  // namespace

Result<int> run_send(std::span<const std::string_view> words, const Config& config) {
  ToolArguments arguments = TRY(take_apart(words, {}));
  if (arguments.operands.size() != 1) return Error{"one file is needed"};
  MqttClient::Options session = TRY(tool_session(config, kQueue));
  std::string path(arguments.operands[0]);
  auto image = read_image(path);
  if (!image.ok()) {
    log_error("%s: %s", path.c_str(), image.error().text.c_str());
    return kToolFailed;
  }
  ImageSender::Options topics{config.transfer_out, config.transfer_in};
  std::string name = path.substr(path.rfind('/') + 1);
  return run_mqtt_tool([&](Loop& loop) {
    return std::make_unique<Sender>(loop, session, topics, name, std::move(image).value());
  });
}

}  // namespace camloop
