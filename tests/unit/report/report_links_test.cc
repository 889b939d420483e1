#include "report/report_links.h"

#include <gtest/gtest.h>

#include <string>

namespace camloop {
namespace {

LinkTraffic some_traffic() {
  LinkTraffic traffic{.rounds = 7, .accepted = 4, .dropped = {{"late", 2}, {"not_jpeg", 1}}};
  traffic.bytes_received = 4000;
  traffic.bytes_sent = 1056;
  traffic.lag.add(1000);
  return traffic;
}

LinkFacts receiver() {
  LinkFacts link{.kind = "channel", .role = "receiver", .address = "0.0.0.0:1998"};
  link.state = "listening";
  link.connects = 2;
  link.traffic = some_traffic();
  link.ended = {{"forged_echo", 1}};
  link.peers = {{"10.0.0.2:4000", some_traffic()}};
  return link;
}

LinkFacts sender() {
  LinkFacts link{.kind = "channel", .role = "sender", .address = "base:1998", .secure = true};
  link.state = "waiting";
  link.fault = "connection refused";
  link.retry_in_us = 1'500'000;
  return link;
}

std::string json_of(std::span<const LinkFacts> links) {
  JsonWriter json;
  json.open_object();
  put_links(json, links);
  return json.close_object().text();
}

std::string metrics_of(std::span<const LinkFacts> links) {
  MetricsText text;
  put_link_metrics(text, links);
  return text.text();
}

bool has(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

TEST(ReportLinks, NoLinksAreAnEmptyListAndNoMetrics) {
  EXPECT_EQ(json_of({}), R"({"links":[]})");
  EXPECT_EQ(metrics_of({}), "");
}

TEST(ReportLinks, ReceiverTellsOfItselfAndEachPeer) {
  const std::string traffic =
      R"("rounds":7,"accepted":4,"dropped":{"late":2,"not_jpeg":1},"bytes_received":4000,)"
      R"("bytes_sent":1056,"lag_ms":{"count":1,"p50":1.000,"p99":1.000,"max":1.000},)"
      R"("age_ms":{"count":0,"p50":0.000,"p99":0.000,"max":0.000})";
  EXPECT_EQ(json_of({{receiver()}}),
            R"({"links":[{"kind":"channel","role":"receiver","address":"0.0.0.0:1998",)"
            R"("secure":false,"state":"listening","fault":"","connects":2,"failures":0,)" +
                traffic + R"(,"ended":{"forged_echo":1},"peers":[{"address":"10.0.0.2:4000",)" +
                traffic + "}]}]}");
}

TEST(ReportLinks, SenderTellsWhatItWaitsFor) {
  std::string json = json_of({{sender()}});
  EXPECT_TRUE(has(json, R"("secure":true,"state":"waiting","fault":"connection refused",)"
                        R"("retry_in_ms":1500.000,)"))
      << json;
}

TEST(ReportLinks, EachEndOfAKindIsALabelOfTheSameFamilies) {
  LinkFacts links[] = {receiver(), sender()};
  std::string text = metrics_of(links);
  EXPECT_TRUE(has(text,
                  "# HELP camloop_channel_accepted_total Frames that reached the other side in "
                  "time.\n# TYPE camloop_channel_accepted_total counter\n"
                  "camloop_channel_accepted_total{role=\"receiver\"} 4\n"
                  "camloop_channel_accepted_total{role=\"sender\"} 0\n"))
      << text;
  EXPECT_TRUE(has(text, "camloop_channel_up{role=\"sender\"} 0\n"));
  EXPECT_TRUE(has(text, "camloop_channel_dropped_total{role=\"receiver\",reason=\"late\"} 2\n"));
  EXPECT_TRUE(has(text, "camloop_channel_ended_total{role=\"receiver\",reason=\"forged_echo\"} 1"));
  EXPECT_TRUE(
      has(text, "camloop_channel_lag_seconds{role=\"receiver\",quantile=\"0.99\"} 0.001\n"));
  EXPECT_TRUE(has(text, "camloop_channel_lag_seconds_count{role=\"receiver\"} 1\n"));
  EXPECT_FALSE(has(text, "camloop_raw_"));
}

TEST(ReportLinks, KindsHaveFamiliesOfTheirOwn) {
  LinkFacts links[] = {receiver(), sender()};
  links[1].kind = "raw";
  std::string text = metrics_of(links);
  EXPECT_TRUE(has(text, "\ncamloop_raw_up{role=\"sender\"} 0\n"));
  EXPECT_FALSE(has(text, "camloop_raw_up{role=\"receiver\"}"));
  EXPECT_FALSE(has(text, "camloop_channel_texts_total"));
}

TEST(ReportLinks, RawLinkTellsOfTextsAndRubbish) {
  LinkFacts link{.kind = "raw", .role = "receiver", .address = "0.0.0.0:8888"};
  link.texts = 3;
  link.rubbish_bytes = 17;
  LinkFacts links[] = {link};
  EXPECT_TRUE(has(json_of(links), R"("ended":{},"texts":3,"rubbish_bytes":17,"peers":[])"));
  std::string text = metrics_of(links);
  EXPECT_TRUE(has(text, "\ncamloop_raw_texts_total{role=\"receiver\"} 3\n"));
  EXPECT_TRUE(has(text, "\ncamloop_raw_rubbish_bytes_total{role=\"receiver\"} 17\n"));
}

TEST(ReportLinks, ImageTransferTellsOfItsMessages) {
  LinkFacts link{.kind = "transfer", .role = "receiver", .address = "mqttTestPub"};
  link.messages = {{"new", 35}, {"bad", 2}};
  LinkFacts links[] = {link};
  EXPECT_TRUE(has(json_of(links), R"("ended":{},"messages":{"new":35,"bad":2},"peers":[])"));
  EXPECT_TRUE(has(metrics_of(links),
                  "\ncamloop_transfer_messages_total{role=\"receiver\",reason=\"bad\"} 2\n"));
}

}  // namespace
}  // namespace camloop
