#include "base/text_file.h"

#include "unit/temp_folder.h"

#include <gtest/gtest.h>

#include <cerrno>

#include <sys/stat.h>

namespace camloop {
namespace {

TEST(TextFile, IsThatOfTheFile) {
  TempFolder folder;
  EXPECT_EQ(read_text_file(folder.write("a", "A=1\nB=2")).value(), "A=1\nB=2");
  EXPECT_EQ(read_text_file(folder.write("a", "")).value(), "");
  std::string largest(64 * 1024, '#');
  EXPECT_EQ(read_text_file(folder.write("a", largest)).value(), largest);
}

TEST(TextFile, CannotBeReadFromEverything) {
  TempFolder folder;
  auto fault = [&folder](const std::string& name) {
    auto text = read_text_file(folder.path_of(name));
    return text.ok() ? "" : text.error().text.substr(folder.path().size());
  };
  EXPECT_EQ(fault("a"), "/a: No such file or directory");
  EXPECT_EQ(read_text_file(folder.path_of("a")).error().code, ENOENT);
  EXPECT_EQ(fault(""), "/: Is a directory");
  folder.write("large", std::string(64 * 1024 + 1, '#'));
  EXPECT_EQ(fault("large"), "/large: larger than 64 KiB");
}

TEST(TextFile, IsNotWaitedFor) {
  TempFolder folder;
  ASSERT_EQ(mkfifo(folder.path_of("fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_text_file(folder.path_of("fifo")).value(), "");
}

}  // namespace
}  // namespace camloop
