#include "base/board_id.h"

#include "unit/temp_folder.h"

#include <gtest/gtest.h>

#include <unistd.h>

namespace camloop {
namespace {

const std::string kMachineId = "0123456789abcdef0123456789abcdef";

class BoardId : public ::testing::Test {
 protected:
  BoardFiles files() const { return {folder_.path_of("machine-id"), folder_.path_of("net")}; }

  void add_interface(const std::string& name, const std::string& address) const {
    std::filesystem::create_directories(folder_.path_of("net/" + name));
    folder_.write("net/" + name + "/address", address + "\n");
  }

  TempFolder folder_;
};

std::string host_name() {
  char name[300] = {};
  EXPECT_EQ(gethostname(name, sizeof name), 0);
  return name;
}

// Of draft-eastlake-fnv's test values cbf29ce484222325, af63dc4c8601ec8c and 85944171f73967e8 the
// halves, exclusive-or'ed.
TEST_F(BoardId, IsMadeByAHashThatEverybodyComputesAlike) {
  EXPECT_EQ(id_digits(""), "4fd0bfc1");
  EXPECT_EQ(id_digits("a"), "296230c0");
  EXPECT_EQ(id_digits("foobar"), "72ad2699");
}

TEST_F(BoardId, IsOfTheMachineIdWhereThereIsOne) {
  folder_.write("machine-id", kMachineId + "\n");
  add_interface("eth0", "00:11:22:33:44:55");
  EXPECT_EQ(board_id(files()), id_digits(kMachineId));
}

TEST_F(BoardId, IsNotOfAMachineIdThatIsYetToBe) {
  add_interface("eth0", "00:11:22:33:44:55");
  for (const char* text : {"", "\n", "uninitialized\n", "0123456789ABCDEF0123456789abcdef\n"}) {
    folder_.write("machine-id", text);
    EXPECT_EQ(board_id(files()), id_digits("00:11:22:33:44:55")) << text;
  }
}

TEST_F(BoardId, IsOfTheFirstInterfaceWithAnAddressOfItsMaker) {
  add_interface("lo", "00:00:00:00:00:00");
  add_interface("a-tunnel", "c0:00:02:01");
  add_interface("wlan0", "00:11:22:33:44:02");
  EXPECT_EQ(board_id(files()), id_digits("00:11:22:33:44:02"));
  add_interface("eth0", "00:11:22:33:44:01");
  EXPECT_EQ(board_id(files()), id_digits("00:11:22:33:44:01"));
  add_interface("docker0", "02:42:00:11:22:33");
  EXPECT_EQ(board_id(files()), id_digits("00:11:22:33:44:01"));
}

TEST_F(BoardId, IsOfAMadeUpAddressWhereThereIsNoOther) {
  add_interface("eth0", "52:54:00:12:34:56");
  EXPECT_EQ(board_id(files()), id_digits("52:54:00:12:34:56"));
}

TEST_F(BoardId, IsOfTheHostNameWhereNothingElseIs) {
  EXPECT_EQ(board_id(files()), id_digits(host_name()));
  add_interface("lo", "00:00:00:00:00:00");
  EXPECT_EQ(board_id(files()), id_digits(host_name()));
}

}  // namespace
}  // namespace camloop
