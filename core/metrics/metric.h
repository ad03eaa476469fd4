#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

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
  Metric() = default;
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;
  virtual ~Metric() = default;

  /// `lead` counts from 0, the first forecast frame, to the horizon - 1.
  virtual void add(std::int64_t lead, const FramePair& pair) = 0;
  /// One score a lead time.
  virtual std::vector<Score> per_lead() const = 0;
  Score overall() const { return mean_over_lead_times(per_lead()); }
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
