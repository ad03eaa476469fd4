#include <algorithm>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/convolution_plan.h"
#include "core/backend/cpu/parallel.h"

// Which form each operation takes, by its shape alone (measured on two Zen 5 cores with oneDNN 2.6, share of FMA peak):
//  - convolution: oneDNN's forward convolution, bias, sum and activation fused into it (0.91-1.1);
//  - transposed, stride 1, which is every data gradient of a recurrent layer: the forward convolution with flipped kernel
//    and swapped channels (0.90-1.1; the library's data gradient 0.67-0.94), sums fused likewise;
//  - transposed, strided: the library's data gradient (0.80-0.85), bias, sum and activation in a pass of their own;
//  - weight gradient: the library's, one call over all timesteps (0.85-1.0, 0.7 where channels are few);
//  - strided 1x1 kernels: the pixels that the stride meets are gathered, and an unstrided 1x1 convolution does the rest:
//    the library's weight gradient of the strided form hangs or is wrong for few channels (uxlfoundation/oneDNN#6035).

namespace nextframe::cpu {

namespace {

PlanKey key_of(PlanKind kind, const ConvolutionSpec& spec, const Tensor& source, const Tensor& destination,
               const Shape& weights) {
  PlanKey key;
  key.kind = kind;
  key.batch = source.dimension(0);
  key.source_height = source.dimension(1);
  key.source_width = source.dimension(2);
  key.source_channels = source.dimension(3);
  key.destination_height = destination.dimension(1);
  key.destination_width = destination.dimension(2);
  key.destination_channels = destination.dimension(3);
  key.kernel_height = weights[2];
  key.kernel_width = weights[3];
  key.stride = spec.stride;
  key.dilation = spec.dilation;
  key.pad_height = spec.above();
  key.pad_width = spec.pad;
  return key;
}

bool is_strided_point(const ConvolutionSpec& spec, const Shape& weights) {
  return spec.stride > 1 && weights[2] == 1 && weights[3] == 1;
}

/// The unstrided 1x1 convolution that remains of a strided one after gathering.
ConvolutionSpec point_spec(const ConvolutionSpec& spec) {
  ConvolutionSpec point;
  point.activation = spec.activation;
  return point;
}

/// Calls visit(wide pixel or -1 for padding, narrow pixel) for every pixel of narrow [N,P,Q,*], where wide [N,H,W,*] is
/// read at p * stride - pad.
template <class Visit>
void each_strided_pixel(int threads, const ConvolutionSpec& spec, const Tensor& wide, const Tensor& narrow,
                        const Visit& visit) {
  const std::int64_t height = wide.dimension(1), width = wide.dimension(2);
  const std::int64_t rows = narrow.dimension(1), columns = narrow.dimension(2);
  parallel_for(threads, narrow.dimension(0) * rows, 8, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      const std::int64_t y = row % rows * spec.stride - spec.above();
      for (std::int64_t column = 0; column < columns; ++column) {
        const std::int64_t x = column * spec.stride - spec.pad;
        const bool inside = y >= 0 && y < height && x >= 0 && x < width;
        visit(inside ? (row / rows * height + y) * width + x : -1, row * columns + column);
      }
    }
  });
}

Shape gathered_shape(const Tensor& wide, const Tensor& narrow) {
  return {narrow.dimension(0), narrow.dimension(1), narrow.dimension(2), wide.dimension(3)};
}

void gather(int threads, const ConvolutionSpec& spec, const Tensor& wide, const Tensor& narrow) {
  const std::int64_t channels = wide.dimension(3);
  const float* from = wide.data<float>();
  float* to = narrow.data<float>();
  each_strided_pixel(threads, spec, wide, narrow, [=](std::int64_t source, std::int64_t target) {
    if (source < 0) {
      std::fill_n(to + target * channels, channels, 0.0f);
    } else {
      std::copy_n(from + source * channels, channels, to + target * channels);
    }
  });
}

}  // namespace

