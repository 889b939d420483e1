#include "report/report.h"

#include "base/clock.h"
#include "base/text.h"
#include "unit/io/fake_watchdog.h"
#include "unit/sinks/fake_framebuffer.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace camloop {
namespace {

// Reads JSON as RFC 8259 has it and flattens it: the value of each path, as it is written.
class JsonReader {
 public:
  /// Empty, but for "": "fault", when `text` is not one JSON value.
  static std::map<std::string, std::string> flatten(std::string_view text) {
    JsonReader reader(text);
    reader.value("");
    reader.blanks();
    if (reader.fault_ || !reader.rest_.empty()) return {{"", "fault"}};
    return reader.values_;
  }

 private:
  explicit JsonReader(std::string_view text) : rest_(text) {}

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { fault_ |= !take(c); }
  void blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size())); }

  void value(const std::string& path) {
    blanks();
    if (fault_ || rest_.empty()) {
      fault_ = true;
    } else if (take('{')) {
      members(path, '}', [this](size_t) { return name(); });
    } else if (take('[')) {
      members(path, ']', [](size_t index) { return std::to_string(index); });
    } else if (rest_.front() == '"') {
      values_[path] = string();
    } else {
      std::string word(rest_.substr(0, std::min(rest_.find_first_of(",]} \n"), rest_.size())));
      rest_.remove_prefix(word.size());
      bool number = parse_number<double>(word) && word.find_first_of("ni") == std::string::npos;
      fault_ |= !number && word != "true" && word != "false" && word != "null";
      fault_ |= number && word.size() > 1 && word[0] == '0' && word[1] != '.';
      values_[path] = word;
    }
  }
  template <class Key>
  void members(const std::string& path, char end, Key key) {
    if (take(end)) return;
    size_t index = 0;
    do {
      std::string inner = key(index++);
      value(path.empty() ? inner : path + "." + inner);
    } while (!fault_ && take(','));
    expect(end);
  }
  std::string name() {
    blanks();
    std::string quoted = string();
    expect(':');
    return quoted.size() < 2 ? "" : quoted.substr(1, quoted.size() - 2);
  }
  std::string string() {
    expect('"');
    std::string text = "\"";
    while (!fault_ && !rest_.empty() && rest_.front() != '"') {
      fault_ |= static_cast<unsigned char>(rest_.front()) < 0x20;
      size_t length = rest_.front() == '\\' ? 2 : 1;
      text += rest_.substr(0, length);
      rest_.remove_prefix(std::min(length, rest_.size()));
    }
    expect('"');
    return text + "\"";
  }

  std::string_view rest_;
  bool fault_ = false;
  std::map<std::string, std::string> values_;
};

struct FakeSource : Source {
  FakeSource(SourceHandler& told, const SourceFacts& known) : handler(told), facts_(known) {}
  void set_active(bool) override {}
  const SourceFacts& facts() const override { return facts_; }

  SourceHandler& handler;
  const SourceFacts& facts_;
};

// Its source is alive: one second after its start the watchdog says so.
struct FakeWard : WatchdogWard {
  bool source_alive() override { return true; }
  void reopen_source() override {}
  void end_for_respawn() override {}

  FakeWatchdog driver;
  Watchdog watchdog{{.device = "/dev/watchdog", .note = "/no/such/note"}, *this, driver, 0};
};

class ReportTest : public testing::Test, private HttpContent {
 protected:
  void SetUp() override {
    HttpServer::Options options{parse_listen_address("127.0.0.1:0").value(), 4, ""};
    server_ = HttpServer::create(loop_, hub_, options, *this).value();
    auto make_source = [this](BufferPool&, SourceHandler& handler) {
      source_ = &handler;
      return Result<std::unique_ptr<Source>>(std::make_unique<FakeSource>(handler, facts_));
    };
    capture_ = Capture::create(loop_, hub_, {80, 320, 240}, make_source).value();
  }
  void TearDown() override {
    capture_.reset();
    server_.reset();
    loop_.drain();
  }

