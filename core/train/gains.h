#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/train/scores.h"

namespace nextframe {

/// The mean difference of two forecasters' scores and the 95 % interval of a paired bootstrap over sequences, in which
/// sequences that overlap are drawn together. NaN where too few sequences say nothing.
struct Gain {
  double mean = 0;
  double low = 0;
  double high = 0;
  /// Neighbouring sequences that were drawn together; below `whole_block`, which reaches from one sequence to the next
  /// without a common frame, where the recording is too short for four of those: the interval is then too narrow.
  std::int64_t block = 1;
  std::int64_t whole_block = 1;
  std::int64_t sequences = 0;
};

/// In dB, of each sequence's PSNR, itself a mean over the sequence's frames, over that of persistence.
struct PsnrGain : Gain {
  std::int64_t left_out = 0;  ///< sequences without a PSNR: nothing counted, or one of the two was without any error
};

/// Of the CSI of all sequences together, mean over those lead times where both have one.
struct CsiGain : Gain {
  std::string of;  ///< whose, and over whom
  std::string over;
  double threshold = 0;
};

/// Neighbouring sequences to draw together: `block`, the number of those that overlap, or fewer where the sequences would
/// be too few blocks.
std::int64_t shortened_block(std::int64_t sequences, std::int64_t block);

/// From the PSNR of each sequence. `block`: neighbouring sequences that overlap.
PsnrGain psnr_gain(const std::vector<std::optional<double>>& forecast,
                   const std::vector<std::optional<double>>& persistence, std::int64_t block);

/// What a forecaster is remembered by besides its sums: of each sequence, its hits and its events, by threshold and lead
/// time.
class EventHistory {
 public:
  /// Called after each sequence: takes what the sheet's tables have more than at the call before.
  void remember(const ScoreSheet& sheet);

  std::int64_t sequences() const { return tables_.empty() ? 0 : std::ssize(tables_.front().sequences); }
  /// The gain over another forecaster of the same sequences, at each threshold; without names.
  std::vector<CsiGain> gains_over(const EventHistory& other, std::int64_t block) const;

 private:
  /// Hits, and hits + misses + false alarms.
  struct Events {
    std::int64_t hits = 0;
    std::int64_t all = 0;
  };
  struct Table {
    double threshold = 0;
    std::vector<Contingency> before;
    std::vector<std::vector<Events>> sequences;
  };

  static double csi_difference(const Table& table, const Table& other, std::span<const std::int64_t> sequences);

  std::vector<Table> tables_;
};

}  // namespace nextframe
