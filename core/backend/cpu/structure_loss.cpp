// 1 - mean structural similarity S = A1 A2 / (B1 B2) over the 11x11 windows that hold no missing pixel. With the windows'
// means m of p, n of t, q of p p, r of t t, c of p t:
//   A1 = 2 m n + C1   A2 = 2 (c - m n) + C2   B1 = m m + n n + C1   B2 = q - m m + r - n n + C2
// and dp = blur(dS/dm) + 2 p blur(dS/dq) + t blur(dS/dc), the blur's adjoint being the blur of maps with zeros around.

#include <algorithm>
#include <vector>

#include "core/backend/cpu/plane_loss.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/structure_loss.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

constexpr std::int64_t kSize = kStructureWindow;
constexpr std::int64_t kLost = kSize - 1;

using Weights = std::array<float, kStructureWindow>;

/// y[k] = sum over a of weights[a] x[k + a step]
void window_sums(const Weights& weights, const float* x, std::int64_t step, std::int64_t count, float* y) {
  each_lane(count, [&](auto d, std::int64_t k) HWY_ATTR {
    auto sum = hn::Zero(d);
    for (std::int64_t a = 0; a < kSize; ++a) {
      sum = hn::MulAdd(hn::Set(d, weights[static_cast<std::size_t>(a)]), hn::LoadU(d, x + k + a * step), sum);
    }
    hn::StoreU(sum, d, y + k);
  });
}

/// Weighted sums over all windows wholly inside: [H,W] -> [H-10,W-10].
std::vector<float> blur(const Weights& weights, const float* x, std::int64_t height, std::int64_t width) {
  const std::int64_t columns = width - kLost;
  std::vector<float> rows(static_cast<std::size_t>(height * columns));
  for (std::int64_t y = 0; y < height; ++y) window_sums(weights, x + y * width, 1, columns, rows.data() + y * columns);
  std::vector<float> result(static_cast<std::size_t>((height - kLost) * columns));
  window_sums(weights, rows.data(), columns, static_cast<std::int64_t>(result.size()), result.data());
  return result;
}

std::vector<float> blurred_product(const Weights& weights, const LossPlane& plane, const float* a, const float* b) {
  std::vector<float> product(static_cast<std::size_t>(plane.area()));
  each_lane(plane.area(), [&](auto d, std::int64_t k) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::LoadU(d, a + k), hn::LoadU(d, b + k)), d, product.data() + k);
  });
  return blur(weights, product.data(), plane.height, plane.width);
}

/// The number of valid pixels of each window.
std::vector<float> valid_counts(const LossPlane& plane) {
  Weights ones;
  ones.fill(1.0f);
  const std::vector<float> valid(plane.valid, plane.valid + plane.area());
  return blur(ones, valid.data(), plane.height, plane.width);
}

/// The derivatives by m, q and c with kLost zeros around them.
struct Slopes {
  Slopes(std::int64_t rows, std::int64_t columns)
      : stride(columns + 2 * kLost),
        mean(static_cast<std::size_t>((rows + 2 * kLost) * stride)),
        square(mean),
        product(mean) {}

  std::size_t at(std::int64_t y, std::int64_t x) const {
    return static_cast<std::size_t>((y + kLost) * stride + x + kLost);
  }

  std::int64_t stride;
  std::vector<float> mean, square, product;
};

/// dp = -(blur(dm) + 2 p blur(dq) + t blur(dc)) / windows
void write_derivative(const Weights& weights, const LossPlane& plane, const Slopes& slopes, float windows) {
  const std::int64_t height = plane.height + kLost;
  const std::vector<float> mean = blur(weights, slopes.mean.data(), height, slopes.stride);
  const std::vector<float> square = blur(weights, slopes.square.data(), height, slopes.stride);
  const std::vector<float> product = blur(weights, slopes.product.data(), height, slopes.stride);
  each_lane(plane.area(), [&](auto d, std::int64_t k) HWY_ATTR {
    const auto p = hn::LoadU(d, plane.prediction + k), t = hn::LoadU(d, plane.target + k);
    const auto twice = hn::Mul(hn::Set(d, 2.0f), p);
    const auto sum = hn::MulAdd(t, hn::LoadU(d, product.data() + k),
                                hn::MulAdd(twice, hn::LoadU(d, square.data() + k), hn::LoadU(d, mean.data() + k)));
    hn::StoreU(hn::Mul(sum, hn::Set(d, -1.0f / windows)), d, plane.derivative + k);
  });
}

double structure_of(const LossPlane& plane, float range) {
  Weights weights;
  const auto exact = structure_window();
  std::transform(exact.begin(), exact.end(), weights.begin(), [](double weight) { return static_cast<float>(weight); });
  const float c1 = 1e-4f * range * range, c2 = 9e-4f * range * range;
  const std::int64_t rows = plane.height - kLost, columns = plane.width - kLost;
  const std::vector<float> mean_p = blur(weights, plane.prediction, plane.height, plane.width);
  const std::vector<float> mean_t = blur(weights, plane.target, plane.height, plane.width);
  const std::vector<float> mean_pp = blurred_product(weights, plane, plane.prediction, plane.prediction);
  const std::vector<float> mean_tt = blurred_product(weights, plane, plane.target, plane.target);
  const std::vector<float> mean_pt = blurred_product(weights, plane, plane.prediction, plane.target);
  const std::vector<float> counts = valid_counts(plane);
  Slopes slopes(rows, columns);
  double similarities = 0.0, windows = 0.0;
  for (std::int64_t k = 0; k < rows * columns; ++k) {
    const auto at = static_cast<std::size_t>(k);
    if (counts[at] < static_cast<float>(kSize * kSize)) continue;
    const float m = mean_p[at], n = mean_t[at];
    const float a1 = 2 * m * n + c1, a2 = 2 * (mean_pt[at] - m * n) + c2;
    const float b1 = m * m + n * n + c1, b2 = mean_pp[at] - m * m + mean_tt[at] - n * n + c2;
    const float similarity = a1 * a2 / (b1 * b2);
    const std::size_t padded = slopes.at(k / columns, k % columns);
    slopes.mean[padded] = 2 * n * (a2 - a1) / (b1 * b2) + 2 * m * similarity * (1 / b2 - 1 / b1);
    slopes.square[padded] = -similarity / b2;
    slopes.product[padded] = 2 * a1 / (b1 * b2);
    similarities += static_cast<double>(similarity);
    windows += 1.0;
  }
  if (plane.derivative != nullptr) {
    write_derivative(weights, plane, slopes, static_cast<float>(std::max(windows, 1.0)));
  }
  return windows > 0.0 ? 1.0 - similarities / windows : 0.0;
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(structure_of);

double structure_loss(const LossPlane& plane, float range) { return HWY_DYNAMIC_DISPATCH(structure_of)(plane, range); }

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
