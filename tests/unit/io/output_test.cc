#include "io/output.h"

#include "base/check.h"
#include "unit/io/stream_ends.h"
#include "unit/sinks/loop_client.h"
#include "unit/temp_folder.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace camloop {
namespace {

class OutputTest : public testing::Test, protected OutputHandler {
 protected:
  OutputTest() { std::signal(SIGPIPE, SIG_IGN); }
  ~OutputTest() override {
    output_.reset();
    leave(ends_.near);
    leave(ends_.far);
    loop_.drain();
  }

  void write_to(Ends ends) {
    output_.reset();
    leave(ends_.near);
    leave(ends_.far);
    ends_ = ends;
    if (ends.far >= 0) CHECK(fcntl(ends.far, F_SETFL, O_NONBLOCK) == 0);
    received_.clear();
    drained_ = 0;
    fault_ = {};
    OutputHandler& handler = *this;
    output_ = std::make_unique<Output>(loop_, ends.near, handler);
  }
  void put(std::string_view text) { output_->put(as_bytes(text)); }
  /// Reads what has come; returns all since the beginning.
  const std::string& take() {
    char piece[16 * 1024];
    ssize_t count = 0;
    while ((count = read(ends_.far, piece, sizeof piece)) > 0) {
      received_.append(piece, static_cast<size_t>(count));
    }
    return received_;
  }
  void run_until(const std::function<bool()>& condition) {
    ASSERT_TRUE(turn_until(loop_, condition)) << "waited in vain";
  }
  /// Some turns of the loop, in which all comes that will come.
  void run_a_while() {
    int turns = 0;
    run_until([&turns] { return ++turns > 10; });
  }

  void on_drained() override { ++drained_; }
  void on_output_failed(const Error& why) override {
    EXPECT_EQ(fault_.text, "") << "it comes once";
    fault_ = why;
  }

  Loop loop_;
  Ends ends_;
  std::unique_ptr<Output> output_;
  std::string received_;
  int drained_ = 0;
  Error fault_;
};

std::string much() {
  std::string text(1'000'000, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7 / 3);
  return text;
}

TEST_F(OutputTest, WritesABatchAtTheEndOfTheTurn) {
  write_to(pipe_to_write());
  put("one ");
  put("batch");
  EXPECT_EQ(take(), "");
  EXPECT_FALSE(output_->empty());
  run_until([this] { return take() == "one batch"; });
  EXPECT_TRUE(output_->empty());
  EXPECT_EQ(drained_, 0) << "it was never full";
}

TEST_F(OutputTest, WritesAtOnceWhatFillsABatch) {
  write_to(pipe_to_write());
  std::string rest(Output::kBatch - 5, 'x');
  put("first");
  put(rest);
  EXPECT_TRUE(take() == "first" + rest);
}

TEST_F(OutputTest, KeepsWhatASlowReaderDoesNotTake) {
  for (auto open : {pipe_to_write, socket_ends, terminal_ends}) {
    write_to(open());
    std::string text = much();
    put(text);
    EXPECT_TRUE(output_->full());
    put("behind");
    run_a_while();
    EXPECT_EQ(drained_, 0);
    run_until([&] { return take().size() == text.size() + 6; });
    EXPECT_TRUE(received_ == text + "behind");
    run_until([&] { return drained_ == 1; });
    EXPECT_FALSE(output_->full());
    EXPECT_TRUE(output_->empty());
    put("!");
    run_until([&] { return take().ends_with("behind!"); });
    EXPECT_TRUE(is_blocking(ends_.near)) << "it is shared with others";
  }
}

// A pipe's end that cannot be opened again: the reader's, for writing, without a reader.
TEST_F(OutputTest, WritesPiecesWhereItHasNoDescriptionOfItsOwn) {
  TempFolder folder;
  std::string path = folder.path_of("fifo");
  CHECK(mkfifo(path.c_str(), 0600) == 0);
  int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  int writer = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  close(reader);
  write_to({writer});
  ends_.far = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  std::string text = much();
  put(text);
  run_until([&] { return take().size() == text.size(); });
  EXPECT_TRUE(received_ == text);
}

TEST_F(OutputTest, WritesAFileAtItsPlace) {
  TempFolder folder;
  std::string path = folder.write("output", "before ");
  write_to({open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC)});
  std::string text = much();
  put(text);
  EXPECT_FALSE(output_->full());
  std::string written(7 + text.size() + 1, '\0');
  EXPECT_EQ(pread(ends_.near, written.data(), written.size(), 0), 7 + text.size());
  written.pop_back();
  EXPECT_TRUE(written == "before " + text);
}

TEST_F(OutputTest, TellsThatNobodyReads) {
  for (auto open : {pipe_to_write, socket_ends}) {
    write_to(open());
    leave(ends_.far);
    put(much());
    EXPECT_EQ(fault_.code, 0) << "never inside a call that its owner made";
    run_until([this] { return fault_.code == EPIPE; });
    put("into the void");
    run_a_while();
    EXPECT_TRUE(output_->empty());
  }
}

TEST_F(OutputTest, TellsThatAReaderLeft) {
  write_to(pipe_to_write());
  put(much());
  EXPECT_TRUE(output_->full());
  leave(ends_.far);
  run_until([this] { return fault_.code == EPIPE; });
  EXPECT_EQ(drained_, 0);
}

TEST_F(OutputTest, TellsWhyItCannotBeWritten) {
  write_to({open("/dev/full", O_WRONLY | O_CLOEXEC)});
  put("x");
  run_until([this] { return fault_.code == ENOSPC; });
  EXPECT_EQ(fault_.text, "writing the output: No space left on device");
}

}  // namespace
}  // namespace camloop
