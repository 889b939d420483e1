#include "io/input.h"

#include "unit/io/stream_ends.h"
#include "unit/sinks/loop_client.h"
#include "unit/temp_folder.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace camloop {
namespace {

class InputTest : public testing::Test {
 protected:
  ~InputTest() override {
    input_.reset();
    leave(ends_.near);
    leave(ends_.far);
    loop_.drain();
  }

  void file(const std::string& path) { read_from({open(path.c_str(), O_RDONLY | O_CLOEXEC)}); }
  void read_from(Ends ends) {
    input_.reset();
    leave(ends_.near);
    leave(ends_.far);
    ends_ = ends;
    received_.clear();
    calls_ = 0;
    ended_ = false;
    input_.emplace(loop_, ends.near, [this] { on_ready(); });
    input_->resume();
  }
  void on_ready() {
    ++calls_;
    uint8_t buffer[1000];
    auto got = input_->read(buffer);
    if (!got.ok()) fault_ = got.error().text;
    if (got.ok()) received_.append(as_text(Bytes(buffer, got.value().size)));
    ended_ = !got.ok() || got.value().end;
    if (ended_ || pauses_) input_->pause();
  }
  void put(std::string_view text) {
    ASSERT_EQ(write(ends_.far, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void run_until(const std::function<bool()>& condition) {
    ASSERT_TRUE(turn_until(loop_, condition)) << "waited in vain";
  }
  /// Some turns of the loop, in which all comes that will come.
  void run_a_while() {
    int turns = 0;
    run_until([&turns] { return ++turns > 10; });
  }

  Loop loop_;
  Ends ends_;
  std::optional<Input> input_;
  bool pauses_ = false;  // after each read
  std::string received_;
  std::string fault_;
  int calls_ = 0;
  bool ended_ = false;
};

TEST_F(InputTest, ReadsWhatComesToItsEnd) {
  for (auto open : {pipe_to_read, socket_ends}) {
    read_from(open());
    put("first");
    run_until([this] { return received_ == "first"; });
    run_a_while();
    EXPECT_EQ(calls_, 1) << "nothing was there";
    put(std::string(5000, 'x'));
    leave(ends_.far);
    run_until([this] { return ended_; });
    EXPECT_EQ(received_, "first" + std::string(5000, 'x'));
  }
}

TEST_F(InputTest, ReadsATerminal) {
  read_from(terminal_ends());
  run_a_while();
  EXPECT_EQ(calls_, 0);
  put("typed");
  run_until([this] { return received_ == "typed"; });
}

TEST_F(InputTest, ReadsAFileInPieces) {
  TempFolder folder;
  std::string text(3500, 'x');
  file(folder.write("input", text));
  run_until([this] { return ended_; });
  EXPECT_EQ(received_, text);
  EXPECT_EQ(calls_, 5);
  run_a_while();
  EXPECT_EQ(calls_, 5);
}

TEST_F(InputTest, FindsTheNullDeviceEmpty) {
  file("/dev/null");
  run_until([this] { return ended_; });
  EXPECT_EQ(received_, "");
  EXPECT_EQ(fault_, "");
}

TEST_F(InputTest, LeavesWhatComesWhilePaused) {
  pauses_ = true;
  read_from(pipe_to_read());
  put("first");
  run_until([this] { return received_ == "first"; });
  put("second");
  run_a_while();
  EXPECT_EQ(received_, "first");
  input_->resume();
  run_until([this] { return received_ == "firstsecond"; });
}

TEST_F(InputTest, LeavesAFileWhilePaused) {
  pauses_ = true;
  TempFolder folder;
  file(folder.write("input", std::string(3500, 'x')));
  run_a_while();
  EXPECT_EQ(calls_, 1);
  input_->resume();
  run_a_while();
  EXPECT_EQ(calls_, 2);
}

TEST_F(InputTest, LeavesTheDescriptorBlocking) {
  for (auto open : {pipe_to_read, socket_ends, terminal_ends}) {
    read_from(open());
    EXPECT_TRUE(is_blocking(ends_.near));
    put("x");
    run_until([this] { return received_ == "x"; });
    EXPECT_TRUE(is_blocking(ends_.near));
  }
}

TEST_F(InputTest, TellsWhyItCannotBeRead) {
  file("/");
  run_until([this] { return ended_; });
  EXPECT_EQ(fault_, "reading the input: Is a directory");
  read_from({});
  run_until([this] { return ended_; });
  EXPECT_EQ(fault_, "reading the input: Bad file descriptor");
}

}  // namespace
}  // namespace camloop
