// A session with a broker whose packets a test writes by hand.
#pragma once

#include "base/clock.h"
#include "proto/mqtt_session.h"
#include "unit/proto/mqtt_world.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camloop {

constexpr const char* kAccepted = "20 02 00 00";
constexpr const char* kResumed = "20 02 01 00";

class MqttSessionTest : public testing::Test {
 protected:
  using Step = MqttSession::Step;

  void make(bool clean, uint16_t keep_alive_s = 60, MqttQueue::Limits queue = {}) {
    MqttConnect connect{.client_id = "c", .clean_session = clean, .keep_alive_s = keep_alive_s};
    session_.emplace(MqttSession::Options{connect, queue});
  }
  /// A connection that the broker has accepted by `connack`; what was sent before is forgotten.
  void connect(const char* connack = kAccepted) {
    if (!session_) make(true);
    session_->begin(now_us_);
    sent();
    EXPECT_EQ(step(connack), Step::kConnected);
  }
  /// The last step of all that is in `digits`; every message's payload is added to messages_.
  Step step(std::string_view digits) {
    received_ = unhex(digits);
    Bytes bytes = received_;
    Step last = Step::kNothing;
    while (!bytes.empty()) {
      auto fed = session_->feed(bytes, now_us_);
      EXPECT_TRUE(fed.ok()) << fed.error().text;
      if (!fed.ok()) break;
      last = fed.value();
      if (last == Step::kMessage)
        messages_ += std::string(as_text(session_->message().payload)) + " ";
    }
    return last;
  }
  /// Why the broker is given up for what is in `digits`; "" if it is not.
  std::string fault(std::string_view digits) {
    received_ = unhex(digits);
    Bytes bytes = received_;
    while (!bytes.empty()) {
      auto fed = session_->feed(bytes, now_us_);
      if (!fed.ok()) return fed.error().text;
    }
    return "";
  }
  /// All that is to be sent by now, as digits.
  std::string sent() {
    std::vector<uint8_t> all;
    for (;;) {
      MqttSession::Output output = session_->output();
      if (output.empty()) break;
      all.insert(all.end(), output.head.begin(), output.head.end());
      Bytes body = output.body.bytes();
      all.insert(all.end(), body.begin(), body.end());
      session_->on_sent(now_us_);
    }
    session_->on_gone();
    return hex(all);
  }
  void publish(const std::string& text, MqttQos qos) {
    session_->publish({.topic = "t", .text = text, .qos = qos});
  }
  /// "" while all is in time.
  std::string tick_after(int64_t seconds, bool moving = false, bool listening = true) {
    now_us_ += seconds * kSecond_us;
    Result<> in_time = session_->tick(now_us_, moving, listening);
    return in_time.ok() ? "" : in_time.error().text;
  }

  int64_t now_us_ = 1000 * kSecond_us;
  std::vector<uint8_t> received_;  // last
  std::string messages_;
  std::optional<MqttSession> session_;
};

}  // namespace camloop
