#include "sinks/image_sender.h"

#include "base/log.h"

#include <utility>

namespace camloop {

ImageSender::ImageSender(Loop& loop, MqttClient& client, const Options& options)
    : client_(client), options_(options) {
  answer_wait_ = Timer::create(loop, [this] {
    transfer_.on_time(monotonic_us());
    go_on();
  });
  broker_wait_ = Timer::create(loop, [this] {
    UplinkFacts broker = client_.facts(monotonic_us()).uplink;
    const std::string& why = broker.fault.empty() ? broker.state : broker.fault;
    transfer_.abandon(Error{"waited in vain for the broker: " + why});
    go_on();
  });
  client_.attach(*this);
  client_.subscribe(*this, options_.from_base, MqttQos::kAtMostOnce, kTransferMessageMax);
}

ImageSender::~ImageSender() {
  client_.detach(*this);
}

Result<> ImageSender::send(std::string name, BufferRef image, OnDone on_done) {
  TRY(ImageTransferSender::check(image.size()));
  size_t bytes = image.size();
  for (const Job& job : jobs_) bytes += job.image.size();
  if (jobs_.size() == kImagesMax || bytes > kBytesMax) {
    return Error{std::to_string(jobs_.size()) + " images wait already"};
  }
  jobs_.push_back({std::move(name), std::move(image), std::move(on_done)});
  // From the loop, so that nobody is told of the end inside this call.
  if (jobs_.size() == 1) answer_wait_->start(0);
  return {};
}

// ---- The broker ----

void ImageSender::on_message(const MqttMessage& message) {
  if (message.retain) return;  // of a transfer that is over
  transfer_.feed(message.payload);
  go_on();
}

void ImageSender::on_online() {
  transfer_.resume();
  go_on();
}

void ImageSender::on_offline(const Error&) {
  go_on();
}

void ImageSender::on_refused(const std::string& filter) {
  transfer_.abandon(Error{"the broker does not let us hear " + filter});
  go_on();
}

// ---- The transfers ----

void ImageSender::go_on() {
  if (auto outcome = transfer_.take_outcome()) finish(*outcome);
  if (!transfer_.busy() && !jobs_.empty()) {
    transfer_.begin(jobs_.front().name, jobs_.front().image);
  }
  if (transfer_.busy() && !client_.connected()) return await_broker();
  broker_wait_->stop();
  int64_t now_us = monotonic_us();
  if (auto message = transfer_.take_message(now_us)) {
    client_.publish({options_.to_base, std::move(*message)});
  }
  if (auto due_us = transfer_.deadline_us()) answer_wait_->start(*due_us - now_us);
}

// The connection's end gives the answer up; a message is sent again over the next one.
void ImageSender::await_broker() {
  answer_wait_->stop();
  if (!broker_wait_->running()) broker_wait_->start(options_.broker_wait_us);
}

void ImageSender::finish(const Result<>& outcome) {
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  if (outcome.ok()) {
    log_info("%s: %s, %zu bytes: sent", options_.to_base.c_str(), job.name.c_str(),
             job.image.size());
  } else {
    log_warning("%s: %s not sent: %s", options_.to_base.c_str(), job.name.c_str(),
                outcome.error().text.c_str());
  }
  job.on_done(outcome);
}

}  // namespace camloop
