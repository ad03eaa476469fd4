#include "core/metrics/power_spectrum.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/motion/fourier.h"

namespace nextframe {
namespace {

constexpr float kLeastRain = 0.1F;
constexpr float kDry = -15;

float shown(float value, FieldKind kind) {
  if (kind == FieldKind::kPicture) return value;
  return value < kLeastRain ? kDry : 10 * std::log10(value);
}

void add_power(const float* frame, const FramePair& pair, FieldKind kind, std::vector<double>& sum) {
  const float empty = shown(0, kind);
  for (std::int64_t channel = 0; channel < pair.channels; ++channel) {
    ScalarField field(pair.height, pair.width, empty);
    for (std::int64_t pixel = 0; pixel < pair.height * pair.width; ++pixel) {
      if (pair.mask != nullptr && pair.mask[pixel] == 0) continue;
      field.values[static_cast<std::size_t>(pixel)] = shown(frame[pixel * pair.channels + channel], kind);
    }
    const std::vector<double> power = radial_power(field);
    if (sum.empty()) sum.assign(power.size(), 0);
    if (sum.size() != power.size()) fail("[metrics] spectra of frames of different sizes");
    for (std::size_t i = 0; i < power.size(); ++i) sum[i] += power[i] / static_cast<double>(pair.channels);
  }
}

}  // namespace

void PowerSpectra::add(std::int64_t lead, const FramePair& pair) {
  MeanSpectra& row = rows_.at(static_cast<std::size_t>(lead));
  const std::int64_t pixels = pair.height * pair.width;
  const bool any = pair.mask == nullptr || std::any_of(pair.mask, pair.mask + pixels, [](float m) { return m != 0; });
  if (!any) {
    ++row.left_out;
    return;
  }
  add_power(pair.forecast, pair, kind_, row.forecast);
  add_power(pair.truth, pair, kind_, row.truth);
  ++row.frames;
  const std::int64_t longer = std::max(pair.height, pair.width);
  wavelengths_.resize(static_cast<std::size_t>(longer / 2));
  for (std::size_t i = 0; i < wavelengths_.size(); ++i) {
    wavelengths_[i] = static_cast<double>(longer) / static_cast<double>(i + 1);
  }
}

std::vector<MeanSpectra> PowerSpectra::per_lead() const {
  std::vector<MeanSpectra> means = rows_;
  for (MeanSpectra& row : means) {
    for (std::vector<double>* spectrum : {&row.forecast, &row.truth}) {
      for (double& power : *spectrum) power /= static_cast<double>(row.frames);
    }
  }
  return means;
}

}  // namespace nextframe
