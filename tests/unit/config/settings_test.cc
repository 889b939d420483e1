#include "config/settings.h"

#include "unit/temp_folder.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

using Faults = std::vector<std::string>;

class SettingsTest : public testing::Test {
 protected:
  Settings with_environment(std::initializer_list<std::string_view> entries) {
    return {std::vector<std::string_view>(entries), file_};
  }
  void write(std::string_view text) { folder_.write("defaults", text); }

  TempFolder folder_;
  std::string file_ = folder_.path_of("defaults");
};

TEST_F(SettingsTest, AreThoseOfTheEnvironmentAboveThoseOfTheFileAboveTheDefaults) {
  write("CAMLOOP_QUALITY=50\nCAMLOOP_FPS=5\n");
  ConfigReading reading = with_environment({"CAMLOOP_FPS=10", "HOME=/"}).read();
  EXPECT_EQ(reading.faults, Faults{});
  EXPECT_EQ(reading.config.source.fps, 10);
  EXPECT_EQ(reading.config.quality, 50);
  EXPECT_EQ(reading.config.http_clients, 64u);
}

TEST_F(SettingsTest, OfTheFileAreThoseOfTheTimeOfReading) {
  write("CAMLOOP_QUALITY=50\nCAMLOOP_FPS=5\n");
  Settings settings = with_environment({});
  write("CAMLOOP_QUALITY=60\n#CAMLOOP_FPS=5\nCAMLOOP_SIZE=320x240\n");
  EXPECT_EQ(settings.read().config.quality, 50);
  Config config = settings.reread().config;
  EXPECT_EQ(config.quality, 60);
  EXPECT_EQ(config.source.fps, 15) << "the default again";
  EXPECT_EQ(config.source.width, 320);
}

TEST_F(SettingsTest, OfAFileThatWasSourcedAreTheFiles) {
  write("CAMLOOP_QUALITY='50'\nCAMLOOP_FPS=5\n");
  Settings settings = with_environment({"CAMLOOP_QUALITY=50", "CAMLOOP_FPS=5"});
  write("CAMLOOP_QUALITY=60\n");
  EXPECT_EQ(settings.reread().config.quality, 60);
  EXPECT_EQ(settings.reread().config.source.fps, 15);
}

TEST_F(SettingsTest, OfTheUserStayWhateverTheFileSays) {
  write("CAMLOOP_QUALITY=50\n");
  Settings settings = with_environment({"CAMLOOP_QUALITY=70", "CAMLOOP_FPS=10"});
  write("CAMLOOP_QUALITY=60\nCAMLOOP_FPS=5\n");
  EXPECT_EQ(settings.reread().config.quality, 70);
  EXPECT_EQ(settings.reread().config.source.fps, 10);
}

TEST_F(SettingsTest, HaveTheFaultsOfTheFileAndOfTheValues) {
  write("CAMLOOP_QUALITY=high\nCAMLOOP_FPS\nCAMLOOP_SZIE=1x1\n");
  Faults faults = {file_ + ":2: this is not NAME=VALUE",
                   "CAMLOOP_QUALITY='high' is not right: write 1 to 100",
                   "CAMLOOP_SZIE: there is no such variable; did you mean CAMLOOP_SIZE?"};
  Settings settings = with_environment({"CAMLOOP_HTTP=here"});
  faults.insert(faults.begin() + 1,
                "CAMLOOP_HTTP='here' is not right: write HOST:PORT, [IPV6]:PORT or :PORT with HOST "
                "in numbers, or off");
  EXPECT_EQ(settings.read().faults, faults);
  EXPECT_EQ(settings.reread().faults, faults);
}

TEST_F(SettingsTest, FindNoFaultInWhatTheEnvironmentReplaces) {
  write("CAMLOOP_QUALITY=high\n");
  EXPECT_EQ(with_environment({"CAMLOOP_QUALITY=70"}).read().faults, Faults{});
}

TEST_F(SettingsTest, NeedTheFileThatIsNamed) {
  Settings settings = with_environment({});
  Faults faults = {file_ + ": No such file or directory"};
  EXPECT_EQ(settings.read().faults, faults);
  EXPECT_EQ(settings.reread().faults, faults);
  write("CAMLOOP_QUALITY=60\n");
  EXPECT_EQ(settings.reread().config.quality, 60);
}

TEST_F(SettingsTest, OfOtherProgramsInTheFileAreLeftAlone) {
  write("TZ=CET-1CEST\nHOME=nowhere\n");
  EXPECT_EQ(with_environment({"HOME=/"}).read().faults, Faults{});
}

TEST(Settings, WithoutANamedFileAreThoseOfTheEnvironmentAtTheStart) {
  std::string_view entries[] = {"CAMLOOP_QUALITY=70", "CAMLOOP_SIZE=16x16"};
  ConfigReading reading = Settings(entries, std::nullopt).read();
  EXPECT_EQ(reading.faults, Faults{});
  EXPECT_EQ(reading.config.quality, 70);
  EXPECT_EQ(reading.config.source.width, 16);
  EXPECT_EQ(reading.config.source.fps, 15);
}

}  // namespace
}  // namespace camloop
