#include "base/log.h"

#include "base/check.h"
#include "base/clock.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace camloop {
namespace {

// What `talk` writes to stderr. It talks in a process of its own: the log is one for all, and so is
// its flood gate.
std::string logged(LogLevel level, const std::function<void()>& talk) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    log_open(LogTarget::kStderr, level);
    talk();
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char piece[4096];
  for (ssize_t count; (count = read(ends[0], piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<size_t>(count));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return text;
}

TEST(Log, WritesALineAnEventWithItsLevel) {
  std::string text = logged(LogLevel::kDebug, [] {
    log_error("camera %s is gone", "/dev/video0");
    log_warning("slow");
    log_info("%d clients", 3);
    log_debug("GET /");
  });
  EXPECT_EQ(text,
            "camloop: error: camera /dev/video0 is gone\n"
            "camloop: warning: slow\n"
            "camloop: info: 3 clients\n"
            "camloop: debug: GET /\n");
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  auto talk = [] {
    log_error("error");
    log_warning("warning");
    log_info("info");
    log_debug("debug");
  };
  EXPECT_EQ(logged(LogLevel::kError, talk), "camloop: error: error\n");
  EXPECT_EQ(logged(LogLevel::kInfo, talk),
            "camloop: error: error\ncamloop: warning: warning\ncamloop: info: info\n");
}

TEST(Log, ShowsControlCharactersAsQuestionMarks) {
  auto line = [](const char* text) {
    return logged(LogLevel::kInfo, [text] { log_info("[%s]", text); });
  };
  EXPECT_EQ(line("a\nb\r\tc\x1b[2J\x7f"), "camloop: info: [a?b??c?[2J?]\n");
  EXPECT_EQ(line("Käse 📷"), "camloop: info: [Käse 📷]\n");
  // U+009B begins a terminal's command as ESC [ does; U+00A0 and U+00DB are characters like any.
  EXPECT_EQ(line("\xc2\x9b"
                 "2J \xc2\x80\xc2\x9f"),
            "camloop: info: [??2J ????]\n");
  EXPECT_EQ(line("\xc2\xa0\xc3\x9b"), "camloop: info: [\xc2\xa0\xc3\x9b]\n");
}

TEST(Log, CutsALineThatIsTooLong) {
  std::string text = logged(LogLevel::kInfo, [] {
    log_warning("%s", std::string(5000, 'x').c_str());
    log_info("next");
  });
  EXPECT_EQ(text, "camloop: warning: " + std::string(1023, 'x') + "\ncamloop: info: next\n");
}

TEST(Log, CutsAFloodAndSaysHowMuchWasLeftOut) {
  constexpr size_t kLines = 500;
  std::string text = logged(LogLevel::kInfo, [] {
    for (size_t i = 0; i < kLines; ++i) log_info("line");
    log_error("the end");
  });
  size_t shown = 0;
  std::string_view rest = text;
  constexpr std::string_view kLine = "camloop: info: line\n";
  for (; rest.starts_with(kLine); rest.remove_prefix(kLine.size())) ++shown;
  EXPECT_GE(shown, 60u);
  EXPECT_LT(shown, kLines / 2);
  EXPECT_EQ(rest, "camloop: warning: " + std::to_string(kLines - shown) +
                      " lines left out, they came too fast\ncamloop: error: the end\n");
}

TEST(Log, PassesErrorsInAnyFlood) {
  std::string text = logged(LogLevel::kError, [] {
    for (int i = 0; i < 200; ++i) log_error("x");
  });
  EXPECT_EQ(text.size(), 200 * std::string_view("camloop: error: x\n").size());
}

// Logs to `writer` as stderr until that is full, and tells what comes once `reader` is read.
void overfill(int writer, int reader) {
  alarm(20);
  int parent = dup(STDERR_FILENO);
  dup2(writer, STDERR_FILENO);
  log_open(LogTarget::kStderr, LogLevel::kError);
  for (int i = 0; i < 1000; ++i) log_error("%s", std::string(1000, 'x').c_str());
  std::string text;
  while (text.find("again") == std::string::npos) {
    char piece[1 << 16];
    ssize_t count = read(reader, piece, sizeof piece);
    CHECK(count > 0);
    text.append(piece, static_cast<size_t>(count));
    log_error("again");
  }
  text.erase(0, text.rfind('x'));
  CHECK(write(parent, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

const std::string kLost = " lines lost, nobody took them";

TEST(Log, IsNotHeldByAPipeThatNobodyReads) {
  std::string text = logged(LogLevel::kError, [] {
    int ends[2];
    CHECK(pipe(ends) == 0);
    overfill(ends[1], ends[0]);
  });
  EXPECT_NE(text.find(kLost), std::string::npos) << text;
}

TEST(Log, IsNotHeldByATerminalThatNobodyReads) {
  std::string text = logged(LogLevel::kError, [] {
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    overfill(open(ptsname(terminal), O_WRONLY | O_NOCTTY), terminal);
  });
  EXPECT_NE(text.find(kLost), std::string::npos) << text;
}

TEST(LogGate, PassesABurstAndThenNothing) {
  LogGate gate(3, 10);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(gate.pass(kSecond_us));
  EXPECT_FALSE(gate.pass(kSecond_us));
  EXPECT_FALSE(gate.pass(kSecond_us + 99'000));
  EXPECT_EQ(gate.take_held_back(), 2u);
  EXPECT_EQ(gate.take_held_back(), 0u);
}

TEST(LogGate, RefillsWithTime) {
  LogGate gate(3, 10);
  int64_t now_us = kSecond_us;
  while (gate.pass(now_us)) {
  }
  EXPECT_TRUE(gate.pass(now_us += 101'000));
  EXPECT_FALSE(gate.pass(now_us));
  // What is refused in between takes nothing from the refill.
  int passed = 0;
  for (int i = 0; i < 100; ++i) passed += gate.pass(now_us += 1010);
  EXPECT_EQ(passed, 1);
}

TEST(LogGate, LetsAsManyPassEachSecondAsItIsTold) {
  LogGate gate(1, 10);
  int passed = 0;
  for (int64_t now_us = kSecond_us; now_us < 11 * kSecond_us; now_us += 1000) {
    if (gate.pass(now_us)) ++passed;
  }
  EXPECT_GE(passed, 99);
  EXPECT_LE(passed, 101);
}

TEST(LogGate, NeverSavesMoreThanABurst) {
  LogGate gate(3, 10);
  int passed = 0;
  while (gate.pass(3600 * kSecond_us)) ++passed;
  EXPECT_EQ(passed, 3);
}

}  // namespace
}  // namespace camloop