void CpuBackend::do_convolution(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                                const Tensor& y, Write write) {
  if (y.elements() == 0) return;
  const ThreadScope scope(threads_);
  if (is_strided_point(spec, w.tensor.shape())) {
    const Tensor gathered = allocate(gathered_shape(x, y), x.dtype());
    gather(threads_, spec, x, gathered);
    do_convolution(point_spec(spec), gathered, w, bias, y, write);
    return;
  }
  PlanKey key = key_of(PlanKind::kForward, spec, x, y, w.tensor.shape());
  key.bias = static_cast<bool>(bias);
  key.accumulate = write == Write::kAccumulate;
  key.activation = spec.activation;
  plans_->run(key, x.data<float>(), w, WeightOrder::kPlain, bias ? bias.data<float>() : nullptr, y.data<float>());
}

void CpuBackend::do_convolution_transposed(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w,
                                           const Tensor& bias, const Tensor& y, Write write) {
  if (y.elements() == 0) return;
  const ThreadScope scope(threads_);
  const Shape& kernel = w.tensor.shape();
  const std::int64_t pad_height = spec.dilation * (kernel[2] - 1) - spec.above();
  const std::int64_t pad_width = spec.dilation * (kernel[3] - 1) - spec.pad;
  if (spec.stride > 1 || pad_height < 0 || pad_width < 0) {
    transposed_strided(spec, x, w, bias, y, write);
    return;
  }
  PlanKey key = key_of(PlanKind::kForward, spec, x, y, kernel);
  key.pad_height = pad_height;
  key.pad_width = pad_width;
  key.bias = static_cast<bool>(bias);
  key.accumulate = write == Write::kAccumulate;
  key.activation = spec.activation;
  plans_->run(key, x.data<float>(), w, WeightOrder::kFlippedSwapped, bias ? bias.data<float>() : nullptr,
              y.data<float>());
}

/// The library's data gradient can neither add a bias nor sum nor activate: a second pass does.
void CpuBackend::transposed_strided(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w,
                                    const Tensor& bias, const Tensor& y, Write write) {
  const bool accumulate = write == Write::kAccumulate;
  const bool second_pass = accumulate || bias || spec.activation.kind != Activation::kNone;
  const Tensor gradient = accumulate ? allocate(y.shape(), y.dtype()) : y;
  if (is_strided_point(spec, w.tensor.shape())) {
    const Tensor narrow = allocate(gathered_shape(y, x), x.dtype());
    do_convolution_transposed(ConvolutionSpec{}, x, w, Tensor(), narrow, Write::kOverwrite);
    do_fill(0.0, gradient);
    const std::int64_t channels = y.dimension(3);
    const float* from = narrow.data<float>();
    float* to = gradient.data<float>();
    each_strided_pixel(threads_, spec, gradient, narrow, [=](std::int64_t target, std::int64_t source) {
      if (target >= 0) std::copy_n(from + source * channels, channels, to + target * channels);
    });
  } else {
    const PlanKey key = key_of(PlanKind::kDataGradient, spec, gradient, x, w.tensor.shape());
    plans_->run(key, gradient.data<float>(), w, WeightOrder::kPlain, nullptr, x.data<float>());
  }
  if (second_pass) {
    const std::int64_t channels = y.dimension(3);
    finish(spec.activation, gradient.data<float>(), bias ? bias.data<float>() : nullptr, y.data<float>(),
           y.elements() / channels, channels, write);
  }
}

void CpuBackend::do_convolution_weight_gradient(const ConvolutionSpec& spec, const Tensor& x, const Tensor& dy,
                                                const Tensor& dw, Write write) {
  const ThreadScope scope(threads_);
  if (dy.elements() == 0) {
    if (write == Write::kOverwrite) do_fill(0.0, dw);
    return;
  }
  if (is_strided_point(spec, dw.shape())) {
    const Tensor gathered = allocate(gathered_shape(x, dy), x.dtype());
    gather(threads_, spec, x, gathered);
    do_convolution_weight_gradient(point_spec(spec), gathered, dy, dw, write);
    return;
  }
  const PlanKey key = key_of(PlanKind::kWeightsGradient, spec, x, dy, dw.shape());
  if (write == Write::kOverwrite) {
    plans_->run_weights_gradient(key, x.data<float>(), dy.data<float>(), dw.data<float>());
    return;
  }
  const Tensor gradient = allocate(dw.shape(), dw.dtype());
  plans_->run_weights_gradient(key, x.data<float>(), dy.data<float>(), gradient.data<float>());
  do_add(1.0, gradient, dw, Write::kAccumulate);
}

}  // namespace nextframe::cpu
