#include <cstring>
#include <vector>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/elementwise.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

/// y = alpha x (+ y) over `count` elements.
void add_range(float alpha, const float* x, float* y, std::int64_t count, bool accumulate) {
  each_lane(count, [=](auto d, std::int64_t k) HWY_ATTR {
    const auto scaled = hn::Mul(hn::Set(d, alpha), hn::LoadU(d, x + k));
    hn::StoreU(accumulate ? hn::Add(scaled, hn::LoadU(d, y + k)) : scaled, d, y + k);
  });
}

/// y[pixel][c] = bias[c] (+ y)
void broadcast_rows(const float* bias, float* y, std::int64_t pixels, std::int64_t channels, bool accumulate) {
  for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
    float* row = y + pixel * channels;
    each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
      const auto value = hn::LoadU(d, bias + k);
      hn::StoreU(accumulate ? hn::Add(value, hn::LoadU(d, row + k)) : value, d, row + k);
    });
  }
}

/// sums[c] = sum over `pixels` rows, in float: for few rows at a time.
void sum_rows(const float* x, std::int64_t pixels, std::int64_t channels, float* sums) {
  each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
    auto sum = hn::Zero(d);
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) sum = hn::Add(sum, hn::LoadU(d, x + pixel * channels + k));
    hn::StoreU(sum, d, sums + k);
  });
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(add_range);
HWY_EXPORT(broadcast_rows);
HWY_EXPORT(sum_rows);

namespace {

/// Rows that are summed in float before they go into a double.
constexpr std::int64_t kRowsAtOnce = 32;

}  // namespace

void CpuBackend::do_fill(double value, const Tensor& y) {
  if (y.dtype() == DType::kFloat64) {
    std::fill_n(y.data<double>(), y.elements(), value);
    return;
  }
  float* to = y.data<float>();
  parallel_for(threads_, y.elements(), kGrain, [=](std::int64_t first, std::int64_t last) {
    std::fill(to + first, to + last, static_cast<float>(value));
  });
}

void CpuBackend::do_copy(const Tensor& x, const Tensor& y) {
  const char* from = static_cast<const char*>(x.raw());
  char* to = static_cast<char*>(y.raw());
  parallel_for(threads_, static_cast<std::int64_t>(y.bytes()), 4 * kGrain, [=](std::int64_t first, std::int64_t last) {
    std::memcpy(to + first, from + first, static_cast<std::size_t>(last - first));
  });
}

void CpuBackend::do_add(double alpha, const Tensor& x, const Tensor& y, Write write) {
  const bool accumulate = write == Write::kAccumulate;
  if (y.dtype() == DType::kFloat64) {
    const double* from = x.data<double>();
    double* to = y.data<double>();
    for (std::int64_t i = 0; i < y.elements(); ++i) to[i] = alpha * from[i] + (accumulate ? to[i] : 0.0);
    return;
  }
  const float* from = x.data<float>();
  float* to = y.data<float>();
  const auto kernel = HWY_DYNAMIC_DISPATCH(add_range);
  parallel_for(threads_, y.elements(), kGrain, [=](std::int64_t first, std::int64_t last) {
    kernel(static_cast<float>(alpha), from + first, to + first, last - first, accumulate);
  });
}

void CpuBackend::do_broadcast_channels(const Tensor& bias, const Tensor& y, Write write) {
  const std::int64_t channels = y.dimension(-1);
  if (channels == 0) return;
  const float* from = bias.data<float>();
  float* to = y.data<float>();
  const auto kernel = HWY_DYNAMIC_DISPATCH(broadcast_rows);
  parallel_for(threads_, y.elements() / channels, kGrain / channels + 1, [=](std::int64_t first, std::int64_t last) {
    kernel(from, to + first * channels, last - first, channels, write == Write::kAccumulate);
  });
}

void CpuBackend::do_sum_channels(const Tensor& x, const Tensor& sums, Write write) {
  const std::int64_t channels = x.dimension(-1);
  if (channels == 0) return;
  const std::int64_t pixels = x.elements() / channels;
  const float* from = x.data<float>();
  float* to = sums.data<float>();
  const auto kernel = HWY_DYNAMIC_DISPATCH(sum_rows);
  // Each thread sums its own piece in double; the pieces are added in their order.
  std::vector<std::vector<double>> partial(static_cast<std::size_t>(threads_));
  const std::int64_t blocks = (pixels + kRowsAtOnce - 1) / kRowsAtOnce;
  const std::int64_t per_piece = (blocks + threads_ - 1) / threads_;
  parallel_for(threads_, threads_, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t piece = first; piece < last; ++piece) {
      std::vector<double>& total = partial[static_cast<std::size_t>(piece)];
      total.assign(static_cast<std::size_t>(channels), 0.0);
      std::vector<float> block(static_cast<std::size_t>(channels));
      for (std::int64_t b = piece * per_piece; b < std::min(blocks, (piece + 1) * per_piece); ++b) {
        const std::int64_t begin = b * kRowsAtOnce;
        kernel(from + begin * channels, std::min(kRowsAtOnce, pixels - begin), channels, block.data());
        for (std::size_t c = 0; c < block.size(); ++c) total[c] += static_cast<double>(block[c]);
      }
    }
  });
  for (std::int64_t c = 0; c < channels; ++c) {
    double sum = write == Write::kAccumulate ? static_cast<double>(to[c]) : 0.0;
    for (const std::vector<double>& total : partial) sum += total[static_cast<std::size_t>(c)];
    to[c] = static_cast<float>(sum);
  }
}

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
