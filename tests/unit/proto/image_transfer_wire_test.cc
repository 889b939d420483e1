#include "proto/image_transfer_wire.h"

#include <gtest/gtest.h>

#include <string>

namespace camloop {
namespace {

using namespace std::string_literals;

// What Python's struct.pack("<Lbhh", 0xffffeeee, function, number, length) gives, and "<Lbhb" of
// 0xeeeeffff.
const std::string kBegin = "\xee\xee\xff\xff\x01\x00\x00\x07\x00"s + "a.jpg;3";
const std::string kData = "\xee\xee\xff\xff\x02\x34\x12\x03\x00"s + "xyz";
const std::string kFinished = "\xee\xee\xff\xff\x03\x00\x00\x00\x00"s;
const std::string kWhole = "\xff\xff\xee\xee\x02\x34\x12\x01"s;
const std::string kBad = "\xff\xff\xee\xee\x02\xff\x7f\x00"s;

std::optional<TransferMessage> message_of(const std::string& bytes) {
  return parse_transfer_message(as_bytes(bytes));
}
std::optional<TransferAnswer> answer_of(const std::string& bytes) {
  return parse_transfer_answer(as_bytes(bytes));
}

TEST(ImageTransferWire, MessagesAreWrittenAsPythonPacksThem) {
  EXPECT_EQ(format_transfer_message({TransferFunction::kBegin, 0, as_bytes("a.jpg;3")}), kBegin);
  EXPECT_EQ(format_transfer_message({TransferFunction::kData, 0x1234, as_bytes("xyz")}), kData);
  EXPECT_EQ(format_transfer_message({TransferFunction::kFinished}), kFinished);
  std::string largest(1400, 'x');
  EXPECT_EQ(format_transfer_message({TransferFunction::kData, 32'766, as_bytes(largest)}),
            "\xee\xee\xff\xff\x02\xfe\x7f\x78\x05"s + largest);
}

TEST(ImageTransferWire, MessagesAreReadAsPythonPacksThem) {
  auto begin = message_of(kBegin);
  ASSERT_TRUE(begin);
  EXPECT_EQ(begin->function, TransferFunction::kBegin);
  EXPECT_EQ(begin->package, 0);
  EXPECT_EQ(as_text(begin->data), "a.jpg;3");
  EXPECT_TRUE(begin->whole);
  auto data = message_of(kData);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->function, TransferFunction::kData);
  EXPECT_EQ(data->package, 0x1234);
  EXPECT_EQ(as_text(data->data), "xyz");
  auto finished = message_of(kFinished);
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->function, TransferFunction::kFinished);
  EXPECT_TRUE(finished->whole && finished->data.empty());
}

TEST(ImageTransferWire, AnswersAreWrittenAndReadAsPythonPacksThem) {
  EXPECT_EQ(format_transfer_answer({TransferFunction::kData, 0x1234, true}), kWhole);
  EXPECT_EQ(format_transfer_answer({TransferFunction::kData, 32'767, false}), kBad);
  auto whole = answer_of(kWhole), bad = answer_of(kBad);
  ASSERT_TRUE(whole && bad);
  EXPECT_EQ(whole->function, TransferFunction::kData);
  EXPECT_EQ(whole->number, 0x1234);
  EXPECT_TRUE(whole->whole);
  EXPECT_EQ(bad->number, 32'767);
  EXPECT_FALSE(bad->whole);
}

TEST(ImageTransferWire, AMessageOfAnotherKindIsNone) {
  for (size_t size = 0; size < kTransferHeadSize; ++size) {
    EXPECT_FALSE(message_of(kFinished.substr(0, size))) << size;
  }
  for (size_t i = 0; i < 4; ++i) {
    std::string wrong = kData;
    wrong[i] ^= 1;
    EXPECT_FALSE(message_of(wrong)) << "byte " << i << " of the header";
  }
  for (char function : {0, 4, 127, -1}) {
    std::string wrong = kData;
    wrong[4] = function;
    EXPECT_FALSE(message_of(wrong)) << int{function};
  }
}

TEST(ImageTransferWire, APackageThatNoAnswerCanNameIsNone) {
  EXPECT_TRUE(message_of("\xee\xee\xff\xff\x02\xfe\x7f\x01\x00x"s));
  EXPECT_FALSE(message_of("\xee\xee\xff\xff\x02\xff\x7f\x01\x00x"s));
  EXPECT_FALSE(message_of("\xee\xee\xff\xff\x02\x00\x80\x01\x00x"s)) << "-32768";
  EXPECT_FALSE(message_of("\xee\xee\xff\xff\x02\xff\xff\x01\x00x"s)) << "-1";
}

TEST(ImageTransferWire, AMessageWhoseLengthIsAnotherIsNotWhole) {
  EXPECT_FALSE(message_of(kData + "z")->whole);
  EXPECT_FALSE(message_of(kData.substr(0, kData.size() - 1))->whole);
  EXPECT_FALSE(message_of("\xee\xee\xff\xff\x02\x00\x00\xff\xffx"s)->whole) << "-1";
  EXPECT_TRUE(message_of("\xee\xee\xff\xff\x02\x00\x00\x78\x05"s + std::string(1400, 'x'))->whole);
  EXPECT_FALSE(message_of("\xee\xee\xff\xff\x02\x00\x00\x79\x05"s + std::string(1401, 'x'))->whole);
}

TEST(ImageTransferWire, AnAnswerOfAnotherKindIsNone) {
  for (size_t size = 0; size < kTransferAnswerSize; ++size) {
    EXPECT_FALSE(answer_of(kWhole.substr(0, size))) << size;
  }
  EXPECT_FALSE(answer_of(kWhole + "\0"s));
  for (auto [at, byte] : {std::pair(0, '\xee'),
                          {3, '\xff'},
                          {4, '\0'},
                          {4, '\4'},
                          {6, '\x80'},
                          {7, '\2'},
                          {7, '\xff'}}) {
    std::string wrong = kWhole;
    wrong[at] = byte;
    EXPECT_FALSE(answer_of(wrong)) << at;
  }
}

// ---- NAME;SIZE ----

std::optional<TransferSubject> subject_of(std::string_view text) {
  return parse_transfer_subject(as_bytes(text));
}

TEST(ImageTransferWire, ASubjectIsItsNameAndItsSize) {
  EXPECT_EQ(format_transfer_subject("image.jpg", 48213), "image.jpg;48213");
  auto subject = subject_of("image.jpg;48213");
  ASSERT_TRUE(subject);
  EXPECT_EQ(subject->name, "image.jpg");
  EXPECT_EQ(subject->size, 48213u);
  EXPECT_EQ(subject_of("Grüße 1.jpg;0")->name, "Grüße 1.jpg");
  EXPECT_EQ(subject_of(";7")->name, "");
  EXPECT_EQ(subject_of("a;b;7")->name, "a;b");
}

TEST(ImageTransferWire, ASubjectWithoutASizeIsNone) {
  for (const char* text : {"", "image.jpg", "image.jpg;", "image.jpg;x", "image.jpg;-1",
                           "image.jpg;+1", "image.jpg; 1", "image.jpg;1 ", "image.jpg;1.0",
                           "image.jpg;0x10", "image.jpg;99999999999999999999"}) {
    EXPECT_FALSE(subject_of(text)) << text;
  }
  EXPECT_FALSE(subject_of("image.jpg;1\0"s));
}

TEST(ImageTransferWire, AReceivedNameIsOneLineOfUtf8) {
  EXPECT_EQ(subject_of("a\nb\x1b[31m\xff;1")->name, "a?b?[31m\xef\xbf\xbd");
  EXPECT_EQ(subject_of("a\0b;1"s)->name, "a?b");
}

TEST(ImageTransferWire, ASentNameCannotBeMistaken) {
  EXPECT_EQ(format_transfer_subject("a;b\nc\x7f.jpg", 1), "a_b_c_.jpg;1");
  std::string worst = format_transfer_subject(std::string(5000, '\xff'), kTransferSizeMax);
  EXPECT_LE(worst.size(), kTransferDataMax);
  EXPECT_EQ(subject_of(worst)->size, kTransferSizeMax);
}

}  // namespace
}  // namespace camloop
