// Both ends of the image transfer over a line that loses messages and spoils them, and a base that
// finds fault with good ones, in simulated time.

#include "proto/image_transfer_base.h"
#include "proto/image_transfer_sender.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace camloop {
namespace {

constexpr int64_t kMs_us = 1000;

// One direction, 20 ms long. One message in twenty is lost, and one arrives changed: with both
// directions and a tenth of the answers bad, a quarter of the tries fail, and all ten of a message
// next to never.
class Line {
 public:
  explicit Line(std::mt19937& random) : random_(random) {}

  void send(std::string message) {
    int fate = std::uniform_int_distribution(0, 19)(random_);
    if (fate == 0) return;
    if (fate == 1) spoil(message);
    under_way_ = std::move(message);
  }
  /// What has arrived.
  std::optional<std::string> take() { return std::exchange(under_way_, std::nullopt); }

 private:
  // Cut short, lengthened, or wrong where both ends can see it: nothing in the format tells a
  // change of the data from the data.
  void spoil(std::string& message) {
    switch (std::uniform_int_distribution(0, 3)(random_)) {
      case 0:
        return message.resize(std::uniform_int_distribution<size_t>(0, message.size())(random_));
      case 1:
        message += 'x';
        return;
      default:
        message[std::uniform_int_distribution(0, 3)(random_)] ^= 0x10;
    }
  }

  std::mt19937& random_;
  std::optional<std::string> under_way_;
};

class ImageTransfer : public testing::TestWithParam<unsigned> {
 protected:
  BufferRef any_image() {
    size_t size = std::uniform_int_distribution<size_t>(0, 20'000)(random_);
    BufferRef image = pool_.take(size);
    std::generate_n(image.storage().begin(), size, [this] { return random_(); });
    image.set_size(size);
    return image;
  }

  // In turns of 20 ms.
  std::string transfer(const BufferRef& image) {
    sender_.begin("image", image);
    received_.clear();
    for (int turn = 0; turn < 100'000; ++turn) {
      now_us_ += 20 * kMs_us;
      sender_.on_time(now_us_);
      base_.tick(now_us_);
      if (auto bytes = up_.take()) answer(*bytes);
      if (auto bytes = down_.take()) sender_.feed(as_bytes(*bytes));
      if (one_in(1000)) reconnect();
      if (auto message = sender_.take_message(now_us_)) up_.send(std::move(*message));
      if (auto outcome = sender_.take_outcome()) return outcome->ok() ? "" : outcome->error().text;
    }
    return "no outcome";
  }

  void answer(const std::string& message) {
    auto answer = base_.feed(as_bytes(message), now_us_);
    if (!answer) return;
    if (one_in(10) && answer->whole) {
      answer = {answer->function, static_cast<uint16_t>(answer->number + 1), false};
    }
    down_.send(format_transfer_answer(*answer));
    if (auto image = base_.take_image()) received_.push_back(std::move(image->bytes));
  }
  bool one_in(int times) { return std::uniform_int_distribution(1, times)(random_) == 1; }
  void reconnect() {
    up_.take();
    down_.take();
    sender_.resume();
    base_.resume(now_us_);
  }

  std::mt19937 random_{GetParam()};
  BufferPool pool_{1};
  int64_t now_us_ = 0;
  Line up_{random_};
  Line down_{random_};
  ImageTransferSender sender_;
  ImageTransferBase base_{{.size_max = 20'000}};
  std::vector<std::vector<uint8_t>> received_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, ImageTransfer, testing::Range(0u, 20u));

TEST_P(ImageTransfer, ArrivesOnceAndWholeOverALineThatLosesAFifth) {
  for (int time = 0; time < 20; ++time) {
    BufferRef image = any_image();
    ASSERT_EQ(transfer(image), "");
    ASSERT_EQ(received_.size(), 1u);
    ASSERT_TRUE(std::ranges::equal(received_[0], image.bytes()));
  }
  EXPECT_EQ(sender_.facts().done, 20u);
  EXPECT_EQ(base_.facts().done, 20u);
  EXPECT_EQ(base_.facts().begun, 20u);
  EXPECT_GT(sender_.facts().repeated, 20u);
  EXPECT_GT(base_.facts().repeated, 20u);
}

}  // namespace
}  // namespace camloop
