#include "core/optim/weight_average.h"

#include <algorithm>

namespace nextframe {
namespace {

/// Weights that are exchanged at a time.
constexpr std::int64_t kSwapped = 1 << 18;

}  // namespace

WeightAverage::WeightAverage(Backend& backend, double decay, const Tensor& values)
    : backend_(backend),
      decay_(decay),
      values_(values),
      average_(backend.allocate(values.shape(), values.dtype())),
      spare_(backend.allocate({std::min(kSwapped, values.elements())}, values.dtype())) {
  restart();
}

void WeightAverage::restart() { backend_.copy(values_, average_); }

void WeightAverage::update(std::int64_t step) {
  const double t = static_cast<double>(step);
  backend_.moving_average(std::min(decay_, (1 + t) / (10 + t)), values_, average_);
}

void WeightAverage::swap() {
  for (std::int64_t first = 0; first < values_.elements(); first += kSwapped) {
    const std::int64_t last = std::min(first + kSwapped, values_.elements());
    const Tensor value = values_.range(first, last), average = average_.range(first, last);
    const Tensor spare = spare_.range(0, last - first);
    backend_.copy(value, spare);
    backend_.copy(average, value);
    backend_.copy(spare, average);
  }
}

}  // namespace nextframe
