// Whatever the answers, a sender sends messages that can be read, each ten times at most, and is
// done only once each has been sent. The first byte of the input chooses the image's size; each
// other one says what happens next.

#include "base/check.h"
#include "proto/image_transfer_sender.h"

#include <algorithm>
#include <map>
#include <string>

using camloop::as_bytes;
using camloop::BufferPool;
using camloop::BufferRef;
using camloop::Bytes;
using camloop::ImageTransferSender;
using camloop::kTransferAnswerSize;
using camloop::kTransferDataMax;

namespace {

struct World {
  ImageTransferSender sender;
  int64_t now_us = 0;
  std::string message;              // the last one
  std::map<std::string, int> sent;  // by its head
};

void put_out(World& world) {
  auto message = world.sender.take_message(world.now_us);
  if (!message) return;
  world.message = *message;
  auto read = camloop::parse_transfer_message(as_bytes(world.message));
  CHECK(read && read->whole);
  int times = ++world.sent[message->substr(0, camloop::kTransferHeadSize)];
  CHECK(times <= ImageTransferSender::kTriesMax);
}

void happen(World& world, uint8_t what, Bytes& input) {
  switch (what % 4) {
    case 0:
      world.now_us = world.sender.deadline_us().value_or(world.now_us);
      return world.sender.on_time(world.now_us);
    case 1:
      return world.sender.resume();
    case 2: {
      auto asked = camloop::parse_transfer_message(as_bytes(world.message));
      return world.sender.feed(
          as_bytes(camloop::format_transfer_answer({asked->function, asked->package})));
    }
    default: {
      Bytes answer = input.first(std::min(kTransferAnswerSize, input.size()));
      input = input.subspan(answer.size());
      return world.sender.feed(answer);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  BufferPool pool(0);
  size_t image_size = data[0] * 100u;
  BufferRef image = pool.take(image_size);
  std::fill_n(image.storage().begin(), image_size, uint8_t{7});
  image.set_size(image_size);
  size_t messages = 1 + (image_size + kTransferDataMax - 1) / kTransferDataMax + 1;

  World world;
  world.sender.begin("image", image);
  Bytes input(data + 1, size - 1);
  put_out(world);
  while (!input.empty()) {
    uint8_t what = input[0];
    input = input.subspan(1);
    happen(world, what, input);
    put_out(world);
    auto outcome = world.sender.take_outcome();
    if (!outcome) continue;
    CHECK(!outcome->ok() || world.sent.size() == messages);
    CHECK(!world.sender.busy());
    break;
  }
  return 0;
}
