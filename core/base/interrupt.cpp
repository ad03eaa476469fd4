#include "core/base/interrupt.h"

#include <unistd.h>

#include <csignal>

namespace nextframe {

namespace {

// A signal handler can reach nothing but static storage.
volatile std::sig_atomic_t interrupt_count = 0;
struct sigaction previous_int {};
struct sigaction previous_term {};

void handle(int) {
  if (interrupt_count > 0) ::_exit(kInterruptedExitCode);
  interrupt_count = 1;
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
