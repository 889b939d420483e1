#include "io/listener.h"

#include "unit/io/tcp_pair.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

namespace camloop {
namespace {

constexpr std::string_view kRefusal = "HTTP/1.1 503 Service Unavailable\r\n\r\nfull\n";
constexpr Admission::Limits kNoLimits{.connections_max = 1000, .per_host_max = 1000};

// The process may open `count` more descriptors while this lives.
class DescriptorsLeft {
 public:
  explicit DescriptorsLeft(int count) {
    CHECK(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    int lowest_free = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(lowest_free);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(lowest_free + count);
    CHECK(setrlimit(RLIMIT_NOFILE, &now) == 0);
  }
  ~DescriptorsLeft() { CHECK(setrlimit(RLIMIT_NOFILE, &before_) == 0); }
  DescriptorsLeft(const DescriptorsLeft&) = delete;
  DescriptorsLeft& operator=(const DescriptorsLeft&) = delete;

 private:
  rlimit before_{};
};

class ListenerTest : public testing::Test {
 protected:
  ~ListenerTest() override {
    accepted_.clear();
    listener_.reset();
    loop_.drain();
  }

  void listen(std::string_view address = "127.0.0.1:0", Admission::Limits limits = kNoLimits) {
    auto listener = Listener::open(loop_, parse_listen_address(address).value(), limits, kRefusal,
                                   [this](Owned<Stream> stream) { on_accept_(std::move(stream)); });
    ASSERT_TRUE(listener.ok()) << listener.error().text;
    listener_ = std::move(listener).value();
  }
  std::string fault_of(std::string_view address) {
    auto listener = Listener::open(loop_, parse_listen_address(address).value(), kNoLimits,
                                   kRefusal, [](Owned<Stream>) {});
    return listener.ok() ? "" : listener.error().text;
  }
  std::unique_ptr<Peer> connect(const char* from = nullptr) {
    return std::make_unique<Peer>(connect_to(listener_->address(), 0, from));
  }
  void run_until(const std::function<bool()>& condition) {
    ASSERT_TRUE(turn_until(loop_, condition)) << "waited in vain";
  }
  void run_until_accepted(size_t count) {
    run_until([this, count] { return accepted_.size() >= count; });
  }
  void run_until_end_of(Peer& peer) {
    run_until([&peer] {
      peer.read();
      return peer.end_seen();
    });
  }

