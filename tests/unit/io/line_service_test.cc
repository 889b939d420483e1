#include "io/line_service.h"

#include "unit/io/tcp_pair.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

class LineServiceTest : public testing::Test {
 protected:
  ~LineServiceTest() override {
    service_.reset();
    loop_.drain();
  }

  void open(int64_t patience_us = LineService::kPatience_us) {
    auto text = [this] { return "line " + std::to_string(++asked_) + "\r\n"; };
    auto any_port = parse_listen_address("127.0.0.1:0").value();
    service_ = LineService::open(loop_, any_port, text, patience_us).value();
  }
  std::unique_ptr<Peer> connect() {
    return std::make_unique<Peer>(connect_to(service_->address()));
  }
  std::string all_from(Peer& peer) {
    EXPECT_TRUE(turn_until(loop_, [&peer] {
      peer.read();
      return peer.end_seen();
    }));
    EXPECT_FALSE(peer.reset_seen());
    return peer.read();
  }

  Loop loop_;
  int asked_ = 0;
  std::unique_ptr<LineService> service_;
};

TEST_F(LineServiceTest, TellsEachClientItsOwnLineAndCloses) {
  open();
  auto one = connect();
  EXPECT_EQ(all_from(*one), "line 1\r\n");
  auto other = connect();
  EXPECT_EQ(all_from(*other), "line 2\r\n");
}

TEST_F(LineServiceTest, WhatAClientSendsDoesNotCostItTheLine) {
  open();
  auto client = connect();
  client->send("what time is it?\r\n");
  EXPECT_EQ(all_from(*client), "line 1\r\n");
}

TEST_F(LineServiceTest, AClientThatIsGoneAtOnceHurtsNobody) {
  open();
  connect()->reset();
  auto next = connect();
  EXPECT_NE(all_from(*next), "");
}

TEST_F(LineServiceTest, AClientThatDoesNotCloseLosesItsPlace) {
  open(50 * kMillisecond_us);
  std::vector<std::unique_ptr<Peer>> stay;
  for (int i = 0; i < 8; ++i) stay.push_back(connect());  // as many as one host may have
  for (auto& peer : stay) EXPECT_NE(all_from(*peer), "");
  std::string line;
  while (line.empty()) line = all_from(*connect());
  EXPECT_EQ(line, "line 9\r\n");
}

TEST_F(LineServiceTest, SaysWhyItCannotListen) {
  open();
  auto second = LineService::open(loop_, service_->address(), [] { return std::string(); });
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().text.find("Address already in use"), std::string::npos);
}

}  // namespace
}  // namespace camloop
