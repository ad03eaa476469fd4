#pragma once

namespace nextframe {

/// While one of these lives, the first SIGINT or SIGTERM only sets a flag and says so on stderr, so that the work can
/// finish its step and save; the second leaves the process at once with exit code 130. The handlers that were there
/// before come back at the end. Signals belong to the process: only one guard may live at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  bool interrupted() const;
};

/// The exit code of a run that was interrupted and has saved everything.
inline constexpr int kInterruptedExitCode = 130;

}  // namespace nextframe
