// Whatever a broker sends, whole and byte by byte, gives a session the same steps, messages,
// answers and fault; and over a connection's end it owes what it owed.

#include "base/check.h"
#include "proto/mqtt_session.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

using camloop::as_text;
using camloop::Bytes;
using camloop::MqttQos;
using camloop::MqttSession;
using Step = camloop::MqttSession::Step;

namespace {

constexpr size_t kPayloadMax = 64;

std::string sent(MqttSession& session) {
  std::string all;
  for (;;) {
    MqttSession::Output output = session.output();
    if (output.empty()) return all;
    all += as_text(output.head);
    all += as_text(output.body.bytes());
    session.on_sent(0);
  }
}

// The answers come in the same order however the bytes are cut, but in other batches.
struct Story {
  std::string steps;
  std::string answers;
  bool operator==(const Story&) const = default;
};

Story play(Bytes input, size_t piece_size, bool clean) {
  MqttSession session({{.client_id = "c", .clean_session = clean}, {}});
  session.subscribe("#", MqttQos::kExactlyOnce, kPayloadMax);
  for (auto qos : {MqttQos::kAtMostOnce, MqttQos::kAtLeastOnce, MqttQos::kExactlyOnce}) {
    session.publish({.topic = "t", .text = "x", .qos = qos});
  }
  Story story;
  for (int connection = 0; connection < 2; ++connection) {
    session.begin(0);
    story.answers += sent(session);
    Bytes left = input;
    bool fault = false;
    while (!left.empty() && !fault) {
      Bytes piece = left.first(std::min(piece_size, left.size()));
      left = left.subspan(piece.size());
      while (!piece.empty() && !fault) {
        auto step = session.feed(piece, 0);
        fault = !step.ok();
        if (fault) {
          story.steps += step.error().text;
        } else if (step.value() != Step::kNothing) {
          story.steps += static_cast<char>('0' + static_cast<int>(step.value()));
        }
        if (step.ok() && step.value() == Step::kMessage) {
          CHECK(session.message().payload.size() <= kPayloadMax);
          story.steps += std::string(session.message().topic);
          story.steps += as_text(session.message().payload);
        }
        if (!fault) story.answers += sent(session);
      }
    }
    CHECK(session.in_flight() <= 2);
    session.end();
  }
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Bytes input(data + 1, size - 1);
  bool clean = data[0] & 1;
  CHECK(play(input, input.size(), clean) == play(input, 1, clean));
  return 0;
}
