// Any bytes, whole and byte by byte, are the same steps, answers and fault to the sender's end of
// the stamped channel. The camera's pace follows from the stamps: some rounds are flushed.

#include "base/check.h"
#include "proto/stamped_sender.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

using camloop::as_bytes;
using camloop::as_text;
using camloop::BufferPool;
using camloop::BufferRef;
using camloop::Bytes;
using camloop::StampedSender;
using Step = camloop::StampedSender::Step;

namespace {

constexpr int64_t kLimit_us = 80'000;

// A frame comes as many ms after its stamp as the stamp's first byte says.
std::string answer(StampedSender& sender, const BufferRef& jpeg, int64_t& now_us) {
  sender.put(jpeg, now_us);
  CHECK(sender.round(now_us).has_value());
  now_us += sender.round(now_us)->stamp[0] * 1000;
  auto round = sender.round(now_us);
  CHECK(round && round->stamp.size() == 32 && !sender.awaits_receiver());
  sender.on_sent(*round);
  CHECK(!sender.round(now_us));
  return std::string(as_text(as_bytes(round->length))) + std::string(as_text(round->stamp));
}

std::string play(Bytes input, size_t step_size) {
  BufferPool pool(1);
  BufferRef jpeg = pool.take(8);
  jpeg.set_size(8);
  StampedSender sender(kLimit_us);
  std::string story;
  int64_t now_us = 0;
  while (!input.empty()) {
    Bytes piece = input.first(std::min(step_size, input.size()));
    input = input.subspan(piece.size());
    while (!piece.empty()) {
      auto step = sender.feed(piece, now_us);
      if (!step.ok()) return story + step.error().text;
      if (step.value() == Step::kNeedMore)
        CHECK(piece.empty());
      else
        story += static_cast<char>('0' + static_cast<int>(step.value()));
      if (step.value() == Step::kStamp) story += answer(sender, jpeg, now_us);
      if (step.value() == Step::kReply) story += sender.reply();
    }
  }
  const StampedSender::Facts& facts = sender.facts();
  CHECK(facts.rounds == facts.accepted + facts.refused + facts.flushed);
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes input(data, size);
  CHECK(play(input, input.size()) == play(input, 1));
  return 0;
}
