#include "commands.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

class CommandsTest : public testing::Test {
 protected:
  std::string fault(std::string_view thing, std::string_view value) {
    Config config = config_;
    Result<> taken = take_command(config, thing, value);
    return taken.ok() ? "" : taken.error().text;
  }

  Config config_ = read_config({}).config;
};

TEST_F(CommandsTest, QualityAndRateChangeTheConfig) {
  EXPECT_TRUE(take_command(config_, "quality", "55").ok());
  EXPECT_TRUE(take_command(config_, "fps", "7.5").ok());
  EXPECT_EQ(config_.quality, 55);
  EXPECT_EQ(config_.source.fps, 7.5);
  EXPECT_EQ(
      config_changes(read_config({}).config, config_),
      (std::vector<std::string>{"CAMLOOP_FPS: '15' -> '7.5'", "CAMLOOP_QUALITY: '80' -> '55'"}));
}

TEST_F(CommandsTest, WhatIsNotRightIsToldWithWhatWouldBe) {
  EXPECT_EQ(fault("quality", "101"), "write 1 to 100");
  EXPECT_EQ(fault("quality", ""), "write 1 to 100");
  EXPECT_EQ(fault("fps", "nan"), "write 0.1 to 240");
  EXPECT_EQ(fault("control/gain", "much"), "write a whole number");
  for (const char* thing : {"", "size", "controls", "quality/x", "HTTP_PASSWORD"}) {
    EXPECT_EQ(fault(thing, "1"), "there are stream, snapshot, quality, fps, control/NAME and text");
  }
}

TEST_F(CommandsTest, AControlTakesThePlaceOfItsOldValueAndLeavesTheOthers) {
  for (const char* value : {"1", "-2"}) {
    EXPECT_TRUE(take_command(config_, "control/gain", value).ok());
    EXPECT_TRUE(take_command(config_, "control/hue", "3").ok());
  }
  EXPECT_EQ(config_.source.controls, (CameraControls{{"gain", -2}, {"hue", 3}}));
}

TEST_F(CommandsTest, TheNameOfAControlCannotBeMoreThanAName) {
  for (std::string name : {"", "a=1,b", "a,b", "Gain", "a/b", "a\n", "ä"}) {
    EXPECT_EQ(fault("control/" + name, "1"), "no control has such a name") << name;
  }
  EXPECT_EQ(fault("control/" + std::string(33, 'a'), "1"), "no control has such a name");
  EXPECT_EQ(fault("control/" + std::string(32, 'a'), "1"), "");
}

TEST_F(CommandsTest, SettingsAreToldAsCommandsWriteThem) {
  EXPECT_TRUE(take_command(config_, "fps", "29.97").ok());
  EXPECT_TRUE(take_command(config_, "control/gain", "-2").ok());
  EXPECT_EQ(commanded_settings(config_),
            (CameraSettings{{"quality", "80"}, {"fps", "29.97"}, {"control/gain", "-2"}}));
}

}  // namespace
}  // namespace camloop
