#include "io/dial.h"

#include "io/listener.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace camloop {
namespace {

constexpr Admission::Limits kNoLimits{.connections_max = 100, .per_host_max = 100};

class DialTest : public testing::Test {
 protected:
  ~DialTest() override {
    dial_.reset();
    stream_.reset();
    accepted_.clear();
    listener_.reset();
    loop_.drain();
  }

  int listen(const char* address = "127.0.0.1:0") {
    auto accept = [this](Owned<Stream> stream) { accepted_.push_back(std::move(stream)); };
    listener_ =
        Listener::open(loop_, parse_listen_address(address).value(), kNoLimits, "", accept).value();
    return listener_->address().port();
  }
  void dial(const std::string& host, int port, int64_t patience_us = Dial::kPatience_us) {
    auto on_done = [this](Result<Owned<Stream>> stream) {
      dial_.reset();
      fault_ = stream.ok() ? "" : stream.error().text;
      if (stream.ok()) stream_ = std::move(stream).value();
    };
    dial_ = std::make_unique<Dial>(loop_, Endpoint{host, port}, on_done, patience_us);
  }
  std::string outcome() {
    EXPECT_TRUE(turn_until(loop_, [this] { return fault_.has_value(); }));
    return fault_.value_or("none came");
  }

  Loop loop_;
  Owned<Listener> listener_;
  std::vector<Owned<Stream>> accepted_;
  std::unique_ptr<Dial> dial_;
  Owned<Stream> stream_;
  std::optional<std::string> fault_;
};

// A port on which nobody answers: its listener's backlog is full, so the kernel drops every SYN.
class BlackHole {
 public:
  BlackHole() : server_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_ = parse_listen_address("127.0.0.1:0").value();
    CHECK(bind(server_, address_.raw(), address_.raw_size()) == 0 && listen(server_, 0) == 0);
    socklen_t size = sizeof address_.storage;
    getsockname(server_, address_.raw(), &size);
    for (int& client : clients_) {
      client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      connect(client, address_.raw(), address_.raw_size());
    }
  }
  ~BlackHole() {
    for (int client : clients_) close(client);
    close(server_);
  }
  int port() const { return address_.port(); }

 private:
  int server_;
  Address address_;
  int clients_[4];
};

TEST_F(DialTest, ConnectsToAnAddress) {
  int port = listen();
  dial("127.0.0.1", port);
  EXPECT_TRUE(dial_->resolving());
  EXPECT_EQ(outcome(), "");
  EXPECT_EQ(stream_->peer().text(), "127.0.0.1:" + std::to_string(port));
  EXPECT_TRUE(turn_until(loop_, [this] { return accepted_.size() == 1; }));
}

TEST_F(DialTest, TriesEachAddressOfAName) {
  // "localhost" is ::1 first where there is IPv6, and there nobody listens.
  int port = listen("127.0.0.1:0");
  dial("localhost", port);
  EXPECT_EQ(outcome(), "");
  EXPECT_EQ(stream_->peer().host(), "127.0.0.1");
}

TEST_F(DialTest, SaysThatAPortIsClosed) {
  int port = listen();
  listener_.reset();
  dial("127.0.0.1", port);
  std::string where = "127.0.0.1:" + std::to_string(port);
  EXPECT_EQ(outcome(), "cannot connect to " + where + ": " + where + ": Connection refused");
}

TEST_F(DialTest, SaysThatANameIsNotKnown) {
  dial("no-such-host.invalid", 80);  // RFC 6761, 6.4
  EXPECT_NE(outcome().find("cannot connect to no-such-host.invalid:80: its name is not known"),
            std::string::npos);
}

TEST_F(DialTest, GivesUpOnAHostThatDoesNotAnswer) {
  BlackHole hole;
  dial("127.0.0.1", hole.port(), 100 * kMillisecond_us);
  EXPECT_NE(outcome().find(": no answer"), std::string::npos);
}

TEST_F(DialTest, IsOverWhenItIsDropped) {
  BlackHole hole;
  dial("127.0.0.1", hole.port());
  dial_.reset();  // while its name is being resolved
  dial("127.0.0.1", hole.port());
  EXPECT_TRUE(turn_until(loop_, [this] { return !dial_->resolving(); }));
  dial_.reset();  // while it connects
  loop_.drain();
  EXPECT_FALSE(fault_.has_value());
}

}  // namespace
}  // namespace camloop
