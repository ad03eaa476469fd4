#include "core/base/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace nextframe {

namespace {

// A signal handler can reach nothing but static storage. Whichever thread the signal comes to, the others ask for it.
std::atomic<int> interrupt_count{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler cannot wait for a lock");
struct sigaction previous_int {};
struct sigaction previous_term {};

void handle(int) {
  if (interrupt_count.exchange(1) > 0) ::_exit(kInterruptedExitCode);
  // A step may take long: whoever pressed Ctrl-C sees at once that it was heard.
  constexpr std::string_view kHeard = "\nstopping after this step; once more leaves at once\n";
  const int before = errno;
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kHeard.data(), kHeard.size());
  errno = before;
}

}  // namespace

InterruptGuard::InterruptGuard() {
  interrupt_count = 0;
  struct sigaction action {};
  action.sa_handler = handle;
  ::sigemptyset(&action.sa_mask);
  // System calls go on after the first signal: a half-written checkpoint is completed, not reported as failed.
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, &previous_int);
  ::sigaction(SIGTERM, &action, &previous_term);
}

InterruptGuard::~InterruptGuard() {
  ::sigaction(SIGINT, &previous_int, nullptr);
  ::sigaction(SIGTERM, &previous_term, nullptr);
}

bool InterruptGuard::interrupted() const { return interrupt_count > 0; }

}  // namespace nextframe
