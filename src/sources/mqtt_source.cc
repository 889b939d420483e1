#include "sources/mqtt_source.h"

#include "base/clock.h"
#include "base/log.h"
#include "media/jpeg_marker.h"
#include "media/jpeg_scan.h"
#include "proto/image_transfer_base.h"
#include "sources/ticker.h"

#include <utility>

namespace camloop {
namespace {

// An image is shown anew this often, as a still in a file is: viewers who come later, and
// snapshots, want a picture of now.
constexpr double kShownFps = 10.0 / 9;

class MqttSource : public Source, private MqttUser {
 public:
  MqttSource(Loop& loop, MqttClient& client, const MqttSourceOptions& options, BufferPool& pool,
             SourceHandler& handler);
  ~MqttSource() override { client_.detach(*this); }

  void set_active(bool active) override { ticker_.set_active(active); }
  const SourceFacts& facts() const override { return facts_; }
  std::optional<LinkFacts> link_facts() const override;

 private:
  void on_message(const MqttMessage& message) override;
  void on_oversize(const MqttMessage&) override { ++ignored_; }
  void on_online() override { base_.resume(monotonic_us()); }

  void take(ImageTransferBase::Image image);
  void tick();
  void show(int64_t now_us);

  MqttClient& client_;
  MqttSourceOptions options_;
  BufferPool& pool_;
  SourceHandler& handler_;
  ImageTransferBase base_;
  SourceFacts facts_;
  Frame image_;  // the last one
  uint64_t broken_ = 0;
  uint64_t ignored_ = 0;  // messages that are not shown to the base at all
  uint64_t bytes_received_ = 0;
  uint64_t bytes_sent_ = 0;
  Ticker ticker_;  // last: it ends first
};

MqttSource::MqttSource(Loop& loop, MqttClient& client, const MqttSourceOptions& options,
                       BufferPool& pool, SourceHandler& handler)
    : client_(client),
      options_(options),
      pool_(pool),
      handler_(handler),
      base_({.size_max = kFrameSizeMax, .without_last = options.without_last}),
      ticker_(loop, kShownFps, [this] { tick(); }) {
  facts_.name = "mqtt:" + options_.from_server;
  facts_.format = "JPEG";
  client_.attach(*this);
  client_.subscribe(*this, options_.from_server, MqttQos::kAtMostOnce, kTransferMessageMax);
}

// ---- The transfer ----

void MqttSource::on_message(const MqttMessage& message) {
  if (message.retain) {  // of a transfer that is over
    ++ignored_;
    return;
  }
  bytes_received_ += message.payload.size();
  auto answer = base_.feed(message.payload, monotonic_us());
  if (answer) {
    client_.publish({options_.to_server, format_transfer_answer(*answer)});
    bytes_sent_ += kTransferAnswerSize;
  }
  if (auto image = base_.take_image()) take(std::move(*image));
}

void MqttSource::take(ImageTransferBase::Image image) {
  if (image.missing > 0) image.bytes.insert(image.bytes.end(), {0xff, jpeg_marker::kEnd});
  JpegLayout layout;
  auto mended = repair_jpeg(image.bytes, pool_, &layout);
  if (!mended) {
    ++broken_;
    log_warning("%s: %s cannot be shown: %s", facts_.name.c_str(), image.name.c_str(),
                mended.error().text.c_str());
    return;
  }
  log_info("%s: %s, %zu bytes", facts_.name.c_str(), image.name.c_str(), image.bytes.size());
  image_ = {std::move(mended).value(), layout.width, layout.height};
  facts_.width = layout.width;
  facts_.height = layout.height;
  ++facts_.pictures;
  show(monotonic_us());
}

// ---- What is shown ----

void MqttSource::tick() {
  int64_t now_us = monotonic_us();
  if (client_.connected()) base_.tick(now_us);
  if (image_) {
    if (handler_.wants(now_us)) show(now_us);
  } else if (facts_.fault.empty()) {
    facts_.fault = facts_.name + ": no image has come yet";
    handler_.on_lost(Error{facts_.fault});
  }
}

void MqttSource::show(int64_t now_us) {
  facts_.fault.clear();
  image_.captured_us = now_us;
  ++image_.sequence;
  handler_.on_jpeg(image_);
}

std::optional<LinkFacts> MqttSource::link_facts() const {
  MqttFacts mqtt = client_.facts(monotonic_us());
  const ImageTransferBase::Facts& transfers = base_.facts();
  LinkFacts link{.kind = "transfer", .role = "receiver", .address = options_.from_server};
  link.secure = mqtt.secure;
  link.state = mqtt.uplink.state;
  link.fault = mqtt.uplink.fault;
  if (mqtt.uplink.retry_in_us > 0) link.retry_in_us = mqtt.uplink.retry_in_us;
  link.connects = mqtt.uplink.connects;
  link.failures = mqtt.uplink.failures;
  link.traffic.rounds = transfers.begun + transfers.failed_refused;
  link.traffic.accepted = transfers.done - broken_;
  link.traffic.dropped = {{"replaced", transfers.failed_replaced},
                          {"mixed", transfers.failed_mixed},
                          {"stalled", transfers.failed_stalled},
                          {"refused", transfers.failed_refused},
                          {"broken", broken_}};
  link.traffic.bytes_received = bytes_received_;
  link.traffic.bytes_sent = bytes_sent_;
  link.messages = {{"new", transfers.packages},
                   {"repeated", transfers.repeated},
                   {"bad", transfers.bad},
                   {"ignored", transfers.ignored + ignored_}};
  return link;
}

}  // namespace

std::unique_ptr<Source> make_mqtt_source(Loop& loop, MqttClient& client,
                                         const MqttSourceOptions& options, BufferPool& pool,
                                         SourceHandler& handler) {
  return std::make_unique<MqttSource>(loop, client, options, pool, handler);
}

}  // namespace camloop
