#include "report/report_mqtt.h"

#include <gtest/gtest.h>

#include <string>

namespace camloop {
namespace {

MqttReport some_report() {
  MqttReport report;
  MqttFacts& client = report.client;
  client.uplink = {.peer = "broker:8883", .state = "waiting", .fault = "connection refused"};
  client.uplink.connects = 3;
  client.uplink.failures = 1;
  client.uplink.retry_in_us = 1'500'000;
  client.secure = true;
  client.client_id = "a1";
  client.queued = 2;
  client.in_flight = 4;
  client.traffic.published = 10;
  client.traffic.sent_again = 1;
  client.traffic.acknowledged = 6;
  client.traffic.received = 5;
  client.traffic.oversize = 7;
  client.dropped = {{"full", 8}};
  client.bytes_received = 100;
  client.bytes_sent = 200;
  report.camera = {.commands = 1, .refused = 2, .retained = 3, .images = 4, .oversize = 5};
  return report;
}

TEST(ReportMqtt, TheStateTellsOfTheConnectionTheMessagesAndTheCamera) {
  JsonWriter json;
  json.open_object();
  put_mqtt(json, some_report());
  EXPECT_EQ(json.close_object().text(),
            R"({"mqtt":{"broker":"broker:8883","secure":true,"state":"waiting",)"
            R"("fault":"connection refused","retry_in_ms":1500.000,"connected":false,)"
            R"("client_id":"a1","session_present":false,"connects":3,"failures":1,"queued":2,)"
            R"("in_flight":4,"published":10,"sent_again":1,"acknowledged":6,"received":5,)"
            R"("duplicates":0,"oversize":7,"unwanted":0,"dropped":{"full":8},)"
            R"("bytes_received":100,"bytes_sent":200,"camera":{"images":4,"images_oversize":5,)"
            R"("commands":1,"commands_refused":2,"commands_retained":3}}})");
}

TEST(ReportMqtt, MetricsHaveAFamilyForEachFigure) {
  MetricsText metrics;
  put_mqtt_metrics(metrics, some_report());
  const std::string& text = metrics.text();
  for (const char* line :
       {"camloop_mqtt_up 0", "camloop_mqtt_connects_total 3", "camloop_mqtt_failures_total 1",
        "camloop_mqtt_queued 2", "camloop_mqtt_in_flight 4", "camloop_mqtt_published_total 10",
        "camloop_mqtt_sent_again_total 1", "camloop_mqtt_acknowledged_total 6",
        "camloop_mqtt_received_total 5", "camloop_mqtt_passed_over_total{reason=\"oversize\"} 7",
        "camloop_mqtt_dropped_total{reason=\"full\"} 8", "camloop_mqtt_received_bytes_total 100",
        "camloop_mqtt_sent_bytes_total 200", "camloop_mqtt_images_total 4",
        "camloop_mqtt_images_oversize_total 5", "camloop_mqtt_commands_total{outcome=\"done\"} 1",
        "camloop_mqtt_commands_total{outcome=\"refused\"} 2",
        "camloop_mqtt_commands_total{outcome=\"retained\"} 3"}) {
    EXPECT_NE(text.find("\n" + std::string(line) + "\n"), std::string::npos) << line << text;
  }
}

}  // namespace
}  // namespace camloop
