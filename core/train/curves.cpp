#include "core/train/curves.h"

#include <algorithm>
#include <utility>

namespace nextframe {

CurveCollector::CurveCollector(std::vector<std::string> forecasters, std::int64_t horizon, CurveOptions options)
    : forecasters_(std::move(forecasters)), options_(std::move(options)) {
  spectrum_leads_ = {0, (horizon - 1) / 2, horizon - 1};
  spectrum_leads_.erase(std::unique(spectrum_leads_.begin(), spectrum_leads_.end()), spectrum_leads_.end());
  for (std::size_t i = 0; i < forecasters_.size(); ++i) {
    spectra_.emplace_back(horizon, options_.kind);
    std::vector<Reliability>& tables = tables_.emplace_back();
    for (const double threshold : options_.thresholds) tables.emplace_back(horizon, threshold, options_.window);
  }
}

void CurveCollector::add(std::span<const ForecastBatch> forecasts) {
  for (std::size_t i = 0; i < forecasters_.size(); ++i) {
    const ForecastBatch& sequence = forecasts[i];
    for (const std::int64_t lead : spectrum_leads_) {
      if (options_.spectra) spectra_[i].add(lead, sequence.frame(lead, 0));
    }
    if (!options_.reliability) continue;
    for (Reliability& table : tables_[i]) {
      for (std::int64_t lead = 0; lead < sequence.horizon; ++lead) table.add(lead, sequence.frame(lead, 0));
    }
  }
}

EvaluationCurves CurveCollector::curves() const {
  EvaluationCurves curves;
  for (std::size_t i = 0; i < forecasters_.size(); ++i) {
    const std::vector<MeanSpectra> means = spectra_[i].per_lead();
    for (const std::int64_t lead : spectrum_leads_) {
      if (!options_.spectra) break;
      const MeanSpectra& mean = means[static_cast<std::size_t>(lead)];
      SpectrumCurve& curve = curves.spectra.emplace_back();
      curve.forecaster = forecasters_[i];
      curve.lead_time = lead + 1;
      curve.frames = mean.frames;
      if (mean.frames == 0) continue;
      curve.wavelength = spectra_[i].wavelengths();
      // The mean, at wave number 0, has no length.
      curve.forecast.assign(mean.forecast.begin() + 1, mean.forecast.end());
      curve.truth.assign(mean.truth.begin() + 1, mean.truth.end());
    }
    for (const Reliability& table : tables_[i]) {
      if (!options_.reliability) break;
      curves.reliability.push_back({forecasters_[i], table.threshold(), table.window(), table.total()});
    }
  }
  return curves;
}

}  // namespace nextframe
