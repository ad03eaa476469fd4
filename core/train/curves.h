#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics/power_spectrum.h"
#include "core/metrics/reliability.h"

namespace nextframe {

/// Power by wavelength of one forecaster and of the truth at one lead time; without a frame the curves are empty.
struct SpectrumCurve {
  std::string forecaster;
  std::int64_t lead_time = 1;
  std::vector<double> wavelength;  ///< pixels, longest first
  std::vector<double> forecast;
  std::vector<double> truth;
  std::int64_t frames = 0;
};

/// One forecaster's reliability at one threshold, all lead times together.
struct ReliabilityCurve {
  std::string forecaster;
  double threshold = 0;
  std::int64_t window = 0;  ///< pixels
  Reliability::Bins bins{};
};

/// What an evaluation finds that is a curve and no number.
struct EvaluationCurves {
  std::vector<SpectrumCurve> spectra = {};
  std::vector<ReliabilityCurve> reliability = {};
};

struct CurveOptions {
  FieldKind kind = FieldKind::kPicture;
  bool spectra = false;
  bool reliability = false;
  std::vector<double> thresholds = {};  ///< of reliability
  std::int64_t window = 17;             ///< of reliability, in pixels
};

/// The rows of curves that can be asked for beside the metrics.
struct CurveEntry {
  std::string_view name;
  std::string_view doc;
  bool CurveOptions::*wanted = nullptr;
};

inline constexpr std::array<CurveEntry, 2> kCurves{{
    {"rapsd", "radially averaged power spectra of forecast and truth at the first, middle and last lead time",
     &CurveOptions::spectra},
    {"reliability", "how often an event came by its frequency in the forecast's surroundings",
     &CurveOptions::reliability},
}};

/// Collects the curves of several forecasters of the same sequences.
class CurveCollector {
 public:
  CurveCollector(std::vector<std::string> forecasters, std::int64_t horizon, CurveOptions options);

  /// One sequence, of each forecaster in their order.
  void add(std::span<const ForecastBatch> forecasts);
  EvaluationCurves curves() const;

 private:
  std::vector<std::string> forecasters_;
  CurveOptions options_;
  std::vector<std::int64_t> spectrum_leads_;      ///< from 0 on
  std::vector<PowerSpectra> spectra_;             ///< of each forecaster
  std::vector<std::vector<Reliability>> tables_;  ///< of each forecaster, by threshold
};

}  // namespace nextframe