  /// A client that has the head of the stream and one frame of `size` bytes, 20 ms old now.
  void stream_to(LoopClient& client, size_t size) {
    ASSERT_TRUE(client.send("GET /stream HTTP/1.0\r\n\r\n"));
    ASSERT_TRUE(turn_until(loop_, [&] { return !client.read().empty(); }));
    BufferRef jpeg = pool_.take(size);
    jpeg.set_size(size);
    now_us_ = monotonic_us();
    source_->on_jpeg(Frame{jpeg, 640, 480, now_us_ - 20 * kMillisecond_us, 1});
    ASSERT_TRUE(turn_until(loop_, [&] { return client.read().size() > size; }));
  }

  ReportedParts parts() {
    return {loop_,   hub_,      *capture_, *server_, now_us_ - 90 * kSecond_us,
            now_us_, watchdog_, display_,  memory_};
  }
  std::map<std::string, std::string> state() { return JsonReader::flatten(report_state(parts())); }

  std::string state_json() override { return report_state(parts()); }
  std::string metrics_text() override { return report_metrics(parts()); }
  Result<> health() override { return {}; }
  Result<> take_text(std::string_view) override { return {}; }

  Loop loop_;
  Hub hub_;
  BufferPool pool_{0};
  SourceFacts facts_;
  SourceHandler* source_ = nullptr;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<Capture> capture_;
  const Watchdog* watchdog_ = nullptr;
  const Display* display_ = nullptr;
  MemoryFacts memory_;
  int64_t now_us_ = monotonic_us();
};

// ---- State
// ---------------------------------------------------------------------------------------

TEST(JsonReader, SeesWhatIsNoJson) {
  for (const char* text : {"", "{", "{}{}", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "[1 2]", "\"a",
                           "nan", "[inf]", "01", "{\"a\":1,}", "\"\n\""}) {
    EXPECT_EQ(JsonReader::flatten(text)[""], "fault") << text;
  }
  std::map<std::string, std::string> flat = {{"a.0", "1"}, {"a.1.b", "\"x\\\"\""}, {"c", "null"}};
  EXPECT_EQ(JsonReader::flatten(R"({"a":[1,{"b":"x\""}],"c":null,"d":[],"e":{}})"), flat);
}

TEST_F(ReportTest, StateIsJsonFromTheVeryBeginning) {
  auto told = state();
  EXPECT_EQ(told["version"], std::string("\"") + CAMLOOP_VERSION + "\"");
  EXPECT_EQ(told["uptime_s"], "90.000");
  EXPECT_EQ(told["frames.age_ms"], "null") << "there is none";
  EXPECT_EQ(told["frames.published"], "0");
  EXPECT_EQ(told["http.address"], "\"" + server_->address().text() + "\"");
  EXPECT_EQ(told["http.viewers_max"], "4");
  EXPECT_EQ(told["reloads.applied"], "0");
  EXPECT_EQ(told["reloads.refused"], "0");
  EXPECT_EQ(told["loop.callbacks"], "0");
  EXPECT_FALSE(told.contains("http.clients.0.address"));
  EXPECT_TRUE(report_state(parts()).ends_with("}\n"));
}

TEST_F(ReportTest, StateTellsOfTheSource) {
  facts_ = {.name = "v4l2:/dev/video0",
            .device = "ACME \"Eye\"\n\xff",
            .format = "NV12",
            .width = 640,
            .height = 480,
            .fps = 29.97,
            .fault = "unplugged",
            .pictures = 9'000'000'000,
            .dropped_broken = 1,
            .dropped_stale = 2,
            .reopened = 3};
  auto told = state();
  EXPECT_EQ(told["source.name"], "\"v4l2:/dev/video0\"");
  EXPECT_EQ(told["source.device"], R"("ACME \"Eye\"\u000a\ufffd")");
  EXPECT_EQ(told["source.format"], "\"NV12\"");
  EXPECT_EQ(told["source.width"], "640");
  EXPECT_EQ(told["source.height"], "480");
  EXPECT_EQ(told["source.fps"], "29.970");
  EXPECT_EQ(told["source.fault"], "\"unplugged\"");
  EXPECT_EQ(told["source.pictures"], "9000000000");
  EXPECT_EQ(told["source.dropped_broken"], "1");
  EXPECT_EQ(told["source.dropped_stale"], "2");
  EXPECT_EQ(told["source.reopened"], "3");
}

