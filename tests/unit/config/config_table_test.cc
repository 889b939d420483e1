#include "config/config_table.h"

#include "config/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace camloop {
namespace {

using Faults = std::vector<std::string>;

ConfigReading reading_of(std::initializer_list<std::string> environment) {
  std::vector<std::string_view> entries(environment.begin(), environment.end());
  return read_config(entries);
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
      "a+b=1", "a/b=1", "#=1", "Gain=1", "a b=1", ",", "a=1, b=", "a=2147483648"}},
    {"CAMLOOP_HTTP",
     {"", "off", ":0", ":18811", ":65535", "127.0.0.1:80", "0.0.0.0:80", "[::1]:80"},
     {"on", "18811", ":", ":65536", ":-1", ":http", "localhost:80", "127.0.0.1", "::1:80",
      "http://127.0.0.1:80", "OFF"}},
    {"CAMLOOP_HTTP_CLIENTS", {"1", "64", "1000"}, {"", "0", "1001", "-1", "many", "1.5"}},
    {"CAMLOOP_HTTP_ORIGIN",
     {"", "*", "http://panel.example", "https://panel.example:8443"},
     {"panel.example", "**", "ftp://x", "HTTP://x", "http://a b", "http://\xc3\xa4.example",
      "http://", "http://panel.example/", "http://panel.example/cam", "http://a,http://b", "off"}},
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
    {"CAMLOOP_TRANSFER_WITHOUT_LAST", {"on", "off", ""}, {"1", "yes", "ON"}},
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

TEST(ConfigTable, TakesEveryGoodValueOfEveryVariable) {
  for (const auto& [name, good, bad] : kValues) {
    for (const char* value : good) {
      EXPECT_EQ(reading_of({std::string(name) + "=" + value, partner(name, value)}).faults,
                Faults{})
          << value;
    }
  }
}

TEST(ConfigTable, SaysOfEveryBadValueWhatWouldBeRight) {
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

TEST(ConfigTable, HasATestForEveryVariable) {
  std::set<std::string> tested, there;
  for (const auto& each : kValues) tested.insert(each.name);
  for (const Variable& each : config_variables()) there.insert(each.name);
  EXPECT_EQ(tested, there);
}

TEST(ConfigTable, HasDefaultsThatAreRightThemselves) {
  for (const Variable& each : config_variables()) {
    Config config;
    EXPECT_TRUE(each.apply(config, each.fallback)) << each.name;
  }
}

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
