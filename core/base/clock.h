#pragma once

#include <chrono>
#include <string>

namespace nextframe {

/// Measures elapsed seconds on the monotonic clock, from construction or the last restart.
class Stopwatch {
 public:
  Stopwatch() : start_(Clock::now()) {}

  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  void restart() { start_ = Clock::now(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_;
};

/// The time of day in UTC, "2026-03-01T12:00:05Z".
std::string utc_timestamp();

}  // namespace nextframe
