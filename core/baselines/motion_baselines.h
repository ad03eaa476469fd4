#pragma once

#include <vector>

#include "core/baselines/baseline.h"

namespace nextframe {

/// engine_baselines() and those that follow the motion:
///  - extrapolation: Lagrangian persistence. The last frame, moved on by dense optical flow (BackwardTrajectories).
///  - sprog: spectral prognosis (Seed 2003, J. Appl. Meteorol. 42, 381). The field in decibels is taken apart into
///    scales by Gaussian filters of its spectrum; each scale goes on by an autoregression of second order in moving
///    coordinates, so that small scales fade as they lose their predictability; what they sum up to gets the observed
///    share and distribution of rain, and is moved on. Brightness goes through the same, not in decibels.
BaselineTable all_baselines();

std::unique_ptr<Baseline> make_extrapolation(const BaselineOptions& options);
std::unique_ptr<Baseline> make_sprog(const BaselineOptions& options);

/// One channel of one sequence of a context, oldest first; missing or infinite values are NaN.
std::vector<ScalarField> fields_of(const ContextFrames& context, std::int64_t sequence, std::int64_t channel);
/// What motion is found on: the only channel, the brightness of three or four, the mean of other numbers of channels.
std::vector<ScalarField> luminance_of(const ContextFrames& context, std::int64_t sequence);
/// Puts a field in its place; where it is missing the forecast's mask becomes 0 and its value stays.
void put_field(const ScalarField& field, const ContextFrames& context, std::int64_t lead, std::int64_t sequence,
               std::int64_t channel, BaselineForecast& forecast);

}  // namespace nextframe
