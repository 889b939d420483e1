#include "tools/payload.h"

#include <gtest/gtest.h>

// AddressSanitizer's: bytes that are taken and not freed. GCC has no header for it.
extern "C" size_t __sanitizer_get_current_allocated_bytes();

namespace camloop {
namespace {

std::string text_of_size(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 / 3);
  return text;
}

/// What becomes of `text` that is read `piece` bytes at a time.
MqttPublication built(PayloadBuilder& builder, std::string_view text, size_t piece) {
  for (size_t i = 0; i < text.size(); i += piece) {
    builder.append(as_bytes(text.substr(i, piece)));
  }
  EXPECT_EQ(builder.size(), text.size());
  MqttPublication message;
  builder.move_to(message);
  EXPECT_EQ(builder.size(), 0u);
  return message;
}

TEST(PayloadBuilder, PutsTogetherWhatCameInPieces) {
  PayloadBuilder builder;
  for (size_t size : {0u, 1u, 16'384u, 16'385u, 100'000u, 20u}) {
    for (size_t piece : {1u, 1000u, 65'536u}) {
      std::string text = text_of_size(size);
      MqttPublication message = built(builder, text, piece);
      ASSERT_TRUE(as_text(message.payload()) == text) << size << ' ' << piece;
      ASSERT_EQ(static_cast<bool>(message.body), size > 16'384) << "short ones are copied";
    }
  }
}

TEST(PayloadBuilder, LeavesWhatItHandedOverAlone) {
  PayloadBuilder builder;
  MqttPublication first = built(builder, std::string(20'000, 'a'), 65'536);
  MqttPublication second = built(builder, std::string(20'000, 'b'), 65'536);
  EXPECT_EQ(as_text(first.payload()), std::string(20'000, 'a'));
  EXPECT_EQ(as_text(second.payload()), std::string(20'000, 'b'));
}

TEST(PayloadBuilder, TakesAsMuchMemoryAsTheLastPayloadNeeded) {
  PayloadBuilder builder;
  std::string text = text_of_size(100'000);
  built(builder, text, 65'536);
  MqttPublication kept = built(builder, text, 65'536);
  MqttPublication more = built(builder, text, 65'536);
  EXPECT_LT(more.body.storage().size(), text.size() + 2 * 4096);
}

TEST(PayloadBuilder, TakesNotMoreThanTwiceWhatIsNeeded) {
  PayloadBuilder builder;
  MqttPublication message = built(builder, text_of_size(100'000), 1000);
  EXPECT_LT(message.body.storage().size(), 2u * 100'000 + 2 * 4096);
}

TEST(PayloadBuilder, KeepsNothingThatALongPayloadHasOutgrown) {
  constexpr size_t kLong = 128u << 20;
  PayloadBuilder builder;
  std::string text(kLong, 'x');
  size_t before = __sanitizer_get_current_allocated_bytes();
  MqttPublication message = built(builder, text, 65'536);
  EXPECT_LT(__sanitizer_get_current_allocated_bytes() - before, 2 * kLong);
}

TEST(PayloadBuilder, AMuchLongerPayloadBeforeIsNoMeasure) {
  PayloadBuilder builder;
  built(builder, text_of_size(1'000'000), 65'536);
  MqttPublication message = built(builder, text_of_size(100'000), 1000);
  // A pool gives again what is up to four times as large.
  EXPECT_LT(message.body.storage().size(), 4u * 100'000);
}

}  // namespace
}  // namespace camloop