TEST_F(ReportTest, StateTellsOfAnExposureThatIsTheProgramsTask) {
  EXPECT_FALSE(state().contains("source.exposure.lines"));
  facts_.exposure = {.lines = 134, .luma = 117.5};
  auto told = state();
  EXPECT_EQ(told["source.exposure.lines"], "134.000");
  EXPECT_EQ(told["source.exposure.luma"], "117.500");
}

TEST_F(ReportTest, StateTellsOfEachClient) {
  LoopClient client(server_->address()), other(server_->address());
  stream_to(client, 5000);
  auto told = state();
  EXPECT_EQ(told["frames.published"], "1");
  EXPECT_EQ(told["frames.bytes"], "5000");
  EXPECT_EQ(told["frames.age_ms"], "20.000");
  EXPECT_EQ(told["http.connections"], "2");
  EXPECT_TRUE(told["http.clients.0.address"].starts_with("\"127.0.0.1:"));
  EXPECT_EQ(told["http.clients.0.frames"], "1");
  EXPECT_EQ(told["http.clients.0.dropped_replaced"], "0");
  EXPECT_EQ(told["http.clients.0.queued_bytes"], "0");
  EXPECT_GE(std::stod(told["http.clients.0.frame_age_ms"]), 20);
  EXPECT_FALSE(told.contains("http.clients.1.address")) << "who asked for nothing is no client";
  EXPECT_EQ(told["http.frames_sent"], "1");
  EXPECT_NE(told["loop.callbacks"], "0");
  for (const char* quantile : {"p50", "p99", "p999", "max"}) {
    EXPECT_TRUE(told.contains(std::string("loop.stall_us.") + quantile));
    EXPECT_TRUE(told.contains(std::string("encoder.cost_us.") + quantile));
  }
}

TEST_F(ReportTest, StateIsServed) {
  LoopClient client(server_->address());
  ASSERT_TRUE(client.send("GET /state HTTP/1.0\r\n\r\n"));
  ASSERT_TRUE(turn_until(loop_, [&] {
    client.read();
    return client.closed();
  }));
  std::string reply = client.read();
  std::string body = reply.substr(std::min(reply.find("\r\n\r\n"), reply.size()));
  EXPECT_EQ(JsonReader::flatten(body.substr(std::min<size_t>(4, body.size())))["http.connections"],
            "1");
}

TEST_F(ReportTest, StateTellsOfTheWatchdog) {
  EXPECT_EQ(state()["watchdog.device"], "\"\"") << "it is off";
  FakeWard ward;
  watchdog_ = &ward.watchdog;
  for (int64_t second : {1, 2, 3, 4, 5, 6, 9}) ward.watchdog.tick(second * kSecond_us);
  auto told = state();
  EXPECT_EQ(told["watchdog.device"], "\"/dev/watchdog\"");
  EXPECT_EQ(told["watchdog.fault"], "\"\"");
  EXPECT_EQ(told["watchdog.phase"], "\"well\"");
  EXPECT_EQ(told["watchdog.timeout_s"], "16");
  EXPECT_EQ(told["watchdog.fed"], "1");
  EXPECT_EQ(told["watchdog.late"], "1");
  EXPECT_EQ(told["watchdog.late_max_ms"], "2000.000");
  EXPECT_EQ(told["watchdog.reopened"], "0");
}

