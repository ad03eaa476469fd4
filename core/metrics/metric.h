#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/metrics/sums.h"

namespace nextframe {

/// A forecast frame and the true one, [H,W,C], both on the same scale.
struct FramePair {
  const float* forecast = nullptr;
  const float* truth = nullptr;
  const float* mask = nullptr;  ///< [H,W], a pixel counts where it is not 0; null = all count
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 1;
};

/// One score with what it is made of.
struct Score {
  std::optional<double> value;  ///< missing where nothing could be counted
  std::int64_t frames = 0;      ///< frames that count
  std::int64_t left_out = 0;    ///< frames that do not: without a valid pixel, too small for the window, or infinite
};

/// The mean over those lead times that have a score; frames and left_out are sums over all.
Score mean_over_lead_times(std::span<const Score> scores);

/// Collects a score over frames, apart for each lead time, in double precision. Memory does not grow with the frames.
class Metric {
 public:
  /// `used`: how many of Sums' values the score is made of.
  Metric(std::int64_t horizon, std::size_t used) : sums_(horizon, used) {}
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;
  virtual ~Metric() = default;

  /// `lead` counts from 0, the first forecast frame, to the horizon - 1.
  void add(std::int64_t lead, const FramePair& pair) { sums_.add(lead, measure(lead, pair)); }
  /// One score a lead time.
  std::vector<Score> per_lead() const;
  Score overall() const { return mean_over_lead_times(per_lead()); }

  /// The score of such sums.
  virtual Score score_of(const Sums& sums) const = 0;
  /// Whether it is the first of Sums' values over the second, so that with equal weights the score of several sequences is
  /// the mean of theirs.
  virtual bool is_mean() const { return false; }
  /// For resampling.
  LeadTimeSums& sums() { return sums_; }
  const LeadTimeSums& sums() const { return sums_; }

 private:
  /// What one frame adds.
  virtual Sums measure(std::int64_t lead, const FramePair& pair) = 0;

  LeadTimeSums sums_;
};

/// A sum over a weight: Sums' first and second value.
class MeanMetric : public Metric {
 public:
  explicit MeanMetric(std::int64_t horizon) : Metric(horizon, 2) {}

  /// Missing where the weight is 0.
  Score score_of(const Sums& sums) const override;
  bool is_mean() const override { return true; }

 protected:
  static Sums counted(double sum, double weight) { return {.values = {sum, weight}, .frames = 1}; }
  static Sums left_out() { return {.left_out = 1}; }
};

/// Forecast and truth of several sequences, [L,N,H,W,C]; mask [L,N,H,W,1] or null.
struct ForecastBatch {
  const float* forecast = nullptr;
  const float* truth = nullptr;
  const float* mask = nullptr;
  std::int64_t horizon = 0;
  std::int64_t sequences = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 1;

  FramePair frame(std::int64_t lead, std::int64_t sequence) const;
};

/// All lead times of one sequence, or of all of them.
void add_sequence(Metric& metric, const ForecastBatch& batch, std::int64_t sequence);
void add_batch(Metric& metric, const ForecastBatch& batch);

}  // namespace nextframe
