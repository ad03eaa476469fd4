#include "core/base/interrupt.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <gtest/gtest.h>

namespace nextframe {
namespace {

/// The exit code of a child that sends itself `signals` under a guard and then leaves with 3.
int exit_code_after(std::initializer_list<int> signals) {
  const pid_t child = ::fork();
  if (child == 0) {
    InterruptGuard guard;
    if (guard.interrupted()) ::_exit(4);
    for (const int number : signals) {
      std::raise(number);
      if (!guard.interrupted()) ::_exit(5);
    }
    ::_exit(3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(Interrupt, FirstSignalOnlySetsTheFlag) {
  EXPECT_EQ(exit_code_after({SIGINT}), 3);
  EXPECT_EQ(exit_code_after({SIGTERM}), 3);
}

TEST(Interrupt, SecondSignalLeavesAtOnce) {
  EXPECT_EQ(exit_code_after({SIGINT, SIGINT}), 130);
  EXPECT_EQ(exit_code_after({SIGTERM, SIGINT}), 130);
}

TEST(Interrupt, PreviousHandlersComeBack) {
  const pid_t child = ::fork();
  if (child == 0) {
    { InterruptGuard guard; }
    std::raise(SIGTERM);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

}  // namespace
}  // namespace nextframe
