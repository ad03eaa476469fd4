#include <cstring>
#include <type_traits>
#include <vector>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/parallel.h"
#include "core/base/error.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/elementwise.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"

#ifndef NEXTFRAME_CORE_BACKEND_CPU_ELEMENTWISE_ARGUMENTS
#define NEXTFRAME_CORE_BACKEND_CPU_ELEMENTWISE_ARGUMENTS
namespace nextframe::cpu {

struct ScaledSum {
  DType dtype;
  float alpha;
  const void* x;
  void* y;
  bool accumulate;
};

struct ChannelBroadcast {
  DType dtype;
  const float* bias;
  void* y;
  std::int64_t channels;
  bool accumulate;
};

}  // namespace nextframe::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

/// y = x over elements first .. last-1, from one type to the other.
void convert_range(DType to, const void* x, void* y, std::int64_t first, std::int64_t last) {
  with_stored_type(to, [=](auto type) HWY_ATTR {
    using To = decltype(type);
    using From = std::conditional_t<std::is_same_v<To, float>, BFloat16, float>;
    const From* from = static_cast<const From*>(x) + first;
    To* target = static_cast<To*>(y) + first;
    each_lane(last - first, [=](auto d, std::int64_t k) HWY_ATTR { store(load(d, from + k), d, target + k); });
  });
}

/// y = alpha x (+ y) over elements first .. last-1.
void add_range(const ScaledSum& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR {
    using T = decltype(type);
    const T* x = static_cast<const T*>(a.x) + first;
    T* y = static_cast<T*>(a.y) + first;
    each_lane(last - first, [=, &a](auto d, std::int64_t k) HWY_ATTR {
      const auto scaled = hn::Mul(hn::Set(d, a.alpha), load(d, x + k));
      store(a.accumulate ? hn::Add(scaled, load(d, y + k)) : scaled, d, y + k);
    });
  });
}

/// y[pixel][c] = bias[c] (+ y) for pixels first .. last-1
void broadcast_range(const ChannelBroadcast& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR {
    using T = decltype(type);
    for (std::int64_t pixel = first; pixel < last; ++pixel) {
      T* row = static_cast<T*>(a.y) + pixel * a.channels;
      each_lane(a.channels, [=, &a](auto d, std::int64_t k) HWY_ATTR {
        const auto value = hn::LoadU(d, a.bias + k);
        store(a.accumulate ? hn::Add(value, load(d, row + k)) : value, d, row + k);
      });
    }
  });
}

/// sums[c] = sum over pixels first .. last-1, in float: for few of them at a time.
void sum_range(DType dtype, const void* x, std::int64_t channels, std::int64_t first, std::int64_t last, float* sums) {
  with_stored_type(dtype, [=](auto type) HWY_ATTR {
    using T = decltype(type);
    const T* rows = static_cast<const T*>(x);
    each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
      auto sum = hn::Zero(d);
      for (std::int64_t pixel = first; pixel < last; ++pixel) sum = hn::Add(sum, load(d, rows + pixel * channels + k));
      hn::StoreU(sum, d, sums + k);
    });
  });
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(convert_range);
HWY_EXPORT(add_range);
HWY_EXPORT(broadcast_range);
HWY_EXPORT(sum_range);

namespace {

/// Rows that are summed in float before they go into a double.
constexpr std::int64_t kRowsAtOnce = 32;

}  // namespace

void CpuBackend::do_fill(double value, const Tensor& y) {
  if (y.dtype() == DType::kFloat64) {
    if (!threads_.idle()) std::fill_n(y.data<double>(), y.elements(), value);
    return;
  }
  const auto fill = [&](auto type) {
    using T = decltype(type);
    T* to = y.data<T>();
    parallel_for(threads_, y.elements(), kGrain, [=](std::int64_t first, std::int64_t last) {
      std::fill(to + first, to + last, static_cast<T>(value));
    });
  };
  if (y.dtype() == DType::kBFloat16) {
    fill(BFloat16{});
  } else {
    fill(float{});
  }
}

void CpuBackend::do_copy(const Tensor& x, const Tensor& y) {
  if (x.dtype() != y.dtype()) {
    convert(x, y);
    return;
  }
  const char* from = static_cast<const char*>(x.raw());
  char* to = static_cast<char*>(y.raw());
  parallel_for(threads_, static_cast<std::int64_t>(y.bytes()), 4 * kGrain, [=](std::int64_t first, std::int64_t last) {
    std::memcpy(to + first, from + first, static_cast<std::size_t>(last - first));
  });
}

