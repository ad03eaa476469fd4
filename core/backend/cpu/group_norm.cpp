// Group normalisation (Wu and He 2018) of x [N,H,W,C] over G groups of neighbouring channels, each group of a sample
// with its mean m and s = 1 / sqrt(variance + epsilon) over M = H W C/G values:
//   x^ = (x - m) s   y = gamma x^ + beta
//   dx = s (e - mean(e) - x^ mean(e x^)) with e = gamma dy   dgamma += sum dy x^   dbeta += sum dy
// m and s are kept for backward. One task is one group of one sample: its values stay in the cache over the passes.

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/group_norm.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

/// sums[c] = sum of (x - shift), squares[c] = sum of (x - shift)^2 over `rows` rows, `stride` apart.
void shifted_sums(const float* x, float shift, std::int64_t rows, std::int64_t width, std::int64_t stride, float* sums,
                  float* squares) {
  each_lane(width, [=](auto d, std::int64_t k) HWY_ATTR {
    auto sum = hn::Zero(d);
    auto square = hn::Zero(d);
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto value = hn::Sub(hn::LoadU(d, x + row * stride + k), hn::Set(d, shift));
      sum = hn::Add(sum, value);
      square = hn::MulAdd(value, value, square);
    }
    hn::StoreU(sum, d, sums + k);
    hn::StoreU(square, d, squares + k);
  });
}

/// y = (x - mean) scale gamma + beta
void normalise_rows(const float* x, float mean, float scale, const float* gamma, const float* beta, std::int64_t rows,
                    std::int64_t width, std::int64_t stride, float* y) {
  for (std::int64_t row = 0; row < rows; ++row) {
    each_lane(width, [=](auto d, std::int64_t k) HWY_ATTR {
      const auto normal = hn::Mul(hn::Sub(hn::LoadU(d, x + row * stride + k), hn::Set(d, mean)), hn::Set(d, scale));
      hn::StoreU(hn::MulAdd(normal, hn::LoadU(d, gamma + k), hn::LoadU(d, beta + k)), d, y + row * stride + k);
    });
  }
}

/// dbeta[c] = sum of dy, dgamma[c] = sum of dy x^ over `rows` rows.
void gradient_sums(const float* x, const float* dy, float mean, float scale, std::int64_t rows, std::int64_t width,
                   std::int64_t stride, float* dbeta, float* dgamma) {
  each_lane(width, [=](auto d, std::int64_t k) HWY_ATTR {
    auto beta = hn::Zero(d);
    auto gamma = hn::Zero(d);
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto gradient = hn::LoadU(d, dy + row * stride + k);
      const auto normal = hn::Mul(hn::Sub(hn::LoadU(d, x + row * stride + k), hn::Set(d, mean)), hn::Set(d, scale));
      beta = hn::Add(beta, gradient);
      gamma = hn::MulAdd(gradient, normal, gamma);
    }
    hn::StoreU(beta, d, dbeta + k);
    hn::StoreU(gamma, d, dgamma + k);
  });
}

