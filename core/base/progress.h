#pragma once

#include <cstdint>
#include <string>

#include "core/base/clock.h"

namespace nextframe {

/// How far a long piece of work has come, on stderr: on a terminal one line that is drawn again and again (bar, rate,
/// time left, detail), otherwise a plain line now and then. Not for use from several threads.
class Progress {
 public:
  enum class Display { kAutomatic, kDrawn, kPlain, kSilent };

  struct Options {
    std::string label = {};     ///< "train"
    std::string unit = "step";  ///< what is counted; the rate is in units a second
    std::int64_t total = 0;     ///< 0: not known, then no bar and no time left
    std::int64_t start = 0;     ///< work already done before, which the rate leaves out (a resumed run)
    double plain_interval_seconds = 10;
    Display display = Display::kAutomatic;
  };

  explicit Progress(Options options);
  /// Finishes.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `detail` is free text such as "loss 0.0123, lr 0.001, 61 frames/s". Cheap to call often: it draws ten times a
  /// second.
  void update(std::int64_t done, const std::string& detail);
  /// Shows the last state whatever the time since the last line; nothing more is shown after that.
  void finish();

  /// Units a second since the start, 0 at the start.
  double rate() const;
  /// Seconds left at the present rate; negative where it is not known.
  double seconds_left() const;
  /// The line without control characters: "train 120/2000 [##        ] 6% 3.1 step/s, 10 min 06 s left, loss 0.02".
  std::string line(int columns) const;

 private:
  void show();

  Options options_;
  Stopwatch watch_;
  std::int64_t done_;
  std::string detail_;
  double last_shown_ = -1;
  bool pending_ = false;
  bool drawn_ = false;
};

}  // namespace nextframe