TEST_F(ReportTest, StateTellsOfMemoryAndWhatIsShed) {
  auto told = state();
  EXPECT_EQ(told["memory.available_kb"], "null") << "the kernel does not tell";
  EXPECT_EQ(told["memory.level"], "0");
  EXPECT_EQ(told["memory.shedding"], "\"nothing\"");
  memory_ = {5'000'000'000, MemoryLevel::kLowerRates};
  told = state();
  EXPECT_EQ(told["memory.available_kb"], "4882812");
  EXPECT_EQ(told["memory.level"], "2");
  EXPECT_EQ(told["memory.shedding"], "\"camera buffers and frame rates\"");
}

// ---- Metrics
// -------------------------------------------------------------------------------------

// The samples of a text in exposition format 0.0.4, by name and labels; what is wrong is a failure.
std::map<std::string, double> samples_of(const std::string& text) {
  std::map<std::string, double> samples;
  std::set<std::string> families;
  std::string family, type;
  EXPECT_TRUE(text.ends_with('\n'));
  for (std::string_view line : split(text, '\n')) {
    auto words = split(line, ' ');
    if (line.starts_with("# HELP ")) {
      family = words[2];
      type.clear();
      EXPECT_TRUE(families.insert(family).second) << family << " comes twice";
      EXPECT_GT(words.size(), 3u);
    } else if (line.starts_with("# TYPE ")) {
      EXPECT_EQ(words[2], family);
      type = words[3];
      EXPECT_EQ(type == "counter", family.ends_with("_total")) << line;
    } else {
      EXPECT_FALSE(type.empty()) << line;
      std::string_view name = line.substr(0, line.find_first_of(" {"));
      std::string_view suffix = name.substr(std::min(family.size(), name.size()));
      bool of_histogram = suffix == "_bucket" || suffix == "_sum" || suffix == "_count";
      EXPECT_TRUE(name.starts_with(family) && (suffix.empty() || type == "histogram")) << line;
      EXPECT_EQ(of_histogram, type == "histogram") << line;
      auto value = parse_number<double>(words.back());
      EXPECT_TRUE(value && std::isfinite(*value)) << line;
      bool fresh = samples.emplace(line.substr(0, line.rfind(' ')), value.value_or(0)).second;
      EXPECT_TRUE(fresh) << line;
    }
  }
  return samples;
}

TEST_F(ReportTest, MetricsAreWellFormedFromTheVeryBeginning) {
  auto samples = samples_of(report_metrics(parts()));
  EXPECT_EQ(samples["camloop_source_up"], 1);
  EXPECT_EQ(samples["camloop_frames_published_total"], 0);
  EXPECT_FALSE(samples.contains("camloop_frame_age_seconds")) << "there is none";
}

TEST_F(ReportTest, MetricsTellWhatHappened) {
  facts_ = {.fault = "unplugged",
            .pictures = 9'000'000'000'000'000,
            .dropped_broken = 1,
            .dropped_stale = 2,
            .reopened = 3};
  LoopClient client(server_->address());
  stream_to(client, 5000);
  auto samples = samples_of(report_metrics(parts()));
  EXPECT_EQ(samples["camloop_source_up"], 0);
  EXPECT_EQ(samples["camloop_source_pictures_total"], 9e15);
  EXPECT_EQ(samples["camloop_source_dropped_total{reason=\"broken\"}"], 1);
  EXPECT_EQ(samples["camloop_source_dropped_total{reason=\"stale\"}"], 2);
  EXPECT_EQ(samples["camloop_source_reopened_total"], 3);
  EXPECT_EQ(samples["camloop_frames_published_total"], 1);
  EXPECT_EQ(samples["camloop_frame_age_seconds"], 0.02);
  EXPECT_EQ(samples["camloop_http_clients"], 1);
  EXPECT_EQ(samples["camloop_http_connections"], 1);
  EXPECT_EQ(samples["camloop_http_frames_sent_total"], 1);
}

TEST_F(ReportTest, StateAndMetricsTellOfTheDisplay) {
  EXPECT_EQ(state()["display.device"], "\"\"") << "it is off";
  EXPECT_FALSE(samples_of(report_metrics(parts())).contains("camloop_display_up"));
  FakeFramebuffer device(320, 200, 16);
  device.open_errno = ENODEV;
  Display display(loop_, hub_, "/dev/fb1", device);
  display_ = &display;
  ASSERT_TRUE(turn_until(loop_, [&] { return device.tried == 1; }));
  EXPECT_EQ(state()["display.fault"], "\"/dev/fb1: No such device\"");
  EXPECT_EQ(samples_of(report_metrics(parts()))["camloop_display_up"], 0);
  device.open_errno = 0;
  ASSERT_TRUE(turn_until(loop_, [&] { return hub_.watched(); }));
  auto told = state();
  EXPECT_EQ(told["display.device"], "\"/dev/fb1\"");
  EXPECT_EQ(told["display.fault"], "\"\"");
  EXPECT_EQ(told["display.width"], "320");
  EXPECT_EQ(told["display.height"], "200");
  EXPECT_EQ(told["display.bits"], "16");
  EXPECT_EQ(told["display.shown"], "0");
  EXPECT_EQ(told["display.dropped_replaced"], "0");
  EXPECT_EQ(told["display.cost_us.max"], "0");
  auto samples = samples_of(report_metrics(parts()));
  EXPECT_EQ(samples["camloop_display_up"], 1);
  EXPECT_EQ(samples["camloop_display_frames_shown_total"], 0);
  EXPECT_EQ(samples["camloop_display_dropped_total{reason=\"broken\"}"], 0);
}

TEST_F(ReportTest, MetricsTellOfTheWatchdogThatIsOn) {
  EXPECT_FALSE(samples_of(report_metrics(parts())).contains("camloop_watchdog_armed"));
  FakeWard ward;
  watchdog_ = &ward.watchdog;
  for (int64_t second : {1, 2, 3, 4, 5, 6, 9}) ward.watchdog.tick(second * kSecond_us);
  auto samples = samples_of(report_metrics(parts()));
  EXPECT_EQ(samples["camloop_watchdog_armed"], 1);
  EXPECT_EQ(samples["camloop_watchdog_fed_total"], 1);
  EXPECT_EQ(samples["camloop_watchdog_late_total"], 1);
  EXPECT_EQ(samples["camloop_watchdog_reopened_total"], 0);
}

TEST_F(ReportTest, MetricsTellOfMemory) {
  auto samples = samples_of(report_metrics(parts()));
  EXPECT_EQ(samples["camloop_memory_level"], 0);
  EXPECT_FALSE(samples.contains("camloop_memory_available_bytes"));
  memory_ = {5'000'000'000, MemoryLevel::kNoNewClients};
  samples = samples_of(report_metrics(parts()));
  EXPECT_EQ(samples["camloop_memory_level"], 3);
  EXPECT_EQ(samples["camloop_memory_available_bytes"], 5e9);
}

TEST_F(ReportTest, MetricsTellOfStallsAsAHistogram) {
  {
    Loop::Turn slow(loop_);
    int64_t end_us = monotonic_us() + 3 * kMillisecond_us;
    while (monotonic_us() < end_us) {
    }
  }
  { Loop::Turn fast(loop_); }
  auto samples = samples_of(report_metrics(parts()));
  const std::string name = "camloop_loop_stall_seconds";
  double before = 0;
  for (const char* bound :
       {"0.0001", "0.0005", "0.001", "0.002", "0.005", "0.01", "0.05", "0.1", "1", "+Inf"}) {
    std::string bucket = name + "_bucket{le=\"" + bound + "\"}";
    ASSERT_TRUE(samples.contains(bucket)) << bound;
    EXPECT_GE(samples[bucket], before) << bound;
    before = samples[bucket];
  }
  EXPECT_EQ(samples[name + "_bucket{le=\"+Inf\"}"], 2);
  EXPECT_LE(samples[name + "_bucket{le=\"0.002\"}"], 1);
  EXPECT_EQ(samples[name + "_count"], 2);
  EXPECT_GE(samples[name + "_sum"], 0.003);
}

}  // namespace
}  // namespace camloop
