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

#ifndef NEXTFRAME_CORE_BACKEND_CPU_GROUP_NORM_ARGUMENTS
#define NEXTFRAME_CORE_BACKEND_CPU_GROUP_NORM_ARGUMENTS
namespace nextframe::cpu {

/// Rows of one group of one sample: `width` neighbouring channels of `rows` pixels, `stride` elements from one pixel to
/// the next, the first of them `offset` elements from where x, dy and `to` begin.
struct GroupRows {
  DType dtype;
  const void* x;
  const void* dy;  ///< backward only
  void* to;        ///< y or dx, which may be dy
  std::int64_t offset, rows, width, stride;
  float mean, scale;
  const float* gamma;
  const float* beta;
  float mean_e, mean_ex;  ///< of e and e x^ over the group

  template <class T>
  const T* values() const {
    return static_cast<const T*>(x) + offset;
  }
  template <class T>
  const T* gradients() const {
    return static_cast<const T*>(dy) + offset;
  }
  template <class T>
  T* results() const {
    return static_cast<T*>(to) + offset;
  }
};

}  // namespace nextframe::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

/// x^ of one vector.
template <class D, class T>
HWY_INLINE hn::Vec<D> normalised(D d, const GroupRows& a, const T* x) {
  return hn::Mul(hn::Sub(load(d, x), hn::Set(d, a.mean)), hn::Set(d, a.scale));
}

/// sums[c] = sum of (x - mean), squares[c] = sum of (x - mean)^2 over the rows.
void shifted_sums(const GroupRows& a, float* sums, float* squares) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR {
    const auto* x = a.values<decltype(type)>();
    each_lane(a.width, [=, &a](auto d, std::int64_t k) HWY_ATTR {
      auto sum = hn::Zero(d);
      auto square = hn::Zero(d);
      for (std::int64_t row = 0; row < a.rows; ++row) {
        const auto value = hn::Sub(load(d, x + row * a.stride + k), hn::Set(d, a.mean));
        sum = hn::Add(sum, value);
        square = hn::MulAdd(value, value, square);
      }
      hn::StoreU(sum, d, sums + k);
      hn::StoreU(square, d, squares + k);
    });
  });
}

/// y = x^ gamma + beta
void normalise_rows(const GroupRows& a) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR {
    const auto* x = a.values<decltype(type)>();
    auto* y = a.results<decltype(type)>();
    for (std::int64_t row = 0; row < a.rows; ++row) {
      each_lane(a.width, [=, &a](auto d, std::int64_t k) HWY_ATTR {
        const std::int64_t at = row * a.stride + k;
        const auto scaled = hn::MulAdd(normalised(d, a, x + at), hn::LoadU(d, a.gamma + k), hn::LoadU(d, a.beta + k));
        store(scaled, d, y + at);
      });
    }
  });
}

/// dbeta[c] = sum of dy, dgamma[c] = sum of dy x^ over the rows.
void gradient_sums(const GroupRows& a, float* dbeta, float* dgamma) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR {
    const auto* x = a.values<decltype(type)>();
    const auto* dy = a.gradients<decltype(type)>();
    each_lane(a.width, [=, &a](auto d, std::int64_t k) HWY_ATTR {
      auto beta = hn::Zero(d);
      auto gamma = hn::Zero(d);
      for (std::int64_t row = 0; row < a.rows; ++row) {
        const std::int64_t at = row * a.stride + k;
        const auto gradient = load(d, dy + at);
        beta = hn::Add(beta, gradient);
        gamma = hn::MulAdd(gradient, normalised(d, a, x + at), gamma);
      }
      hn::StoreU(beta, d, dbeta + k);
      hn::StoreU(gamma, d, dgamma + k);
    });
  });
}

/// dx = scale (gamma dy - mean_e - x^ mean_ex)
void gradient_rows(const GroupRows& a) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR {
    const auto* x = a.values<decltype(type)>();
    const auto* dy = a.gradients<decltype(type)>();
    auto* dx = a.results<decltype(type)>();
    for (std::int64_t row = 0; row < a.rows; ++row) {
      each_lane(a.width, [=, &a](auto d, std::int64_t k) HWY_ATTR {
        const std::int64_t at = row * a.stride + k;
        auto e = hn::MulSub(hn::LoadU(d, a.gamma + k), load(d, dy + at), hn::Set(d, a.mean_e));
        e = hn::NegMulAdd(normalised(d, a, x + at), hn::Set(d, a.mean_ex), e);
        store(hn::Mul(e, hn::Set(d, a.scale)), d, dx + at);
      });
    }
  });
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
  /// All pixels of a task.
  GroupRows rows_of(std::int64_t task, const Tensor& x, const Tensor& gamma) const {
    GroupRows rows{};
    rows.dtype = x.dtype();
    rows.x = x.raw();
    rows.offset = offset(task);
    rows.rows = pixels;
    rows.width = width;
    rows.stride = channels;
    rows.gamma = gamma.data<float>() + channel(task);
    return rows;
  }

  std::int64_t samples, pixels, channels, groups, width;
  double members;
};