/// dx = scale (gamma dy - mean_e - x^ mean_ex); dx may be dy.
void gradient_rows(const float* x, const float* dy, float mean, float scale, const float* gamma, float mean_e,
                   float mean_ex, std::int64_t rows, std::int64_t width, std::int64_t stride, float* dx) {
  for (std::int64_t row = 0; row < rows; ++row) {
    each_lane(width, [=](auto d, std::int64_t k) HWY_ATTR {
      const auto normal = hn::Mul(hn::Sub(hn::LoadU(d, x + row * stride + k), hn::Set(d, mean)), hn::Set(d, scale));
      auto e = hn::MulSub(hn::LoadU(d, gamma + k), hn::LoadU(d, dy + row * stride + k), hn::Set(d, mean_e));
      e = hn::NegMulAdd(normal, hn::Set(d, mean_ex), e);
      hn::StoreU(hn::Mul(e, hn::Set(d, scale)), d, dx + row * stride + k);
    });
  }
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(shifted_sums);
HWY_EXPORT(normalise_rows);
HWY_EXPORT(gradient_sums);
HWY_EXPORT(gradient_rows);

namespace {

/// Rows that are summed in float before they go into a double.
constexpr std::int64_t kRowsAtOnce = 32;

struct Sizes {
  Sizes(const GroupNormSpec& spec, const Tensor& x)
      : samples(x.dimension(0)),
        pixels(x.dimension(1) * x.dimension(2)),
        channels(x.dimension(3)),
        groups(spec.groups),
        width(channels / groups),
        members(static_cast<double>(pixels * width)) {}

  std::int64_t tasks() const { return samples * groups; }
  /// Offset of the first value of a task.
  std::int64_t offset(std::int64_t task) const { return task / groups * pixels * channels + task % groups * width; }
  /// The task's first channel.
  std::int64_t channel(std::int64_t task) const { return task % groups * width; }

  std::int64_t samples, pixels, channels, groups, width;
  double members;
};

using Sums = std::vector<double>;

/// Adds up two rows of sums over all pixels: sum_block(first pixel, rows, float sums, float other sums).
template <class SumBlock>
void sum_in_blocks(const Sizes& sizes, Sums& sums, Sums& others, const SumBlock& sum_block) {
  const auto width = static_cast<std::size_t>(sizes.width);
  sums.assign(width, 0.0);
  others.assign(width, 0.0);
  std::vector<float> block(2 * width);
  for (std::int64_t first = 0; first < sizes.pixels; first += kRowsAtOnce) {
    sum_block(first, std::min(kRowsAtOnce, sizes.pixels - first), block.data(), block.data() + width);
    for (std::size_t k = 0; k < width; ++k) {
      sums[k] += static_cast<double>(block[k]);
      others[k] += static_cast<double>(block[width + k]);
    }
  }
}

double total(const Sums& sums) {
  double result = 0.0;
  for (const double sum : sums) result += sum;
  return result;
}

}  // namespace

void CpuBackend::do_group_norm(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma, const Tensor& beta,
                               const Tensor& y, const Tensor& mean, const Tensor& reciprocal_deviation) {
  const Sizes sizes(spec, x);
  const float* from = x.data<float>();
  float* to = y.data<float>();
  float* means = mean.data<float>();
  float* scales = reciprocal_deviation.data<float>();
  const float* gammas = gamma.data<float>();
  const float* betas = beta.data<float>();
  const auto shifted_sums = HWY_DYNAMIC_DISPATCH(shifted_sums);
  const auto normalise = HWY_DYNAMIC_DISPATCH(normalise_rows);
  parallel_for(threads_, sizes.tasks(), 1, [&](std::int64_t first_task, std::int64_t last_task) {
    Sums sums, squares;
    for (std::int64_t task = first_task; task < last_task; ++task) {
      const float* group = from + sizes.offset(task);
      const auto sum_around = [&](float shift) {
        sum_in_blocks(sizes, sums, squares, [&](std::int64_t first, std::int64_t rows, float* a, float* b) {
          shifted_sums(group + first * sizes.channels, shift, rows, sizes.width, sizes.channels, a, b);
        });
      };
      sum_around(0.0f);
      means[task] = static_cast<float>(total(sums) / sizes.members);
      sum_around(means[task]);
      const double rest = total(sums) / sizes.members;  // what the mean lost when it was rounded
      const double variance = std::max(0.0, total(squares) / sizes.members - rest * rest);
      scales[task] = static_cast<float>(1.0 / std::sqrt(variance + spec.epsilon));
      const std::int64_t channel = sizes.channel(task);
      normalise(group, means[task], scales[task], gammas + channel, betas + channel, sizes.pixels, sizes.width,
                sizes.channels, to + sizes.offset(task));
    }
  });
}

void CpuBackend::do_group_norm_backward(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma,
                                        const Tensor& mean, const Tensor& reciprocal_deviation, const Tensor& dy,
                                        const Tensor& dx, const Tensor& dgamma, const Tensor& dbeta) {
  const Sizes sizes(spec, x);
  const float* from = x.data<float>();
  const float* gradient = dy.data<float>();
  float* to = dx.data<float>();
  const float* means = mean.data<float>();
  const float* scales = reciprocal_deviation.data<float>();
  const float* gammas = gamma.data<float>();
  const auto gradient_sums = HWY_DYNAMIC_DISPATCH(gradient_sums);
  const auto gradient_rows = HWY_DYNAMIC_DISPATCH(gradient_rows);
  std::vector<Sums> gamma_sums(static_cast<std::size_t>(sizes.tasks())), beta_sums(gamma_sums.size());
  parallel_for(threads_, sizes.tasks(), 1, [&](std::int64_t first_task, std::int64_t last_task) {
    for (std::int64_t task = first_task; task < last_task; ++task) {
      Sums& of_gamma = gamma_sums[static_cast<std::size_t>(task)];
      Sums& of_beta = beta_sums[static_cast<std::size_t>(task)];
      const std::int64_t offset = sizes.offset(task);
      const float* scale_of = gammas + sizes.channel(task);
      sum_in_blocks(sizes, of_beta, of_gamma, [&](std::int64_t first, std::int64_t rows, float* a, float* b) {
        const std::int64_t start = offset + first * sizes.channels;
        gradient_sums(from + start, gradient + start, means[task], scales[task], rows, sizes.width, sizes.channels, a,
                      b);
      });
      double mean_e = 0.0, mean_ex = 0.0;
      for (std::size_t k = 0; k < of_beta.size(); ++k) {
        mean_e += static_cast<double>(scale_of[k]) * of_beta[k] / sizes.members;
        mean_ex += static_cast<double>(scale_of[k]) * of_gamma[k] / sizes.members;
      }
      gradient_rows(from + offset, gradient + offset, means[task], scales[task], scale_of, static_cast<float>(mean_e),
                    static_cast<float>(mean_ex), sizes.pixels, sizes.width, sizes.channels, to + offset);
    }
  });
  // Samples are added in their order.
  for (std::int64_t task = 0; task < sizes.tasks(); ++task) {
    float* gamma_to = dgamma.data<float>() + sizes.channel(task);
    float* beta_to = dbeta.data<float>() + sizes.channel(task);
    for (std::int64_t k = 0; k < sizes.width; ++k) {
      gamma_to[k] += static_cast<float>(gamma_sums[static_cast<std::size_t>(task)][static_cast<std::size_t>(k)]);
      beta_to[k] += static_cast<float>(beta_sums[static_cast<std::size_t>(task)][static_cast<std::size_t>(k)]);
    }
  }
}

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
