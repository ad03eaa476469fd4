#include "core/base/atomic_file.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/core/base/temporary_folder.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::size_t file_count(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(AtomicFile, ReplacesOnlyOnCommit) {
  test::TemporaryFolder folder;
  const fs::path path = folder.path() / "a.txt";
  write_file_atomically(path, "old");
  {
    AtomicFile file(path);
    file.write("new");
    EXPECT_EQ(contents(path), "old");
    EXPECT_EQ(file.temporary().extension(), ".txt");
    file.commit();
  }
  EXPECT_EQ(contents(path), "new");
  EXPECT_EQ(file_count(folder.path()), 1u);
}

TEST(AtomicFile, WithoutCommitNothingIsLeft) {
  test::TemporaryFolder folder;
  { AtomicFile(folder.path() / "a.txt").write("half"); }
  EXPECT_EQ(file_count(folder.path()), 0u);
}

TEST(AtomicFile, KeepsPermissionsAndWritesThroughLinks) {
  test::TemporaryFolder folder;
  const fs::path path = folder.path() / "a.txt";
  write_file_atomically(path, "old");
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
  fs::create_symlink("a.txt", folder.path() / "link.txt");
  write_file_atomically(folder.path() / "link.txt", "new");
  EXPECT_EQ(contents(path), "new");
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link.txt"));
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
}

TEST(AtomicFile, RejectsFoldersAndMissingParents) {
  test::TemporaryFolder folder;
  for (const fs::path& path : {folder.path(), folder.path() / "absent" / "a.txt"}) {
    try {
      AtomicFile file(path);
      ADD_FAILURE() << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kRequest);
    }
  }
}

TEST(AtomicFile, FullDeviceIsSaid) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  AtomicFile file("/dev/full");
  EXPECT_THROW(file.write("x"), Error);
}

// A limit on the file size stands in for a full disk: the write fails halfway through a file that has an old version.
TEST(AtomicFile, OldFileSurvivesAFailedWrite) {
  test::TemporaryFolder folder;
  const fs::path path = folder.path() / "a.bin";
  write_file_atomically(path, "old");
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file_atomically(path, std::string(100000, 'x'));
    } catch (const Error& error) {
      ::_exit(error.kind() == ErrorKind::kFailure ? 7 : 8);
    }
    ::_exit(9);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(contents(path), "old");
  EXPECT_EQ(file_count(folder.path()), 1u);
}

TEST(AtomicFile, LeftoversOfAKilledProcessGoAndThoseInUseStay) {
  test::TemporaryFolder folder;
  const fs::path path = folder.path() / "a.bin";
  const pid_t child = ::fork();
  if (child == 0) {
    AtomicFile file(path);
    file.write("half");
    std::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(file_count(folder.path()), 1u);
  AtomicFile first(path);
  EXPECT_EQ(file_count(folder.path()), 1u);
  AtomicFile second(path);
  EXPECT_EQ(file_count(folder.path()), 2u);
  second.write("second");
  second.commit();
  first.write("first");
  first.commit();
  EXPECT_EQ(contents(path), "first");
  EXPECT_EQ(file_count(folder.path()), 1u);
}

TEST(AtomicFile, LeftoversOfAFolderGoWhateverTheirDestination) {
  test::TemporaryFolder folder;
  const AtomicFile alive(folder.path() / "alive.bin");
  const std::string mine = ".a.partial-1-0.bin";
  for (const std::string& name : {mine, std::string(".a.partial-1-0.txt"), std::string("b.bin")}) {
    std::ofstream(folder.path() / name) << "half";
  }
  remove_leftovers(folder.path(), ".bin");
  EXPECT_FALSE(fs::exists(folder.path() / mine));
  EXPECT_TRUE(fs::exists(alive.temporary()));
  EXPECT_EQ(file_count(folder.path()), 3u);
}

// Between its making and its marking as in use, a file looks like a leftover.
TEST(AtomicFile, AFileJustMadeIsNotLostToAnotherThatClearsUp) {
  test::TemporaryFolder folder;
  std::atomic<bool> done = false;
  std::thread sweeper([&] {
    while (!done) remove_leftovers(folder.path(), ".bin");
  });
  int lost = 0;
  for (int i = 0; i < 20000; ++i) {
    const AtomicFile file(folder.path() / "a.bin", Leftovers::kIgnore);
    if (!fs::exists(file.temporary())) ++lost;
  }
  done = true;
  sweeper.join();
  EXPECT_EQ(lost, 0);
}

}  // namespace
}  // namespace nextframe
