#include "config.h"

#include "base/board_id.h"
#include "config_table.h"
#include "unit/temp_folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

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

struct ValuesOfVariable {
  const char* name;
  std::vector<const char*> good;
  std::vector<const char*> bad;
};

const std::string kTooLong(257, 'x');

const ValuesOfVariable kValues[] = {
    {"CAMLOOP_SOURCE",
     {"auto", "pattern", "v4l2:/dev/video0", "v4l2:x", "file:/a b/c:d.mjpeg", "file:.",
      "channel::1998", "channel:127.0.0.1:0", "channel:[::1]:1998", "mqtt"},
     {"", "Auto", "auto:", "auto:x", "pattern:", "v4l2", "v4l2:", "file", "file:", ":", "camera",
      "/dev/video0", " auto", "channel", "channel:", "channel:1998", "channel:localhost:1998",
      "mqtt:"}},
    {"CAMLOOP_SIZE",
     {"640x480", "16x16", "8192x8192", "16x8192", "0640x480"},
     {"", "640", "x", "640x", "x480", "640X480", "640*480", "640 x 480", "15x480", "640x15",
      "8193x480", "640x8193", "-640x480", "640x480x3", "640.0x480", "99999999999x480"}},
    {"CAMLOOP_FPS",
     {"0.1", "240", "29.97", "1", "1e2", ".5"},
     {"", "0", "0.0999", "240.1", "-1", "nan", "inf", "fast", "15fps", "30/1", " 15", "1,5"}},
    {"CAMLOOP_FORMAT",
     {"auto", "MJPG", "NV12", "NV21", "YU12", "YV12", "YUYV", "UYVY", "GREY", "RGB3", "mjpeg"},
     {"", "off", "NV1", "NV123", "NV 1", "H264",
      "N\xc3\xa4"
      "1",
      "AUTO"}},
    {"CAMLOOP_QUALITY", {"1", "100", "80"}, {"", "0", "101", "-1", "80.0", "80%", "high"}},
    {"CAMLOOP_CONTROLS",
     {"", "brightness=10", "brightness=-10,exposure_auto=1", "a=1,a=2"},
     {"brightness", "=10", "brightness=", "brightness=on", "brightness=1.5", "a=1,,b=2", "a=1;b=2",
      ",", "a=1, b=", "a=2147483648"}},
    {"CAMLOOP_HTTP",
     {"", "off", ":0", ":18811", ":65535", "127.0.0.1:80", "0.0.0.0:80", "[::1]:80"},
     {"on", "18811", ":", ":65536", ":-1", ":http", "localhost:80", "127.0.0.1", "::1:80",
      "http://127.0.0.1:80", "OFF"}},
    {"CAMLOOP_HTTP_CLIENTS", {"1", "64", "1000"}, {"", "0", "1001", "-1", "many", "1.5"}},
    {"CAMLOOP_HTTP_ORIGIN",
     {"", "*", "http://panel.example", "https://panel.example:8443"},
     {"panel.example", "**", "ftp://x", "HTTP://x", "http://a b", "http://\xc3\xa4.example",
      "off"}},
    {"CAMLOOP_HTTP_USER",
     {"", "me", "\xc3\xa4nne", "two words"},
     {":", "a:b", "a\tb", "a\x7f", kTooLong.c_str()}},
    {"CAMLOOP_HTTP_PASSWORD", {"", "p", "p:\xe2\x82\xac \"'", "off"}, {"a\nb", kTooLong.c_str()}},
    {"CAMLOOP_HTTP_TOKEN",
     {"", "t", "aZ09-._~+/", "YWJj==", "off"},
     {"=", "a=b", "a b", "a&b", "\xc3\xa4", "a\n", kTooLong.c_str()}},
    {"CAMLOOP_CHANNEL_TLS", {"on", "off", ""}, {"1", "yes", "ON", "tls"}},
    {"CAMLOOP_CHANNEL_CA", {"", "/etc/ca.pem"}, {"ca.pem", "off", "./ca.pem"}},
    {"CAMLOOP_TLS_CERT", {"", "/etc/camloop.crt"}, {"camloop.crt", "off", "./camloop.crt"}},
    {"CAMLOOP_TLS_KEY", {"", "/etc/camloop.key"}, {"camloop.key", "off", "./camloop.key"}},
    {"CAMLOOP_TLS_CLIENT_CA", {"", "/etc/ca.pem"}, {"ca.pem", "off", "./ca.pem"}},
    {"CAMLOOP_CHANNEL_TO",
     {"off", "", "192.0.2.1:1998", "[2001:db8::1]:1998", "base.example:65535"},
     {"on", "1998", ":1998", "base", "base:0", "base:65536", "base:port", "[::1]", "[::1:80"}},
    {"CAMLOOP_CHANNEL_MAX_LAG_MS",
     {"1", "80", "10000"},
     {"", "0", "10001", "-1", "80.5", "80ms", "off"}},
    {"CAMLOOP_RAW_TO",
     {"off", "", "192.0.2.1:8888", "[2001:db8::1]:8888", "base.example:65535"},
     {"on", "8888", ":8888", "base:0", "raw:base:8888"}},
    {"CAMLOOP_RAW_QUALITY", {"1", "25", "100"}, {"", "0", "101", "25.5", "off"}},
    {"CAMLOOP_RAW_GREETING", {"", "off", "welcome to the camera", "gr\xc3\xbc\xc3\x9f dich"}, {}},
    {"CAMLOOP_GREETING",
     {"", "off", ":9999", "127.0.0.1:9999", "[::1]:0"},
     {"on", "9999", ":65536", "localhost:9999", "hello"}},
    {"CAMLOOP_DAYTIME",
     {"", "off", ":6789", "127.0.0.1:6789", "[::1]:0"},
     {"on", "6789", ":65536", "localhost:6789", "now"}},
    {"CAMLOOP_ID",
     {"", "garden", "Cam-1_x", "0"},
     {"a b", "a/b", "a+", "\xc3\xa4", kTooLong.c_str()}},
    {"CAMLOOP_MQTT",
     {"", "off", "mqtt://broker", "mqtts://broker.example:1", "mqtt://127.0.0.1:65535",
      "mqtt://[::1]", "mqtts://[::1]:8883", "mqtt://me@broker", "mqtt://me:@broker",
      "mqtt://me:p:w@x/y@broker:1883", "mqtt://%c3%A4:%ff@broker"},
     {"on",
      "broker",
      "broker:1883",
      "mqtt:",
      "mqtt:broker",
      "mqtt://",
      "MQTT://broker",
      "mqttss://broker",
      "tcp://broker",
      "mqtt://broker:",
      "mqtt://broker:0",
      "mqtt://broker:65536",
      "mqtt://broker/",
      "mqtt://broker:1883/x",
      "mqtt://:1883",
      "mqtt://::1",
      "mqtt://[::1",
      "mqtt://[::1]1883",
      "mqtt://@broker",
      "mqtt://:password@broker",
      "mqtt://a%@broker",
      "mqtt://a%4@broker",
      "mqtt://a%4g@broker",
      "mqtt://%ff@broker",
      "mqtt://a:%4g@broker",
      "mqtt://a:%00@broker",
      "mqtt://a@",
      "mqtt://a:b"}},
    {"CAMLOOP_MQTT_CA", {"", "/etc/ca.pem"}, {"ca.pem", "off"}},
    {"CAMLOOP_MQTT_CERT", {"", "/etc/camloop.crt"}, {"camloop.crt", "off"}},
    {"CAMLOOP_MQTT_KEY", {"", "/etc/camloop.key"}, {"camloop.key", "off"}},
    {"CAMLOOP_MQTT_CLIENT_ID", {"", "camloop1", "a/b c", "\xc3\xa4"}, {"\xff", kTooLong.c_str()}},
    {"CAMLOOP_MQTT_CLEAN", {"0", "1"}, {"", "2", "on", "01"}},
    {"CAMLOOP_MQTT_KEEPALIVE", {"0", "60", "65535"}, {"", "-1", "65536", "1.5", "off"}},
    {"CAMLOOP_MQTT_QUEUE", {"1", "64", "10000"}, {"", "0", "10001", "-1", "off"}},
    {"CAMLOOP_MQTT_PREFIX",
     {"camloop", "a/b", "a//b", "\xc3\xa4"},
     {"", "/", "/a", "a/", "a/+", "#", "\xff", kTooLong.c_str()}},
    {"CAMLOOP_MQTT_DISCOVERY",
     {"homeassistant", "a/b", "off", ""},
     {"/a", "a/", "a/+", "#", "\xff", kTooLong.c_str()}},
    {"CAMLOOP_MQTT_IMAGE_EVERY",
     {"", "off", "0.1", "1.5", "60", "86400"},
     {"0", "0.09", "-1", "86400.1", "nan", "1s"}},
    {"CAMLOOP_TRANSFER_OUT", {"mqttTestPub", "/a/", "a"}, {"", "off/#", "+", kTooLong.c_str()}},
    {"CAMLOOP_TRANSFER_IN", {"mqttTestSub", "/a/", "a"}, {"", "off/#", "+", kTooLong.c_str()}},
    {"CAMLOOP_DISPLAY",
     {"off", "", "/dev/fb0", "/dev/graphics/fb1"},
     {"on", "fb0", "/fb0", "0", ":0", "OFF"}},
    {"CAMLOOP_WATCHDOG",
     {"off", "", "/dev/watchdog", "/dev/watchdog0"},
     {"on", "watchdog", "/watchdog", "1", "OFF"}},
    {"CAMLOOP_LOG", {"stderr", "syslog"}, {"", "off", "stdout", "/var/log/x", "Syslog"}},
    {"CAMLOOP_LOG_LEVEL",
     {"error", "warning", "info", "debug"},
     {"", "warn", "INFO", "verbose", "3", "info "}},
};

