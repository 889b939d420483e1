#include "base/file_stamp.h"

#include "unit/temp_folder.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

namespace camloop {
namespace {

TEST(FileStamp, StaysWhileTheFileDoes) {
  TempFolder folder;
  std::string path = folder.write("a", "one");
  FileStamp stamp = file_stamp(path).value();
  EXPECT_EQ(stamp, file_stamp(path).value());
  EXPECT_NE(stamp, file_stamp(folder.write("b", "one")).value());
}

TEST(FileStamp, ChangesWithWhatIsWrittenToTheSameFile) {
  TempFolder folder;
  FileStamp stamp = file_stamp(folder.write("a", "one")).value();
  FileStamp longer = file_stamp(folder.append("a", "more")).value();
  EXPECT_NE(stamp, longer);
  EXPECT_TRUE(stamp.same_file(longer));
}

TEST(FileStamp, IsOfAnotherFileOnceOneIsRenamedIntoItsPlace) {
  TempFolder folder;
  FileStamp stamp = file_stamp(folder.write("a", "one")).value();
  EXPECT_FALSE(stamp.same_file(file_stamp(folder.replace("a", "two")).value()));
}

TEST(FileStamp, IsOfWhatALinkLeadsTo) {
  TempFolder folder;
  std::filesystem::create_symlink(folder.write("a", "one"), folder.path_of("link"));
  EXPECT_EQ(file_stamp(folder.path_of("link")).value(), file_stamp(folder.path_of("a")).value());
}

TEST(FileStamp, IsNotThereWithoutAFile) {
  TempFolder folder;
  EXPECT_EQ(file_stamp(folder.path_of("a")).error().code, ENOENT);
}

}  // namespace
}  // namespace camloop