using Sums = std::vector<double>;

/// Adds up what sum_block(rows, float sums, float other sums) gives over all rows.
template <class SumBlock>
void sum_in_blocks(const GroupRows& all, Sums& sums, Sums& others, const SumBlock& sum_block) {
  const auto width = static_cast<std::size_t>(all.width);
  sums.assign(width, 0.0);
  others.assign(width, 0.0);
  std::vector<float> block(2 * width);
  GroupRows rows = all;
  for (std::int64_t first = 0; first < all.rows; first += kRowsAtOnce) {
    rows.offset = all.offset + first * all.stride;
    rows.rows = std::min(kRowsAtOnce, all.rows - first);
    sum_block(rows, block.data(), block.data() + width);
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
  float* means = mean.data<float>();
  float* scales = reciprocal_deviation.data<float>();
  const auto shifted_sums = HWY_DYNAMIC_DISPATCH(shifted_sums);
  const auto normalise = HWY_DYNAMIC_DISPATCH(normalise_rows);
  parallel_for(threads_, sizes.tasks(), 1, [&](std::int64_t first_task, std::int64_t last_task) {
    Sums sums, squares;
    for (std::int64_t task = first_task; task < last_task; ++task) {
      GroupRows rows = sizes.rows_of(task, x, gamma);
      rows.to = y.raw();
      rows.beta = beta.data<float>() + sizes.channel(task);
      sum_in_blocks(rows, sums, squares, shifted_sums);
      rows.mean = means[task] = static_cast<float>(total(sums) / sizes.members);
      sum_in_blocks(rows, sums, squares, shifted_sums);
      const double rest = total(sums) / sizes.members;  // what the mean lost when it was rounded
      const double variance = std::max(0.0, total(squares) / sizes.members - rest * rest);
      rows.scale = scales[task] = static_cast<float>(1.0 / std::sqrt(variance + spec.epsilon));
      normalise(rows);
    }
  });
}

void CpuBackend::do_group_norm_backward(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma,
                                        const Tensor& mean, const Tensor& reciprocal_deviation, const Tensor& dy,
                                        const Tensor& dx, const Tensor& dgamma, const Tensor& dbeta) {
  if (threads_.idle()) return;
  const Sizes sizes(spec, x);
  const float* means = mean.data<float>();
  const float* scales = reciprocal_deviation.data<float>();
  const auto gradient_sums = HWY_DYNAMIC_DISPATCH(gradient_sums);
  const auto gradient_rows = HWY_DYNAMIC_DISPATCH(gradient_rows);
  std::vector<Sums> gamma_sums(static_cast<std::size_t>(sizes.tasks())), beta_sums(gamma_sums.size());
  parallel_for(threads_, sizes.tasks(), 1, [&](std::int64_t first_task, std::int64_t last_task) {
    for (std::int64_t task = first_task; task < last_task; ++task) {
      Sums& of_gamma = gamma_sums[static_cast<std::size_t>(task)];
      Sums& of_beta = beta_sums[static_cast<std::size_t>(task)];
      GroupRows rows = sizes.rows_of(task, x, gamma);
      rows.dy = dy.raw();
      rows.to = dx.raw();
      rows.mean = means[task];
      rows.scale = scales[task];
      sum_in_blocks(rows, of_beta, of_gamma, gradient_sums);
      double mean_e = 0.0, mean_ex = 0.0;
      for (std::size_t k = 0; k < of_beta.size(); ++k) {
        mean_e += static_cast<double>(rows.gamma[k]) * of_beta[k] / sizes.members;
        mean_ex += static_cast<double>(rows.gamma[k]) * of_gamma[k] / sizes.members;
      }
      rows.mean_e = static_cast<float>(mean_e);
      rows.mean_ex = static_cast<float>(mean_ex);
      gradient_rows(rows);
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