const Variable* variable(std::string_view name) {
  for (const Variable& each : config_variables()) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

// The entry that this one is right with.
std::string partner(std::string_view name, std::string_view value) {
  if (value.empty()) return "";
  if (name == "CAMLOOP_HTTP_USER") return "CAMLOOP_HTTP_PASSWORD=p";
  if (value == "mqtt") return "CAMLOOP_MQTT=mqtt://broker";
  if (name == "CAMLOOP_MQTT_CERT") return "CAMLOOP_MQTT_KEY=/k";
  if (name == "CAMLOOP_MQTT_KEY") return "CAMLOOP_MQTT_CERT=/c";
  if (name == "CAMLOOP_TLS_CERT") return "CAMLOOP_TLS_KEY=/k";
  if (name == "CAMLOOP_TLS_KEY") return "CAMLOOP_TLS_CERT=/c";
  return name == "CAMLOOP_HTTP_PASSWORD" ? "CAMLOOP_HTTP_USER=u" : "";
}

std::string on_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\t' || c == 0x7f; }, '?');
  return text;
}

TEST(Config, TakesEveryGoodValueOfEveryVariable) {
  for (const auto& [name, good, bad] : kValues) {
    for (const char* value : good) {
      EXPECT_EQ(reading_of({std::string(name) + "=" + value, partner(name, value)}).faults,
                Faults{})
          << value;
    }
  }
}

