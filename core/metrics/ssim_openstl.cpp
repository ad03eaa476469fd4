#include <memory>
#include <vector>

#include "core/metrics/metric_table.h"
#include "core/metrics/structural_similarity.h"

namespace nextframe {

/// OpenSTL asks scikit-image (<= 0.19) without a data range, which then takes that of floats, -1 to 1: 2.
std::unique_ptr<Metric> make_ssim_openstl(std::int64_t horizon) {
  return std::make_unique<StructuralSimilarity>(horizon, SimilarityWindow{.weights = std::vector<double>(7, 1.0 / 7),
                                                                          .covariance_factor = 49.0 / 48,
                                                                          .luminance_constant = 4e-4,
                                                                          .contrast_constant = 3.6e-3});
}

}  // namespace nextframe
