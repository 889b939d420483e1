// An MQTT broker of one client on a test's own loop: it accepts the client, its subscriptions and
// messages of QoS 0 and 1, and leaves all else to the test.
#pragma once

#include "io/listener.h"
#include "links/mqtt_client.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace camloop {

class LoopBroker : private StreamHandler {
 public:
  explicit LoopBroker(Loop& loop) {
    auto on_accept = [this](Owned<Stream> stream) {
      if (!open) return;
      ++connections;
      received_.clear();
      stream_ = std::move(stream);
      stream_->start(*this);
    };
    Address any = parse_listen_address("127.0.0.1:0").value();
    listener_ = Listener::open(loop, any, {8, 8}, "", on_accept).value();
  }

  std::unique_ptr<MqttClient> make_client(Loop& loop) const {
    MqttClient::Options options{.endpoint = {"127.0.0.1", listener_->address().port()}};
    options.session.connect.client_id = "test";
    options.backoff = {kMillisecond_us, kMillisecond_us};
    return std::make_unique<MqttClient>(loop, options);
  }
  /// With QoS 0, whatever was subscribed to; to nobody where nobody is connected.
  void publish(const std::string& topic, const std::string& payload, bool retain = false) {
    std::string body = string_of(topic) + payload;
    std::string packet(1, retain ? '\x31' : '\x30');
    for (size_t left = body.size(); left > 0 || packet.size() == 1; left >>= 7) {
      packet += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    }
    if (stream_) (void)stream_->write(as_bytes(packet + body));
  }
  void cut() { stream_.reset(); }

  bool open = true;    // else connections are dropped
  bool grants = true;  // else subscriptions are refused
  int connections = 0;
  std::vector<std::string> subscribed;  // filters
  std::function<void(const std::string& topic, const std::string& payload)> on_published =
      [](const std::string&, const std::string&) {};

 private:
  static std::string string_of(const std::string& text) {
    return std::string{static_cast<char>(text.size() >> 8), static_cast<char>(text.size())} + text;
  }

  Result<> on_bytes(Bytes bytes) override {
    received_ += as_text(bytes);
    for (size_t size = take_packet(); size > 0; size = take_packet()) received_.erase(0, size);
    return {};
  }
  void on_end(const Error&) override { stream_.reset(); }

  /// The first packet's size, once it is whole and has been answered; else 0.
  size_t take_packet() {
    size_t size = 0, at = 1;
    for (uint8_t more = 0x80; more & 0x80; ++at) {
      if (at >= received_.size()) return 0;
      more = static_cast<uint8_t>(received_[at]);
      size |= (more & 0x7fu) << (7 * (at - 1));
    }
    if (received_.size() < at + size) return 0;
    answer(static_cast<uint8_t>(received_[0]), received_.substr(at, size));
    return at + size;
  }
  void answer(uint8_t first_byte, const std::string& body) {
    using namespace std::string_literals;
    auto string_at = [&](size_t at) {
      return body.substr(at + 2,
                         static_cast<uint8_t>(body[at]) << 8 | static_cast<uint8_t>(body[at + 1]));
    };
    if (first_byte == 0x10) (void)stream_->write(as_bytes("\x20\x02\x00\x00"s));
    if (first_byte >> 4 == 3) {
      std::string topic = string_at(0);
      std::string rest = body.substr(2 + topic.size());
      bool at_least_once = (first_byte & 0x06) == 0x02;
      if (at_least_once) (void)stream_->write(as_bytes("\x40\x02"s + rest.substr(0, 2)));
      on_published(topic, rest.substr(at_least_once ? 2 : 0));
    }
    if (first_byte != 0x82) return;
    std::string codes;
    for (size_t at = 2; at < body.size(); at += 3 + subscribed.back().size()) {
      subscribed.push_back(string_at(at));
      codes += grants ? '\0' : '\x80';
    }
    (void)stream_->write(
        as_bytes("\x90"s + static_cast<char>(2 + codes.size()) + body.substr(0, 2) + codes));
  }

  Owned<Stream> stream_;
  std::string received_;
  Owned<Listener> listener_;
};

}  // namespace camloop
