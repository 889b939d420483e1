// What joins a stamped channel without a network, in simulated time: events, a link that delays,
// and a receiver written from the protocol's text.
#pragma once

#include "base/buffer.h"
#include "base/clock.h"
#include "proto/stamped_sender.h"
#include "proto/stamped_wire.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace camloop {

/// Events in the order of their time, those of one moment in the order they were asked for.
class Simulation {
 public:
  int64_t now_us() const { return now_us_; }
  void after(int64_t delay_us, std::function<void()> event) {
    events_.emplace(now_us_ + delay_us, std::move(event));
  }
  void run_for(int64_t time_us) {
    int64_t end_us = now_us_ + time_us;
    while (!events_.empty() && events_.begin()->first <= end_us) {
      auto next = events_.extract(events_.begin());
      now_us_ = next.key();
      next.mapped()();
    }
    now_us_ = end_us;
  }

 private:
  int64_t now_us_ = 1'000'000'000;
  std::multimap<int64_t, std::function<void()>> events_;
};

/// One direction of a connection: bytes arrive in order, each piece after a delay of its own.
class SimulatedLink {
 public:
  using Delay = std::function<int64_t()>;
  using Arrive = std::function<void(const std::string&)>;
  SimulatedLink(Simulation& world, Delay delay_us, Arrive arrive)
      : world_(world), delay_us_(std::move(delay_us)), arrive_(std::move(arrive)) {}

  void send(std::string bytes) {
    arrives_us_ = std::max(arrives_us_, world_.now_us() + delay_us_());
    world_.after(arrives_us_ - world_.now_us(),
                 [this, bytes = std::move(bytes)] { arrive_(bytes); });
  }

 private:
  Simulation& world_;
  Delay delay_us_;
  Arrive arrive_;
  int64_t arrives_us_ = 0;
};

inline std::string padded(std::string text, size_t size) {
  text.resize(size, ' ');
  return text;
}

inline std::string text_of(const StampedSender::Round& round) {
  return std::string(as_text(as_bytes(round.length))) + std::string(as_text(round.body.bytes())) +
         std::string(as_text(round.stamp));
}

inline BufferRef jpeg_of(BufferPool& pool, std::string_view text) {
  BufferRef jpeg = pool.take(text.size());
  std::copy(text.begin(), text.end(), jpeg.storage().begin());
  jpeg.set_size(text.size());
  return jpeg;
}

/// The field's receiver: three reads that wait for all they ask for, the verdict, and at once the
/// next stamp.
class FieldReceiver {
 public:
  FieldReceiver(Simulation& world, std::function<void(std::string)> send)
      : world_(world), send_(std::move(send)) {}

  void start() {
    stamped_us_ = world_.now_us();
    stamp_ = padded(std::to_string(static_cast<double>(stamped_us_) / kSecond_us), 32);
    send_(stamp_);
  }
  void on_bytes(const std::string& bytes) {
    received_ += bytes;
    if (received_.size() < 32) return;
    size_t length = std::stoul(received_);
    if (received_.size() < 32 + length + 32) return;
    EXPECT_EQ(received_.substr(32 + length), stamp_);
    judge(received_.substr(32, length));
    received_.clear();
    start();
  }

  std::vector<std::string> accepted;
  int64_t accepted_lag_max_us = 0;

 private:
  void judge(const std::string& body) {
    int64_t lag_us = world_.now_us() - stamped_us_;
    if (lag_us > kStampedLagMax_us) return send_("0");
    accepted_lag_max_us = std::max(accepted_lag_max_us, lag_us);
    accepted.push_back(body);
    send_("1");
    send_(padded("received and not delay", 1024));
  }

  Simulation& world_;
  std::function<void(std::string)> send_;
  int64_t stamped_us_ = 0;
  std::string stamp_;
  std::string received_;
};

/// A camera, our sender, and a receiver.
template <class Receiver>
class SimulatedChannel {
 public:
  explicit SimulatedChannel(SimulatedLink::Delay delay_us)
      : down_(world_, delay_us, [this](const std::string& bytes) { receive(bytes); }),
        up_(world_, delay_us, [this](const std::string& bytes) { receiver_.on_bytes(bytes); }),
        receiver_(world_, [this](std::string bytes) { down_.send(std::move(bytes)); }) {
    receiver_.start();
  }

  /// `jitter`: how much early or late a frame may come, in parts of the interval.
  void film(double fps, double seconds, double jitter = 0) {
    auto interval_us = static_cast<int64_t>(1e6 / fps);
    auto most_us = static_cast<int64_t>(jitter * 1e6 / fps);
    for (int i = 0; i < static_cast<int>(fps * seconds); ++i) {
      take(interval_us * i + interval_us / 2 + random_between(-most_us, most_us));
    }
    world_.run_for(static_cast<int64_t>(seconds * 1e6));
  }
  int64_t random_between(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random_);
  }

  size_t taken() const { return taken_; }
  size_t accepted() const { return receiver_.accepted.size(); }
  size_t accepted_once() const {
    return std::set(receiver_.accepted.begin(), receiver_.accepted.end()).size();
  }
  bool accepted_frames_only() const {
    return std::all_of(receiver_.accepted.begin(), receiver_.accepted.end(),
                       [](const std::string& body) { return body.starts_with("frame "); });
  }
  const Receiver& receiver() const { return receiver_; }
  const StampedSender::Facts& facts() const { return sender_.facts(); }

 private:
  void take(int64_t later_us) {
    world_.after(later_us, [this] {
      sender_.put(jpeg_of(pool_, "frame " + std::to_string(taken_++)), world_.now_us());
      pump();
    });
  }
  void receive(const std::string& bytes) {
    Bytes rest = as_bytes(bytes);
    while (!rest.empty()) ASSERT_TRUE(sender_.feed(rest, world_.now_us()).ok());
    pump();
  }
  void pump() {
    auto round = sender_.round(world_.now_us());
    if (!round) return;
    sender_.on_sent(*round);
    up_.send(text_of(*round));
  }

  std::mt19937 random_{5};
  BufferPool pool_{4};
  Simulation world_;
  StampedSender sender_{kStampedLagMax_us};
  SimulatedLink down_;
  SimulatedLink up_;
  Receiver receiver_;
  size_t taken_ = 0;
};

}  // namespace camloop
