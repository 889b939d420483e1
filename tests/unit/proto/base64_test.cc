#include "proto/base64.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

TEST(Base64, EncodesTheTestVectorsOfTheRfc) {
  EXPECT_EQ(base64_encode(as_bytes("")), "");
  EXPECT_EQ(base64_encode(as_bytes("f")), "Zg==");
  EXPECT_EQ(base64_encode(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(base64_encode(as_bytes("foo")), "Zm9v");
  EXPECT_EQ(base64_encode(as_bytes("foob")), "Zm9vYg==");
  EXPECT_EQ(base64_encode(as_bytes("fooba")), "Zm9vYmE=");
  EXPECT_EQ(base64_encode(as_bytes("foobar")), "Zm9vYmFy");
}

TEST(Base64, EncodesBytesOfAnyValue) {
  EXPECT_EQ(base64_encode(as_bytes(std::string("\0\xff\xfe", 3))), "AP/+");
  EXPECT_EQ(base64_encode(as_bytes("\xff\xff\xff")), "////");
}

TEST(Base64, DecodesTheTestVectorsOfTheRfc) {
  EXPECT_EQ(base64_decode(""), "");
  EXPECT_EQ(base64_decode("Zg=="), "f");
  EXPECT_EQ(base64_decode("Zm8="), "fo");
  EXPECT_EQ(base64_decode("Zm9v"), "foo");
  EXPECT_EQ(base64_decode("Zm9vYg=="), "foob");
  EXPECT_EQ(base64_decode("Zm9vYmE="), "fooba");
  EXPECT_EQ(base64_decode("Zm9vYmFy"), "foobar");
}

TEST(Base64, DecodesBytesOfAnyValue) {
  EXPECT_EQ(base64_decode("AP/+"), std::string("\0\xff\xfe", 3));
  EXPECT_EQ(base64_decode("////"), "\xff\xff\xff");
  EXPECT_EQ(base64_decode("AAA="), std::string(2, '\0'));
}

TEST(Base64, DecodesNothingElse) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zm9", "Zg===", "====", "=", "Z===", "Zg==Zg==",
                           "Zm=v", "Zm9v\n", "Zm 9v", " Zm9", "Zm9-", "Zm9_", "Zm\x80v"}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
  EXPECT_EQ(base64_decode(std::string("Zm9\0", 4)), std::nullopt);
}

TEST(Base64, DecodesOneTextForEachValue) {
  EXPECT_EQ(base64_decode("Zh=="), std::nullopt) << "'f' with a bit too many";
  EXPECT_EQ(base64_decode("Zm9="), std::nullopt) << "\"fo\" with a bit too many";
}

}  // namespace
}  // namespace camloop
