#include "core/optim/weight_average.h"

#include <algorithm>

namespace nextframe {

WeightAverage::WeightAverage(Backend& backend, double decay, const Tensor& values)
    : backend_(backend),
      decay_(decay),
      values_(values),
      average_(backend.allocate(values.shape(), values.dtype())),
      spare_(backend.allocate(values.shape(), values.dtype())) {
  restart();
}

void WeightAverage::restart() { backend_.copy(values_, average_); }

void WeightAverage::update(std::int64_t step) {
  const double t = static_cast<double>(step);
  backend_.moving_average(std::min(decay_, (1 + t) / (10 + t)), values_, average_);
}

void WeightAverage::swap() {
  backend_.copy(values_, spare_);
  backend_.copy(average_, values_);
  backend_.copy(spare_, average_);
}

}  // namespace nextframe
