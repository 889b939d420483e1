#include "config/defaults_file.h"

#include "unit/temp_folder.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>

#include <sys/stat.h>

namespace camloop {
namespace {

using Values = std::map<std::string, std::string>;
using Faults = std::vector<std::string>;

DefaultsReading reading_of(std::string_view text) {
  return parse_defaults(text, "F");
}

std::string fault_of(const std::string& line) {
  DefaultsReading reading = reading_of(line + "\n");
  EXPECT_EQ(reading.values, Values{}) << line;
  EXPECT_EQ(reading.faults.size(), 1u) << line;
  return reading.faults.empty() ? "" : reading.faults[0];
}

// Every way to write a value that is taken.
constexpr const char* kTaken[] = {
    "A=",
    "A=b",
    "A=b ",
    "A=b\t# c",
    "A=b#c",
    "A=#c",
    "A= # c",
    "A=b=c",
    "A=''",
    "A=\"\"",
    "A='b c'",
    "A='b # c'",
    "A='$(b) `c` \\ \" ~'",
    "A=b'c d'e",
    "A=\"b 'c' d\"",
    "A='it'\\''s'",
    "A=\"b\\\"c\"",
    "A=\"b\\$c\\`\"",
    "A=\"b\\\\c\"",
    "A=\"b\\c\"",
    "A=\"b;c|d&(e)<f>\"",
    "A=b\\ c",
    "A=\\$b",
    "A=\\\\",
    "A=\\\"b",
    "A=\\#b",
    "A=*?[b]{c,d}!",
    "A=%Y-%m-%d,b:c/d@e+f^",
    "A=\xc3\xa4",
    "A='\t'",
    "\t A=b",
    "export A=b",
    "  export\t A='b c'  # d",
    "exportA=b",
    "export=b",
    "A=b\nA=c",
    "A=b\n\n# d\nA_1=c\n",
    "a1=b",
    "_=b",
    "A='#'\n#A=b\n",
    "A=b\n  #",
};

TEST(DefaultsFile, TakesWhatAShellTakes) {
  TempFolder folder;
  for (const char* text : kTaken) {
    DefaultsReading reading = reading_of(text);
    EXPECT_EQ(reading.faults, Faults{}) << text;
    EXPECT_FALSE(reading.values.empty()) << text;
    std::string file = folder.write("defaults", text);
    for (const auto& [name, value] : reading.values) {
      if (name == "_") continue;  // the shell's own
      std::string command =
          "env -i sh -c 'set -a; . " + file + "; printf %s_ \"$" + name + "\"' 2>&1";
      FILE* shell = popen(command.c_str(), "r");
      char sourced[200];
      size_t size = std::fread(sourced, 1, sizeof sourced, shell);
      EXPECT_EQ(pclose(shell), 0) << text;
      EXPECT_EQ(value + "_", std::string(sourced, size)) << text;
    }
  }
}

TEST(DefaultsFile, TakesTheLastOfTwoValues) {
  EXPECT_EQ(reading_of("A=1\nB=2\nA=3\n").values, (Values{{"A", "3"}, {"B", "2"}}));
}

TEST(DefaultsFile, IsEmptyWithoutALineThatCounts) {
  for (const char* text : {"", "\n", "\n\n \t\n", "# A=1", "#\n#"}) {
    EXPECT_EQ(reading_of(text).values, Values{}) << text;
    EXPECT_EQ(reading_of(text).faults, Faults{}) << text;
  }
}

TEST(DefaultsFile, SaysWhatIsNoSetting) {
  for (const char* line : {"A", "=b", "A =b", "1A=b", "A-B=c", "A+=b", "export", "export A",
                           "A.B=c", ". /etc/rc.conf", "if true; then", "unset A", "'A'=b",
                           "\xef\xbb\xbf"
                           "A=b"}) {
    EXPECT_EQ(fault_of(line), "F:1: this is not NAME=VALUE") << line;
  }
}

TEST(DefaultsFile, SaysWhatOnlyAShellCouldDo) {
  for (const char* line : {"A=$B", "A=${B}", "A=$(b)", "A=\"$B\"", "A=b$"}) {
    EXPECT_EQ(fault_of(line), "F:1: '$' means something to a shell: put it between single quotes");
  }
  for (const char* line : {"A=`b`", "A=\"`b`\"", "A=~", "A=b:~/c", "A=b;C=d", "A=b&", "A=b|c",
                           "A=<b", "A=>b", "A=(b c)"}) {
    EXPECT_NE(fault_of(line).find("' means something to a shell"), std::string::npos) << line;
  }
}

TEST(DefaultsFile, SaysWhatIsLeftOpen) {
  EXPECT_EQ(fault_of("A='b"), "F:1: a ' has no partner on its line");
  EXPECT_EQ(fault_of("A=b'c'd'"), "F:1: a ' has no partner on its line");
  EXPECT_EQ(fault_of("A=\"b"), "F:1: a \" has no partner on its line");
  EXPECT_EQ(fault_of("A=\"b\\\""), "F:1: a \" has no partner on its line");
  EXPECT_EQ(fault_of("A=b\\"), "F:1: nothing follows the last \\");
}

TEST(DefaultsFile, SaysWhatLacksQuotes) {
  for (const char* line : {"A=b c", "A= b", "A='b' c", "export A=b C=d", "A=%H:%M now # c"}) {
    EXPECT_EQ(fault_of(line),
              "F:1: something follows the value: put a value with blanks in quotes");
  }
}

TEST(DefaultsFile, SaysWhatIsNoPlainText) {
  for (std::string line : {"A=b\r", "# b\r", "A=\x1b[2J", "A=b\x7f", "A='b\vc'"}) {
    EXPECT_NE(fault_of(line).find("a control character"), std::string::npos);
  }
  EXPECT_NE(fault_of(std::string("A=b\0c", 5)).find("a control character"), std::string::npos);
}

TEST(DefaultsFile, SaysWhereEachFaultIsAndGoesOnBehindIt) {
  DefaultsReading reading = reading_of("# 1\nA=1\nB\n\nC=3\nD='");
  EXPECT_EQ(reading.values, (Values{{"A", "1"}, {"C", "3"}}));
  EXPECT_EQ(reading.faults,
            (Faults{"F:3: this is not NAME=VALUE", "F:6: a ' has no partner on its line"}));
}

TEST(DefaultsFile, EndsItsFaultsWhereItIsSomethingElseAltogether) {
  std::string binary;
  for (int i = 0; i < 1000; ++i) binary += "\x7f\n";
  EXPECT_EQ(reading_of(binary).faults.size(), 10u);
}

}  // namespace
}  // namespace camloop
