#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/stderr_log.h"
#include "tests/core/base/temporary_folder.h"

namespace nextframe {
namespace {

TEST(StderrLog, WritesToStderrOnlyAndWithoutColourWhenPiped) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  {
    StderrLog log;
    log.info("step {}", 3);
    log.warning("slow");
    log.debug("hidden");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "step 3\nwarning: slow\n");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(StderrLog, FileTakesEveryMessageAndIsAppendedTo) {
  test::TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "log.txt";
  testing::internal::CaptureStderr();
  for (int run = 0; run < 2; ++run) {
    StderrLog log(LogLevel::kError);
    log.add_file(path);
    log.debug("run {}", run);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  std::ifstream stream(path);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  EXPECT_NE(text.find(" run 0\n"), std::string::npos);
  EXPECT_NE(text.find(" run 1\n"), std::string::npos);
}

TEST(StderrLog, RejectsAFileThatCannotBeOpened) {
  test::TemporaryFolder folder;
  StderrLog log;
  EXPECT_THROW(log.add_file(folder.path()), Error);
}

}  // namespace
}  // namespace nextframe
