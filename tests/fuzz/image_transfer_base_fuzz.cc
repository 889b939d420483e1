// Any messages give a base's answers that can be read, and images of the size agreed; messages that
// come twice give the same answers and images. Before each message in the input stands its size; a
// size of 255 stands for ten seconds of silence.

#include "base/check.h"
#include "proto/image_transfer_base.h"

#include <algorithm>
#include <string>

using camloop::as_text;
using camloop::Bytes;
using camloop::ImageTransferBase;

namespace {

constexpr size_t kSizeMax = 500;
constexpr uint8_t kSilence = 255;

std::string feed(ImageTransferBase& base, Bytes message, int64_t now_us) {
  auto answer = base.feed(message, now_us);
  if (!answer) return "-";
  std::string bytes = format_transfer_answer(*answer);
  CHECK(bytes.size() == camloop::kTransferAnswerSize);
  CHECK(camloop::parse_transfer_answer(camloop::as_bytes(bytes)));
  return bytes;
}

std::string play(Bytes input, bool without_last, int times) {
  ImageTransferBase base({.size_max = kSizeMax, .without_last = without_last});
  std::string story;
  int64_t now_us = 0;
  while (!input.empty()) {
    uint8_t size = input[0];
    Bytes message =
        input.subspan(1, size == kSilence ? 0 : std::min<size_t>(size, input.size() - 1));
    input = input.subspan(1 + message.size());
    now_us += size == kSilence ? 10'000'000 : 0;
    base.tick(now_us);
    std::string answer = feed(base, message, now_us);
    story += answer;
    if (auto image = base.take_image()) {
      CHECK(image->bytes.size() + image->missing <= kSizeMax);
      CHECK(without_last || image->missing == 0);
      story += image->name + std::string(as_text(image->bytes));
    }
    for (int time = 1; time < times; ++time) {
      CHECK(feed(base, message, now_us) == answer);
      CHECK(!base.take_image());
    }
  }
  const ImageTransferBase::Facts& facts = base.facts();
  CHECK(facts.done + facts.failed_replaced + facts.failed_stalled <= facts.begun);
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (bool without_last : {false, true}) {
    std::string story = play({data, size}, without_last, 1);
    CHECK(play({data, size}, without_last, 2) == story);
  }
  return 0;
}