  Loop loop_;
  std::vector<Owned<Stream>> accepted_;
  std::function<void(Owned<Stream>)> on_accept_ = [this](Owned<Stream> stream) {
    accepted_.push_back(std::move(stream));
  };
  Owned<Listener> listener_;
};

// ---- Where it listens
// ----------------------------------------------------------------------------

TEST_F(ListenerTest, TellsThePortThatTheKernelChose) {
  listen("127.0.0.1:0");
  EXPECT_GT(listener_->address().port(), 0);
  EXPECT_EQ(listener_->address().host(), "127.0.0.1");
}

TEST_F(ListenerTest, ServesIpv4AndIpv6WithoutAHost) {
  listen(":0");
  std::string port = std::to_string(listener_->address().port());
  Peer v4(connect_to(parse_listen_address("127.0.0.1:" + port).value()));
  Peer v6(connect_to(parse_listen_address("[::1]:" + port).value()));
  run_until_accepted(2);
  EXPECT_EQ(accepted_[0]->peer().host(), "127.0.0.1");
  EXPECT_EQ(accepted_[1]->peer().host(), "::1");
}

TEST_F(ListenerTest, SaysWhyItCannotListen) {
  listen("127.0.0.1:0");
  std::string taken = listener_->address().text();
  EXPECT_EQ(fault_of(taken), "cannot listen on " + taken + ": Address already in use");
  std::string port = std::to_string(listener_->address().port());
  EXPECT_EQ(fault_of(":" + port), "cannot listen on [::]:" + port + ": Address already in use");
  EXPECT_EQ(fault_of("192.0.2.1:0"),
            "cannot listen on 192.0.2.1:0: Cannot assign requested address");
}

TEST_F(ListenerTest, TakesAPortAgainThatWasInUseAMomentAgo) {
  listen("127.0.0.1:0");
  auto peer = connect();
  run_until_accepted(1);
  std::string address = listener_->address().text();
  accepted_.clear();  // our end closes first: the kernel keeps the port waiting for a minute
  listener_.reset();
  loop_.drain();
  peer.reset();
  listen(address);
}

// From here on the process has no IPv6.
void forbid_ipv6_sockets() {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{std::size(steps), steps};
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

using ListenerDeathTest = ListenerTest;

TEST_F(ListenerDeathTest, ServesEveryIpv4InterfaceOfAKernelWithoutIpv6) {
  auto try_it = [this] {
    forbid_ipv6_sockets();
    listen(":0");
    CHECK(listener_->address().host() == "0.0.0.0");
    auto peer = connect();
    run_until_accepted(1);
    CHECK(fault_of("[::1]:0") ==
          "cannot listen on [::1]:0: Address family not supported by protocol");
    _exit(accepted_.size() == 1 ? 0 : 1);
  };
  EXPECT_EXIT(try_it(), testing::ExitedWithCode(0), "");
}

// ---- Who gets in
// ---------------------------------------------------------------------------------

TEST_F(ListenerTest, HandsOverAConnection) {
  listen();
  auto peer = connect();
  run_until_accepted(1);
  EXPECT_TRUE(accepted_[0]->write(as_bytes("welcome")));
  EXPECT_EQ(peer->read(), "welcome");
  EXPECT_EQ(listener_->admission().connections(), 1u);
  EXPECT_EQ(listener_->admission().admitted(), 1u);
}

TEST_F(ListenerTest, RefusesWhoFindsNoPlaceAndSaysWhy) {
  listen("127.0.0.1:0", {.connections_max = 2, .per_host_max = 9});
  auto first = connect(), second = connect(), third = connect();
  run_until_end_of(*third);
  EXPECT_EQ(third->read(), kRefusal);
  EXPECT_FALSE(third->reset_seen());
  EXPECT_EQ(accepted_.size(), 2u);
  EXPECT_EQ(listener_->admission().refused(), 1u);
  first->read();
  EXPECT_FALSE(first->end_seen()) << "who is there stays";
}

TEST_F(ListenerTest, RefusesWithItsWholeTextThoughARequestLiesUnread) {
  listen("127.0.0.1:0", {.connections_max = 0, .per_host_max = 9});
  auto peer = connect();
  peer->send("GET / HTTP/1.1\r\n" + std::string(5000, 'x'));
  run_until_end_of(*peer);
  EXPECT_EQ(peer->read(), kRefusal);
  EXPECT_FALSE(peer->reset_seen());
}

TEST_F(ListenerTest, RefusesWhoIsThereTooOften) {
  listen("0.0.0.0:0", {.connections_max = 9, .per_host_max = 1});
  Address server =
      parse_listen_address("127.0.0.1:" + std::to_string(listener_->address().port())).value();
  Peer first(connect_to(server, 0, "127.0.0.2")), again(connect_to(server, 0, "127.0.0.2"));
  Peer other(connect_to(server, 0, "127.0.0.3"));
  run_until_end_of(again);
  EXPECT_EQ(again.read(), kRefusal);
  run_until_accepted(2);
  EXPECT_EQ(accepted_[0]->peer().host(), "127.0.0.2");
  EXPECT_EQ(accepted_[1]->peer().host(), "127.0.0.3");
}

TEST_F(ListenerTest, HasAPlaceAgainOnceSomebodyLeft) {
  listen("127.0.0.1:0", {.connections_max = 1, .per_host_max = 1});
  auto first = connect();
  run_until_accepted(1);
  accepted_.clear();
  auto second = connect();
  run_until_accepted(1);
  second->read();
  EXPECT_FALSE(second->end_seen());
}

TEST_F(ListenerTest, TakesAFloodInPortions) {
  listen();
  std::map<uint64_t, int> in_turn;  // accepted, by the number of callbacks before
  on_accept_ = [&](Owned<Stream> stream) {
    ++in_turn[loop_.stalls().count()];
    accepted_.push_back(std::move(stream));
  };
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 50; ++i) peers.push_back(connect());
  run_until_accepted(50);
  for (auto [turn, count] : in_turn) EXPECT_LE(count, 16);
  EXPECT_GE(in_turn.size(), 4u);
}

TEST_F(ListenerTest, OutlivesAClientThatLeftBeforeItWasAccepted) {
  listen();
  connect()->reset();
  auto peer = connect();
  run_until([&] { return listener_->admission().admitted() >= 1; });
  run_until([&] {
    return std::any_of(accepted_.begin(), accepted_.end(),
                       [&](auto& each) { return each->write(as_bytes("x")) && peer->arrived(); });
  });
}

// ---- No descriptor left
// --------------------------------------------------------------------------

TEST_F(ListenerTest, TurnsClientsAwayWhenNoDescriptorIsLeft) {
  listen();
  auto there = connect();
  run_until_accepted(1);
  auto first = connect(), second = connect();
  {
    DescriptorsLeft none(0);
    run_until_end_of(*first);
    run_until_end_of(*second);
    EXPECT_EQ(listener_->starved(), 2u);
    uint64_t callbacks = loop_.stalls().count();
    int turns = 0;
    run_until([&turns] { return ++turns > 10; });
    EXPECT_LE(loop_.stalls().count() - callbacks, 12u) << "it does not run in circles";
  }
  EXPECT_TRUE(accepted_[0]->write(as_bytes("still here")));
  EXPECT_EQ(there->read(), "still here");
  auto later = connect();
  run_until_accepted(2);
}

TEST_F(ListenerTest, GetsItsReserveBackOnceThereAreDescriptorsAgain) {
  {
    DescriptorsLeft one(1);
    listen();  // takes it, and finds none to keep back
  }
  auto there = connect();
  run_until_accepted(1);
  auto away = connect();
  DescriptorsLeft none(0);
  run_until_end_of(*away);
  EXPECT_EQ(listener_->starved(), 1u);
}

// ---- Its successor
// -------------------------------------------------------------------------------

TEST_F(ListenerTest, IsSucceededByOneThatKnowsItsConnections) {
  listen("127.0.0.1:0", {.connections_max = 2, .per_host_max = 9});
  auto first = connect(), second = connect(), third = connect();
  run_until_end_of(*third);
  listener_ = listener_->open_successor(parse_listen_address("127.0.0.1:0").value()).value();
  EXPECT_EQ(listener_->admission().refused(), 1u);
  EXPECT_EQ(listener_->admission().connections(), 2u);
  auto fourth = connect();
  run_until_end_of(*fourth);
  EXPECT_EQ(fourth->read(), kRefusal);
  accepted_.clear();
  EXPECT_EQ(listener_->admission().connections(), 0u);
  auto fifth = connect();
  run_until_accepted(1);
  EXPECT_TRUE(accepted_[0]->write(as_bytes("welcome")));
  EXPECT_EQ(fifth->read(), "welcome");
}

TEST_F(ListenerTest, IsSucceededOnTheSamePortOfMoreHostsOrFewer) {
  listen("127.0.0.1:0");
  std::string port = std::to_string(listener_->address().port());
  for (std::string host : {"", "127.0.0.1", "0.0.0.0", ""}) {
    auto successor = listener_->open_successor(parse_listen_address(host + ":" + port).value());
    ASSERT_TRUE(successor.ok()) << successor.error().text;
    listener_ = std::move(successor).value();
    accepted_.clear();
    Peer peer(connect_to(parse_listen_address("127.0.0.1:" + port).value()));
    run_until_accepted(1);
    EXPECT_FALSE(fault_of("127.0.0.1:" + port).empty()) << "the port is not for others to share";
  }
}

TEST_F(ListenerTest, StaysWhereThereIsNoSuccessor) {
  listen();
  auto fault = listener_->open_successor(parse_listen_address("192.0.2.1:0").value());
  EXPECT_EQ(fault.error().text, "cannot listen on 192.0.2.1:0: Cannot assign requested address");
  auto peer = connect();
  run_until_accepted(1);
}

TEST_F(ListenerTest, TakesOtherLimitsForWhoComesNext) {
  listen("127.0.0.1:0", {.connections_max = 1, .per_host_max = 9});
  auto first = connect();
  run_until_accepted(1);
  listener_->set_limits({.connections_max = 2, .per_host_max = 9});
  auto second = connect(), third = connect();
  run_until_end_of(*third);
  EXPECT_EQ(accepted_.size(), 2u);
}

// ---- Its end
// -------------------------------------------------------------------------------------

TEST_F(ListenerTest, RefusesConnectionsAtOnceWhenDropped) {
  listen();
  Address address = listener_->address();
  listener_.reset();
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::connect(fd, address.raw(), address.raw_size()), -1);
  EXPECT_EQ(errno, ECONNREFUSED);
  close(fd);
}

TEST_F(ListenerTest, MayBeDroppedWhenItHandsOverAConnection) {
  listen();
  on_accept_ = [this](Owned<Stream> stream) {
    accepted_.push_back(std::move(stream));
    listener_.reset();
  };
  auto first = connect(), second = connect();
  run_until_end_of(*second);
  EXPECT_EQ(accepted_.size(), 1u);
  EXPECT_TRUE(accepted_[0]->write(as_bytes("goes on")));
  EXPECT_EQ(first->read(), "goes on");
}

TEST_F(ListenerTest, MayBeOutlivedByItsConnections) {
  listen("127.0.0.1:0", {.connections_max = 1, .per_host_max = 1});
  auto peer = connect();
  run_until_accepted(1);
  listener_.reset();
  loop_.drain();
  accepted_.clear();
  peer->read();
  EXPECT_TRUE(peer->end_seen());
}

}  // namespace
}  // namespace camloop
