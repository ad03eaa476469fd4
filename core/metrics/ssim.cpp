#include <cmath>
#include <memory>
#include <vector>

#include "core/metrics/metric_table.h"
#include "core/metrics/structural_similarity.h"

namespace nextframe {
namespace {

constexpr int kReach = 5;  // the window is 11 pixels wide
constexpr double kSigma = 1.5;

std::vector<double> gaussian() {
  std::vector<double> weights;
  double sum = 0;
  for (int offset = -kReach; offset <= kReach; ++offset) {
    weights.push_back(std::exp(-0.5 * offset * offset / (kSigma * kSigma)));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

}  // namespace

std::unique_ptr<Metric> make_ssim(std::int64_t horizon) {
  return std::make_unique<StructuralSimilarity>(
      horizon,
      SimilarityWindow{
          .weights = gaussian(), .covariance_factor = 1, .luminance_constant = 1e-4, .contrast_constant = 9e-4});
}

}  // namespace nextframe
