#include "proto/camera_messages.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

TEST(CameraMessages, TheStateIsOneObject) {
  CameraFigures figures{14.96, 2, 640, 480, 23456, 12'500, 71'000, 3, 61'900'000, 48.2};
  EXPECT_EQ(camera_state(figures),
            R"({"fps":14.960,"clients":2,"width":640,"height":480,"frame_bytes":23456,)"
            R"("lag_ms":12.500,"link_lag_ms":71.000,"dropped":3,"uptime_s":61,)"
            R"("temperature_c":48.200})");
}

TEST(CameraMessages, WhatIsUnknownIsNullAndABoardWithoutThermometerSaysNothing) {
  EXPECT_EQ(camera_state({}), R"({"fps":0.000,"clients":0,"width":0,"height":0,"frame_bytes":0,)"
                              R"("lag_ms":null,"link_lag_ms":null,"dropped":0,"uptime_s":0})");
}

TEST(CameraMessages, AnErrorNamesTheTopicAndTheValueAndWhatWouldBeRight) {
  EXPECT_EQ(camera_error("camloop/a/quality/set", "101", "write 1 to 100"),
            R"({"topic":"camloop/a/quality/set","value":"101","error":"write 1 to 100"})");
}

TEST(CameraMessages, AnErrorIsShortAndPrintableWhateverCame) {
  EXPECT_EQ(camera_error("t", std::string_view("a\0\n\x1b\xff\"", 6), "no"),
            R"({"topic":"t","value":"a???\ufffd\"","error":"no"})");
  EXPECT_EQ(camera_error("t", std::string(64, 'x'), "no"),
            R"({"topic":"t","value":")" + std::string(64, 'x') + R"(","error":"no"})");
  EXPECT_EQ(camera_error("t", std::string(100'000, 'x'), "no"),
            R"({"topic":"t","value":")" + std::string(64, 'x') + R"(…","error":"no"})");
}

TEST(CameraMessages, AnErrorShowsNoMoreOfALongTopicEither) {
  std::string error = camera_error("base/" + std::string(60'000, 'x') + "/set", "1", "no");
  EXPECT_LT(error.size(), 400u);
  EXPECT_NE(error.find("\"base/xxx"), std::string::npos);
}

TEST(CameraMessages, ASnapshotIsAnsweredWithItsSize) {
  EXPECT_EQ(camera_snapshot(640, 480, 23456), R"({"width":640,"height":480,"bytes":23456})");
}

TEST(CameraMessages, ACommandIsForWhatStandsBetweenBaseAndSet) {
  EXPECT_EQ(commanded_thing("camloop/a", "camloop/a/quality/set"), "quality");
  EXPECT_EQ(commanded_thing("camloop/a", "camloop/a/control/gain/set"), "control/gain");
  EXPECT_EQ(commanded_thing("a", "a/b/set"), "b");
  EXPECT_EQ(commanded_thing("a", "a//set"), "") << "a level may be empty";
}

TEST(CameraMessages, OtherTopicsAreNoCommands) {
  for (const char* topic : {"", "a", "a/set", "a/b", "a/b/state", "ab/c/set", "b/c/set", "a/b/set/",
                            "a/bset", "/set"}) {
    EXPECT_FALSE(commanded_thing("a", topic)) << topic;
  }
  EXPECT_FALSE(commanded_thing("a/set", "a/set"));
}

}  // namespace
}  // namespace camloop
