#include "config/config.h"

#include "base/board_id.h"
#include "config/config_table.h"
#include "unit/temp_folder.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

using Faults = std::vector<std::string>;

ConfigReading reading_of(std::initializer_list<std::string> environment) {
  std::vector<std::string_view> entries(environment.begin(), environment.end());
  return read_config(entries);
}

Config with(const std::string& entry) {
  ConfigReading reading = reading_of({entry});
  EXPECT_EQ(reading.faults, Faults{}) << entry;
  return reading.config;
}

TEST(ConfigVariable, IsChangedAsIfItHadBeenWrittenSo) {
  Config config = with("CAMLOOP_FPS=5"), before = config;
  EXPECT_TRUE(set_variable(config, "CAMLOOP_FPS", "7.5").ok());
  EXPECT_EQ(config.source.fps, 7.5);
  EXPECT_EQ(config_changes(before, config), Faults{"CAMLOOP_FPS: '5' -> '7.5'"});
  EXPECT_EQ(set_variable(config, "CAMLOOP_FPS", "fast").error().text, "write 0.1 to 240");
}

const Variable* variable(std::string_view name) {
  for (const Variable& each : config_variables()) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

TEST(Config, WordsItsFaultsForThePersonWhoMadeThem) {
  EXPECT_EQ(reading_of({"CAMLOOP_FPS=500"}).faults,
            Faults{"CAMLOOP_FPS='500' is not right: write 0.1 to 240"});
  EXPECT_EQ(reading_of({"CAMLOOP_SIZE=big"}).faults,
            Faults{"CAMLOOP_SIZE='big' is not right: write WIDTHxHEIGHT, 16 to 8192 each"});
}

TEST(Config, TakesAGreetingThatIsALine) {
  EXPECT_EQ(reading_of({"CAMLOOP_RAW_GREETING=" + std::string(200, 'x')}).faults.size(), 0u);
  for (const std::string& bad :
       {std::string(201, 'x'), std::string("two\nlines"), std::string("\x1b[31m")}) {
    EXPECT_EQ(reading_of({"CAMLOOP_RAW_GREETING=" + bad}).faults.size(), 1u) << bad;
  }
}

TEST(Config, IsTheTablesDefaultsWithoutAnyVariable) {
  ConfigReading reading = reading_of({});
  EXPECT_EQ(reading.faults, Faults{});
  const Config& config = reading.config;
  EXPECT_EQ(config.source_kind, SourceKind::kAuto);
  EXPECT_EQ(config.source.width, 640);
  EXPECT_EQ(config.source.height, 480);
  EXPECT_EQ(config.source.fps, 15);
  EXPECT_EQ(config.source.format, "");
  EXPECT_TRUE(config.source.controls.empty());
  EXPECT_EQ(config.quality, 80);
  ASSERT_TRUE(config.http.has_value());
  EXPECT_EQ(config.http->text(), "[::]:18811");
  EXPECT_EQ(config.http_clients, 64u);
  EXPECT_EQ(config.http_origin, "");
  EXPECT_EQ(config.watchdog, "");
  EXPECT_EQ(config.log_target, LogTarget::kStderr);
  EXPECT_EQ(config.log_level, LogLevel::kInfo);
}

TEST(Config, TakesTheSource) {
  EXPECT_EQ(with("CAMLOOP_SOURCE=pattern").source_kind, SourceKind::kPattern);
  Config camera = with("CAMLOOP_SOURCE=v4l2:/dev/video2");
  EXPECT_EQ(camera.source_kind, SourceKind::kV4l2);
  EXPECT_EQ(camera.source_path, "/dev/video2");
  Config file = with("CAMLOOP_SOURCE=file:a:b=c.mjpeg");
  EXPECT_EQ(file.source_kind, SourceKind::kFile);
  EXPECT_EQ(file.source_path, "a:b=c.mjpeg");
}

TEST(Config, TakesWhatIsAskedOfTheSource) {
  Config config = with("CAMLOOP_SIZE=1280x720");
  EXPECT_EQ(config.source.width, 1280);
  EXPECT_EQ(config.source.height, 720);
  EXPECT_EQ(with("CAMLOOP_FPS=29.97").source.fps, 29.97);
  EXPECT_EQ(with("CAMLOOP_FORMAT=NV12").source.format, "NV12");
  EXPECT_EQ(with("CAMLOOP_FORMAT=auto").source.format, "");
  EXPECT_EQ(with("CAMLOOP_QUALITY=95").quality, 95);
  std::vector<std::pair<std::string, int>> controls = {{"exposure_auto", 1}, {"brightness", -10}};
  EXPECT_EQ(with("CAMLOOP_CONTROLS=exposure_auto=1,brightness=-10").source.controls, controls);
}

TEST(Config, TakesWhereItIsServed) {
  EXPECT_EQ(with("CAMLOOP_HTTP=127.0.0.1:80").http->text(), "127.0.0.1:80");
  EXPECT_FALSE(with("CAMLOOP_HTTP=off").http.has_value());
  EXPECT_FALSE(with("CAMLOOP_HTTP=").http.has_value());
  EXPECT_EQ(with("CAMLOOP_HTTP_CLIENTS=3").http_clients, 3u);
  EXPECT_EQ(with("CAMLOOP_HTTP_ORIGIN=http://panel.example").http_origin, "http://panel.example");
}

TEST(Config, LetsNothingIntoAHeaderLineThatCouldEndIt) {
  for (const char* origin : {"http://x\r\nSet-Cookie: a", "http://x\n", "http://x\x7f"}) {
    EXPECT_EQ(reading_of({std::string("CAMLOOP_HTTP_ORIGIN=") + origin}).faults.size(), 1u);
  }
}

TEST(Config, TakesTheBrokerAndAsWhom) {
  EXPECT_FALSE(reading_of({}).config.mqtt.has_value());
  EXPECT_FALSE(with("CAMLOOP_MQTT=off").mqtt.has_value());
  EXPECT_EQ(with("CAMLOOP_MQTT=mqtt://broker").mqtt,
            (MqttAccess{{"broker", 1883}, false, std::nullopt, std::nullopt}));
  EXPECT_EQ(with("CAMLOOP_MQTT=mqtts://[2001:db8::1]").mqtt,
            (MqttAccess{{"2001:db8::1", 8883}, true, std::nullopt, std::nullopt}));
  EXPECT_EQ(with("CAMLOOP_MQTT=mqtts://me@broker:1").mqtt,
            (MqttAccess{{"broker", 1}, true, "me", std::nullopt}));
  EXPECT_EQ(with("CAMLOOP_MQTT=mqtt://me:@broker").mqtt,
            (MqttAccess{{"broker", 1883}, false, "me", ""}));
  EXPECT_EQ(with("CAMLOOP_MQTT=mqtt://a%3Ab%40:%ff@:/+@broker").mqtt,
            (MqttAccess{{"broker", 1883}, false, "a:b@", "\xff@:/+"}));
}

TEST(Config, TakesHowItIsOnTheBroker) {
  const Config defaults = reading_of({}).config;
  EXPECT_EQ(defaults.mqtt_prefix, "camloop");
  EXPECT_EQ(defaults.mqtt_discovery, "homeassistant");
  EXPECT_EQ(defaults.mqtt_client_id, "");
  EXPECT_EQ(defaults.mqtt_clean, true);
  EXPECT_EQ(defaults.mqtt_keep_alive_s, 60);
  EXPECT_EQ(defaults.mqtt_queue, 64u);
  EXPECT_EQ(defaults.mqtt_image_every_us, 0);
  EXPECT_EQ(defaults.transfer_out, "mqttTestPub");
  EXPECT_EQ(defaults.transfer_in, "mqttTestSub");
  EXPECT_EQ(with("CAMLOOP_MQTT_DISCOVERY=off").mqtt_discovery, "");
  EXPECT_EQ(with("CAMLOOP_MQTT_CLEAN=0").mqtt_clean, false);
  EXPECT_EQ(with("CAMLOOP_MQTT_KEEPALIVE=65535").mqtt_keep_alive_s, 65535);
  EXPECT_EQ(with("CAMLOOP_MQTT_IMAGE_EVERY=1.5").mqtt_image_every_us, 1'500'000);
  EXPECT_EQ(with("CAMLOOP_MQTT_IMAGE_EVERY=off").mqtt_image_every_us, 0);
}

TEST(Config, HasAnIdOfTheBoardsUnlessItIsGivenOne) {
  EXPECT_EQ(reading_of({}).config.id, board_id());
  EXPECT_EQ(with("CAMLOOP_ID=").id, board_id());
  EXPECT_EQ(with("CAMLOOP_ID=garden").id, "garden");
  EXPECT_EQ(with("CAMLOOP_ID=" + std::string(64, 'x')).id.size(), 64u);
  EXPECT_EQ(reading_of({"CAMLOOP_ID=" + std::string(65, 'x')}).faults.size(), 1u);
}

TEST(Config, DoesNotTakeItsOwnBirthForHomeAssistants) {
  EXPECT_EQ(reading_of({"CAMLOOP_ID=shed", "CAMLOOP_MQTT_DISCOVERY=camloop/shed"}).faults,
            Faults{"CAMLOOP_MQTT_DISCOVERY='camloop/shed' is where the camera's own topics are: "
                   "write another topic"});
}

TEST(Config, ReceivesImagesOfABrokerThatItKnows) {
  EXPECT_EQ(reading_of({"CAMLOOP_SOURCE=mqtt"}).faults,
            Faults{"CAMLOOP_SOURCE='mqtt' needs CAMLOOP_MQTT, the broker that it receives from"});
  Config config = reading_of({"CAMLOOP_SOURCE=mqtt", "CAMLOOP_MQTT=mqtt://broker"}).config;
  EXPECT_EQ(config.source_kind, SourceKind::kMqtt);
}

TEST(Config, TakesTheWatchdog) {
  EXPECT_EQ(with("CAMLOOP_WATCHDOG=/dev/watchdog0").watchdog, "/dev/watchdog0");
  EXPECT_EQ(with("CAMLOOP_WATCHDOG=off").watchdog, "");
}

TEST(Config, TakesTheLog) {
  EXPECT_EQ(with("CAMLOOP_LOG=syslog").log_target, LogTarget::kSyslog);
  EXPECT_EQ(with("CAMLOOP_LOG_LEVEL=error").log_level, LogLevel::kError);
  EXPECT_EQ(with("CAMLOOP_LOG_LEVEL=warning").log_level, LogLevel::kWarning);
  EXPECT_EQ(with("CAMLOOP_LOG_LEVEL=debug").log_level, LogLevel::kDebug);
}

TEST(Config, LeavesOtherVariablesAlone) {
  EXPECT_EQ(reading_of({"PATH=/bin", "HOME=", "camloop_fps=0", "XCAMLOOP_FPS=0", "CAMLOOP=x", "=",
                        "CAMLOOP_FPS", ""})
                .faults,
            Faults{});
}

TEST(Config, SuggestsWhatAnUnknownVariableMayHaveMeant) {
  EXPECT_EQ(reading_of({"CAMLOOP_SORCE=auto"}).faults,
            Faults{"CAMLOOP_SORCE: there is no such variable; did you mean CAMLOOP_SOURCE?"});
  EXPECT_EQ(reading_of({"CAMLOOP_HTTP_CLIENT=1"}).faults,
            Faults{"CAMLOOP_HTTP_CLIENT: there is no such variable; did you mean "
                   "CAMLOOP_HTTP_CLIENTS?"});
  EXPECT_EQ(reading_of({"CAMLOOP_SOMETHING_QUITE_DIFFERENT=1"}).faults,
            Faults{"CAMLOOP_SOMETHING_QUITE_DIFFERENT: there is no such variable"});
}

TEST(Config, TellsOfEveryFaultAtOnce) {
  EXPECT_EQ(reading_of({"CAMLOOP_FPS=0", "CAMLOOP_SIZE=1x1", "CAMLOOP_QUALITY=9", "CAMLOOP_LGO=x"})
                .faults,
            (Faults{"CAMLOOP_FPS='0' is not right: write 0.1 to 240",
                    "CAMLOOP_SIZE='1x1' is not right: write WIDTHxHEIGHT, 16 to 8192 each",
                    "CAMLOOP_LGO: there is no such variable; did you mean CAMLOOP_LOG?"}));
}

TEST(Config, KeepsAFaultOnOneLine) {
  ConfigReading reading = reading_of({"CAMLOOP_SOURCE=a\nb\x1b[2J", "CAMLOOP_X\nY=1"});
  ASSERT_EQ(reading.faults.size(), 2u);
  EXPECT_TRUE(reading.faults[0].starts_with("CAMLOOP_SOURCE='a?b?[2J' is not right"));
  EXPECT_TRUE(reading.faults[1].starts_with("CAMLOOP_X?Y: there is no such variable"));
}

// ---- Secrets ----

TEST(ConfigSecret, IsTakenFromItsVariableOrItsFileWithoutTheNewline) {
  TempFolder folder;
  EXPECT_EQ(with("CAMLOOP_HTTP_TOKEN=t").http_credentials.token, "t");
  for (const char* text : {"t0ken", "t0ken\n", "t0ken\r\n"}) {
    std::string path = folder.write("token", text);
    EXPECT_EQ(with("CAMLOOP_HTTP_TOKEN_FILE=" + path).http_credentials.token, "t0ken");
  }
  std::string path = folder.write("password", " two words \n");
  Config config = reading_of({"CAMLOOP_HTTP_USER=me", "CAMLOOP_HTTP_PASSWORD_FILE=" + path}).config;
  EXPECT_EQ(config.http_credentials.user, "me");
  EXPECT_EQ(config.http_credentials.password, " two words ");
}

TEST(ConfigSecret, IsNoneWhereItsVariablesAreEmpty) {
  ConfigReading reading = reading_of({"CAMLOOP_HTTP_TOKEN_FILE=", "CAMLOOP_HTTP_TOKEN=t"});
  EXPECT_EQ(reading.faults, Faults{});
  EXPECT_EQ(reading.config.http_credentials.token, "t");
  EXPECT_FALSE(with("CAMLOOP_HTTP_TOKEN=").http_credentials.any());
}

TEST(ConfigSecret, IsNeverInAFault) {
  TempFolder folder;
  const std::string name = "CAMLOOP_HTTP_TOKEN", right = variable(name)->values;
  EXPECT_EQ(reading_of({name + "=hush hush"}).faults,
            Faults{name + " is not right: write " + right});
  std::string path = folder.write("token", "hush hush");
  EXPECT_EQ(reading_of({name + "_FILE=" + path}).faults,
            Faults{name + "_FILE: what is in " + path + " is not right: write " + right});
}

TEST(ConfigSecret, IsMissedWhereItsFileHasNone) {
  TempFolder folder;
  const std::string name = "CAMLOOP_HTTP_TOKEN_FILE", path = folder.path_of("token");
  EXPECT_EQ(reading_of({name + "=" + path}).faults,
            Faults{name + ": " + path + ": No such file or directory"});
  for (const char* text : {"", "\n", "\r\n"}) {
    folder.write("token", text);
    EXPECT_EQ(reading_of({name + "=" + path}).faults,
              Faults{name + ": " + path + ": nothing is in it"});
  }
}

TEST(ConfigSecret, IsGivenInOneWayOnly) {
  TempFolder folder;
  std::string value = "CAMLOOP_HTTP_TOKEN=t";
  std::string file = "CAMLOOP_HTTP_TOKEN_FILE=" + folder.write("token", "t");
  const Faults both{"CAMLOOP_HTTP_TOKEN and CAMLOOP_HTTP_TOKEN_FILE are both set: leave one out"};
  EXPECT_EQ(reading_of({value, file}).faults, both);
  EXPECT_EQ(reading_of({file, value}).faults, both);
}

TEST(ConfigSecret, IsNotShownWhenItChanges) {
  Config before = with("CAMLOOP_HTTP_TOKEN=old"), after = with("CAMLOOP_HTTP_TOKEN=new");
  EXPECT_EQ(config_changes(before, after), Faults{"CAMLOOP_HTTP_TOKEN: changed"});
  EXPECT_EQ(config_changes(reading_of({}).config, after), Faults{"CAMLOOP_HTTP_TOKEN: changed"});
  EXPECT_EQ(config_changes(before, before), Faults{});
}

TEST(ConfigSecret, MayHaveBeenMeantByAnUnknownVariable) {
  EXPECT_EQ(reading_of({"CAMLOOP_HTTP_TOKEN_FIEL=/a"}).faults,
            Faults{"CAMLOOP_HTTP_TOKEN_FIEL: there is no such variable; did you mean "
                   "CAMLOOP_HTTP_TOKEN_FILE?"});
  EXPECT_EQ(reading_of({"CAMLOOP_FPS_FILE=/a"}).faults.size(), 1u) << "that is no secret";
}

TEST(Config, HasAUserWithAPassword) {
  const std::string both = "CAMLOOP_HTTP_USER and CAMLOOP_HTTP_PASSWORD go together: there is no ";
  EXPECT_EQ(reading_of({"CAMLOOP_HTTP_USER=u"}).faults, Faults{both + "password"});
  EXPECT_EQ(reading_of({"CAMLOOP_HTTP_PASSWORD=p"}).faults, Faults{both + "user"});
}

TEST(Config, HasACertificateWithAKeyAndBothForAReceiverWithTls) {
  const std::string both = "CAMLOOP_TLS_CERT and CAMLOOP_TLS_KEY go together: there is no ";
  EXPECT_EQ(reading_of({"CAMLOOP_TLS_CERT=/c"}).faults, Faults{both + "key"});
  EXPECT_EQ(reading_of({"CAMLOOP_TLS_KEY=/k"}).faults, Faults{both + "certificate"});
  EXPECT_EQ(reading_of({"CAMLOOP_CHANNEL_TLS=on", "CAMLOOP_SOURCE=channel::1"}).faults.size(), 1u);
  EXPECT_EQ(reading_of({"CAMLOOP_CHANNEL_TLS=on", "CAMLOOP_CHANNEL_TO=a:1"}).faults, Faults{});
}

TEST(Config, HasACertificateForTheBrokerWithAKey) {
  const std::string both = "CAMLOOP_MQTT_CERT and CAMLOOP_MQTT_KEY go together: there is no ";
  EXPECT_EQ(reading_of({"CAMLOOP_MQTT_CERT=/c"}).faults, Faults{both + "key"});
  EXPECT_EQ(reading_of({"CAMLOOP_MQTT_KEY=/k"}).faults, Faults{both + "certificate"});
}

TEST(Config, TellsACertificateThatWasRenewed) {
  TempFolder folder;
  std::string path = folder.write("ca.pem", "old");
  Config before = with("CAMLOOP_MQTT_CA=" + path);
  EXPECT_EQ(config_changes(before, with("CAMLOOP_MQTT_CA=" + path)), Faults{});
  folder.replace("ca.pem", "new");
  Config after = with("CAMLOOP_MQTT_CA=" + path);
  EXPECT_EQ(config_changes(before, after), Faults{"CAMLOOP_MQTT_CA: '" + path + "' renewed"});
  EXPECT_EQ(config_changes(after, with("CAMLOOP_MQTT_CA=/b")),
            Faults{"CAMLOOP_MQTT_CA: '" + path + "' -> '/b'"});
}

TEST(Config, ListsWhatChanged) {
  Config before = with("CAMLOOP_FPS=5"), after = reading_of({"CAMLOOP_QUALITY=50"}).config;
  EXPECT_EQ(config_changes(before, after),
            (Faults{"CAMLOOP_FPS: '5' -> '15'", "CAMLOOP_QUALITY: '80' -> '50'"}));
  EXPECT_EQ(config_changes(before, before), Faults{});
  EXPECT_EQ(config_changes(after, with("CAMLOOP_QUALITY=50")), Faults{});
}

}  // namespace
}  // namespace camloop