TEST(Config, SaysOfEveryBadValueWhatWouldBeRight) {
  for (const auto& [name, good, bad] : kValues) {
    ASSERT_NE(variable(name), nullptr) << name;
    for (const char* value : bad) {
      std::string shown = variable(name)->secret ? "" : "='" + std::string(value) + "'";
      EXPECT_EQ(
          reading_of({std::string(name) + "=" + value}).faults,
          Faults{on_one_line(name + shown + " is not right: write " + variable(name)->values)});
    }
  }
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

TEST(Config, HasATestForEveryVariable) {
  std::set<std::string> tested, there;
  for (const auto& each : kValues) tested.insert(each.name);
  for (const Variable& each : config_variables()) there.insert(each.name);
  EXPECT_EQ(tested, there);
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

TEST(Config, HasDefaultsThatAreRightThemselves) {
  for (const Variable& each : config_variables()) {
    Config config;
    EXPECT_TRUE(each.apply(config, each.fallback)) << each.name;
  }
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

TEST(Config, ListsWhatChanged) {
  Config before = with("CAMLOOP_FPS=5"), after = reading_of({"CAMLOOP_QUALITY=50"}).config;
  EXPECT_EQ(config_changes(before, after),
            (Faults{"CAMLOOP_FPS: '5' -> '15'", "CAMLOOP_QUALITY: '80' -> '50'"}));
  EXPECT_EQ(config_changes(before, before), Faults{});
  EXPECT_EQ(config_changes(after, with("CAMLOOP_QUALITY=50")), Faults{});
}

// ---- The table ----

TEST(ConfigTable, HelpNamesEveryVariableWithDefaultValuesAndMeaning) {
  std::string help = config_help();
  size_t at = 0;
  for (const Variable& each : config_variables()) {
    std::string fallback = *each.fallback ? each.fallback : "(empty)";
    std::string file =
        each.secret ? "; or in the file that " + std::string(each.name) + "_FILE names" : "";
    std::string entry = std::string(each.name) + "  default " + fallback + "\n    " + each.meaning +
                        file + "\n    values: " + each.values + "\n";
    EXPECT_EQ(help.compare(at, entry.size(), entry), 0) << each.name;
    at += entry.size();
  }
  EXPECT_EQ(at, help.size());
}

TEST(ConfigTable, IsAMarkdownTableOfOneRowAVariable) {
  std::string table = config_markdown();
  EXPECT_TRUE(table.starts_with(
      "| variable | default | values | meaning |\n| --- | --- | --- | --- |\n| CAMLOOP_SOURCE | "
      "auto | auto, v4l2:/dev/videoN, "));
  size_t rows = config_variables().size() + 2;
  EXPECT_EQ(static_cast<size_t>(std::count(table.begin(), table.end(), '\n')), rows);
  EXPECT_EQ(static_cast<size_t>(std::count(table.begin(), table.end(), '|')), rows * 5)
      << "a cell with a bar would be two";
}

TEST(ConfigTable, IsAShellFileOfCommentsThatSayTheDefaults) {
  std::string file = config_defaults();
  for (const Variable& each : config_variables()) {
    std::string line = std::string("\n#") + each.name + "=" + each.fallback + "\n";
    EXPECT_NE(file.find(line), std::string::npos) << each.name;
  }
  for (size_t at = 0; at < file.size(); at = file.find('\n', at) + 1) {
    EXPECT_TRUE(file[at] == '#' || file[at] == '\n') << file.substr(at, 40);
  }
}

TEST(ConfigTable, SaysEverythingInOneLine) {
  for (const Variable& each : config_variables()) {
    for (std::string_view text : {each.name, each.fallback, each.values, each.meaning}) {
      EXPECT_EQ(text.find('\n'), std::string_view::npos) << each.name;
    }
    EXPECT_TRUE(std::string_view(each.name).starts_with("CAMLOOP_"));
    EXPECT_NE(*each.values, '\0');
    EXPECT_NE(*each.meaning, '\0');
  }
}

}  // namespace
}  // namespace camloop
