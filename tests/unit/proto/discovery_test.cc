#include "proto/discovery.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

constexpr std::string_view kBegin =
    R"({"dev":{"ids":["a1"],"name":"Camera a1","mf":"camloop","mdl":"camloop","sw":"0.2"},)"
    R"("o":{"name":"camloop","sw":"0.2"},"avty_t":"camloop/a1/status","qos":1,"cmps":{)"
    R"("camera":{"p":"camera","name":"Camera","uniq_id":"a1_camera","t":"camloop/a1/image"},)"
    R"("image":{"p":"image","name":"Last picture","uniq_id":"a1_image",)"
    R"("img_t":"camloop/a1/image","cont_type":"image/jpeg"},)"
    R"("fps":{"p":"sensor","name":"Frame rate","uniq_id":"a1_fps","stat_t":"camloop/a1/state",)"
    R"("val_tpl":"{{ value_json.fps }}","unit_of_meas":"fps","stat_cla":"measurement",)"
    R"("ent_cat":"diagnostic"},)"
    R"("clients":{"p":"sensor","name":"Viewers","uniq_id":"a1_clients",)"
    R"("stat_t":"camloop/a1/state","val_tpl":"{{ value_json.clients }}",)"
    R"("stat_cla":"measurement","ent_cat":"diagnostic"},)"
    R"("lag":{"p":"sensor","name":"Lag","uniq_id":"a1_lag","stat_t":"camloop/a1/state",)"
    R"("val_tpl":"{{ value_json.lag_ms }}","unit_of_meas":"ms","dev_cla":"duration",)"
    R"("stat_cla":"measurement","ent_cat":"diagnostic"},)"
    R"("link_lag":{"p":"sensor","name":"Link lag","uniq_id":"a1_link_lag",)"
    R"("stat_t":"camloop/a1/state","val_tpl":"{{ value_json.link_lag_ms }}",)"
    R"("unit_of_meas":"ms","dev_cla":"duration","stat_cla":"measurement",)"
    R"("ent_cat":"diagnostic"},)"
    R"("dropped":{"p":"sensor","name":"Dropped frames","uniq_id":"a1_dropped",)"
    R"("stat_t":"camloop/a1/state","val_tpl":"{{ value_json.dropped }}",)"
    R"("stat_cla":"total_increasing","ent_cat":"diagnostic"},)"
    R"("uptime":{"p":"sensor","name":"Uptime","uniq_id":"a1_uptime",)"
    R"("stat_t":"camloop/a1/state","val_tpl":"{{ value_json.uptime_s }}","unit_of_meas":"s",)"
    R"("dev_cla":"duration","stat_cla":"total_increasing","ent_cat":"diagnostic"},)";

constexpr std::string_view kTemperature =
    R"("temperature":{"p":"sensor","name":"Temperature","uniq_id":"a1_temperature",)"
    R"("stat_t":"camloop/a1/state","val_tpl":"{{ value_json.temperature_c }}",)"
    R"("unit_of_meas":"°C","dev_cla":"temperature","stat_cla":"measurement",)"
    R"("ent_cat":"diagnostic"},)";

constexpr std::string_view kEnd =
    R"("stream":{"p":"switch","name":"Stream","uniq_id":"a1_stream",)"
    R"("cmd_t":"camloop/a1/stream/set","stat_t":"camloop/a1/stream/state",)"
    R"("pl_on":"ON","pl_off":"OFF"},)"
    R"("quality":{"p":"number","name":"JPEG quality","uniq_id":"a1_quality",)"
    R"("cmd_t":"camloop/a1/quality/set","stat_t":"camloop/a1/quality/state",)"
    R"("min":1,"max":100,"step":1,"ent_cat":"config"},)"
    R"("fps_asked":{"p":"number","name":"Frame rate asked of the source",)"
    R"("uniq_id":"a1_fps_asked","cmd_t":"camloop/a1/fps/set","stat_t":"camloop/a1/fps/state",)"
    R"("min":0.100,"max":240,"step":0.100,"mode":"box","ent_cat":"config"},)"
    R"("snapshot":{"p":"button","name":"Snapshot","uniq_id":"a1_snapshot",)"
    R"("cmd_t":"camloop/a1/snapshot/set","pl_prs":"PRESS"},)"
    R"("signal_lost":{"p":"device_automation","atype":"trigger","t":"camloop/a1/event",)"
    R"("pl":"signal_lost","type":"signal","stype":"lost"},)"
    R"("signal_back":{"p":"device_automation","atype":"trigger","t":"camloop/a1/event",)"
    R"("pl":"signal_back","type":"signal","stype":"back"}}})";

TEST(Discovery, TheMessageDescribesTheDeviceAndAllItsParts) {
  EXPECT_EQ(discovery_message({"camloop/a1", "a1", "0.2", true}),
            std::string(kBegin) + std::string(kTemperature) + std::string(kEnd));
}

TEST(Discovery, ABoardWithoutThermometerHasNoSuchSensor) {
  EXPECT_EQ(discovery_message({"camloop/a1", "a1", "0.2", false}),
            std::string(kBegin) + std::string(kEnd));
}

TEST(Discovery, TopicsBeginWithHomeAssistantsPrefix) {
  EXPECT_EQ(discovery_topic("homeassistant", "a1"), "homeassistant/device/a1/config");
  EXPECT_EQ(discovery_status_topic("ha/test"), "ha/test/status");
}

}  // namespace
}  // namespace camloop
