#include "core/base/file_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <memory>

#include "core/base/error.h"
#include "tests/core/base/temporary_folder.h"

namespace nextframe {
namespace {

TEST(FileLock, KeepsASecondOneOutUntilItEnds) {
  const test::TemporaryFolder folder;
  auto first = std::make_unique<FileLock>(folder.path() / "lock");
  EXPECT_TRUE(first->held());
  EXPECT_FALSE(FileLock(folder.path() / "lock").held());
  // Reading or writing the file meanwhile, and closing it, changes nothing.
  std::ofstream(folder.path() / "lock") << "text";
  EXPECT_FALSE(FileLock(folder.path() / "lock").held());
  first.reset();
  EXPECT_TRUE(FileLock(folder.path() / "lock").held());
}

TEST(FileLock, EndsWithAKilledProcess) {
  const test::TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock lock(folder.path() / "lock");
    const char held = lock.held() ? 'y' : 'n';
    if (::write(ready[1], &held, 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  char held = 0;
  ASSERT_EQ(::read(ready[0], &held, 1), 1);
  EXPECT_EQ(held, 'y');
  EXPECT_FALSE(FileLock(folder.path() / "lock").held());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(FileLock(folder.path() / "lock").held());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(FileLock, RejectsAPlaceThatDoesNotExist) {
  const test::TemporaryFolder folder;
  EXPECT_THROW(FileLock(folder.path() / "none/lock"), Error);
}

}  // namespace
}  // namespace nextframe