/// Between float32 and bf16; nothing else differs from its neighbour in type.
void CpuBackend::convert(const Tensor& x, const Tensor& y) {
  if (x.dtype() == DType::kFloat64 || y.dtype() == DType::kFloat64) {
    fail("[copy] got {} to copy to {}, expected float32 and bf16", name_of(x.dtype()), name_of(y.dtype()));
  }
  const void* from = x.raw();
  void* to = y.raw();
  const DType dtype = y.dtype();
  const auto kernel = HWY_DYNAMIC_DISPATCH(convert_range);
  parallel_for(threads_, y.elements(), kGrain,
               [=](std::int64_t first, std::int64_t last) { kernel(dtype, from, to, first, last); });
}

void CpuBackend::do_add(double alpha, const Tensor& x, const Tensor& y, Write write) {
  const bool accumulate = write == Write::kAccumulate;
  if (y.dtype() == DType::kFloat64) {
    const double* from = x.data<double>();
    double* to = y.data<double>();
    for (std::int64_t i = 0; i < y.elements() && !threads_.idle(); ++i)
      to[i] = alpha * from[i] + (accumulate ? to[i] : 0.0);
    return;
  }
  const ScaledSum arguments{y.dtype(), static_cast<float>(alpha), x.raw(), y.raw(), accumulate};
  const auto kernel = HWY_DYNAMIC_DISPATCH(add_range);
  parallel_for(threads_, y.elements(), kGrain,
               [=](std::int64_t first, std::int64_t last) { kernel(arguments, first, last); });
}

void CpuBackend::do_broadcast_channels(const Tensor& bias, const Tensor& y, Write write) {
  const std::int64_t channels = y.dimension(-1);
  if (channels == 0) return;
  const ChannelBroadcast arguments{y.dtype(), bias.data<float>(), y.raw(), channels, write == Write::kAccumulate};
  const auto kernel = HWY_DYNAMIC_DISPATCH(broadcast_range);
  parallel_for(threads_, y.elements() / channels, kGrain / channels + 1,
               [=](std::int64_t first, std::int64_t last) { kernel(arguments, first, last); });
}

namespace {

/// Copies a piece of every pixel; places and strides in bytes.
struct PieceCopy {
  const char* from;
  char* to;
  std::size_t from_stride, to_stride, piece;
};

void copy_pieces(const Threads& threads, std::int64_t pixels, std::int64_t channels, const PieceCopy& copy) {
  parallel_for(threads, pixels, kGrain / channels + 1, [=](std::int64_t begin, std::int64_t end) {
    for (auto pixel = static_cast<std::size_t>(begin); pixel < static_cast<std::size_t>(end); ++pixel) {
      std::memcpy(copy.to + pixel * copy.to_stride, copy.from + pixel * copy.from_stride, copy.piece);
    }
  });
}

std::size_t pixel_bytes(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.dimension(-1)) * size_of(tensor.dtype());
}

}  // namespace

void CpuBackend::do_write_channels(const Tensor& x, std::int64_t first, const Tensor& y) {
  if (x.elements() == 0) return;
  char* to = static_cast<char*>(y.raw()) + static_cast<std::size_t>(first) * size_of(y.dtype());
  copy_pieces(threads_, x.elements() / x.dimension(-1), x.dimension(-1),
              {static_cast<const char*>(x.raw()), to, pixel_bytes(x), pixel_bytes(y), pixel_bytes(x)});
}

void CpuBackend::do_read_channels(const Tensor& x, std::int64_t first, const Tensor& y) {
  if (y.elements() == 0) return;
  const char* from = static_cast<const char*>(x.raw()) + static_cast<std::size_t>(first) * size_of(x.dtype());
  copy_pieces(threads_, y.elements() / y.dimension(-1), y.dimension(-1),
              {from, static_cast<char*>(y.raw()), pixel_bytes(x), pixel_bytes(y), pixel_bytes(y)});
}

void CpuBackend::do_sum_channels(const Tensor& x, const Tensor& sums, Write write) {
  const std::int64_t channels = x.dimension(-1);
  if (channels == 0 || threads_.idle()) return;
  const std::int64_t pixels = x.elements() / channels;
  const void* from = x.raw();
  const DType dtype = x.dtype();
  float* to = sums.data<float>();
  const auto kernel = HWY_DYNAMIC_DISPATCH(sum_range);
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
        kernel(dtype, from, channels, begin, std::min(begin + kRowsAtOnce, pixels), block.data());
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
