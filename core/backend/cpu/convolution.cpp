#include <algorithm>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/convolution_plan.h"
#include "core/backend/cpu/parallel.h"
#include "core/backend/cpu/winograd.h"

// Which form each operation takes, by its shape alone (measured on two Zen 5 cores with oneDNN 2.6, share of FMA peak):
//  - unstrided 3x3 and 5x5 kernels between 8 channels or more, forward, transposed and their weight gradients, in float32
//    and bf16: Winograd's algorithm in float32, which needs a fraction of the multiplications (3.5-5 times the FMA peak on
//    two Zen 4 cores, counted as direct sums; bf16 is float32 once in registers). Not for bf16 where the processor has AMX.
//    Winograd::problem_of has the rule;
//  - convolution: oneDNN's forward convolution, bias, sum and activation fused into it (0.91-1.1);
//  - transposed, stride 1, which is every data gradient of a recurrent layer: the forward convolution with flipped kernel
//    and swapped channels (0.90-1.1; the library's data gradient 0.67-0.94), sums fused likewise;
//  - transposed, strided: the library's data gradient (0.80-0.85), bias, sum and activation in a pass of their own;
//  - weight gradient: the library's, one call over all timesteps (0.85-1.0, 0.7 where channels are few);
//  - bf16 where the processor does not multiply it: through float32 copies of a few images at a time, the library's own
//    emulation being slower than that, or its slow reference;
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

/// Operands in memory as they are multiplied.
Operands operands_of(const Tensor& x) {
  return x.dtype() == DType::kBFloat16 ? Operands::kBFloat16 : Operands::kFloat32;
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
void each_strided_pixel(const Threads& threads, const ConvolutionSpec& spec, const Tensor& wide, const Tensor& narrow,
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

std::int64_t pixel_bytes(const Tensor& tensor) {
  return tensor.dimension(3) * static_cast<std::int64_t>(size_of(tensor.dtype()));
}

void gather(const Threads& threads, const ConvolutionSpec& spec, const Tensor& wide, const Tensor& narrow) {
  const std::int64_t pixel = pixel_bytes(wide);
  const char* from = static_cast<const char*>(wide.raw());
  char* to = static_cast<char*>(narrow.raw());
  each_strided_pixel(threads, spec, wide, narrow, [=](std::int64_t source, std::int64_t target) {
    if (source < 0) {
      std::fill_n(to + target * pixel, pixel, char{0});
    } else {
      std::copy_n(from + source * pixel, pixel, to + target * pixel);
    }
  });
}

/// Memory that float32 copies of bf16 images may take at a time: little enough to stay in the cache until it is used.
constexpr std::int64_t kSliceBytes = std::int64_t{8} << 20;

/// Calls work(first, last) for a few images of `images` at a time, of which one takes `bytes`.
template <class Work>
void each_slice(std::int64_t images, std::int64_t bytes, const Work& work) {
  const std::int64_t together = std::clamp<std::int64_t>(kSliceBytes / std::max<std::int64_t>(1, bytes), 1, images);
  for (std::int64_t first = 0; first < images; first += together) work(first, std::min(images, first + together));
}

std::int64_t float_bytes(const Tensor& images) {
  return images.elements() / images.dimension(0) * static_cast<std::int64_t>(sizeof(float));
}

}  // namespace

Tensor CpuBackend::in_float(const Tensor& x) {
  if (x.dtype() == DType::kFloat32) return x;
  const Tensor wide = workspace(x.shape(), DType::kFloat32);
  convert(x, wide);
  return wide;
}

bool CpuBackend::multiplies(const PlanKey& key) {
  return key.operands != Operands::kBFloat16 || (onednn_has_bf16() && plans_->is_fast(key));
}

void CpuBackend::multiply(PlanKey key, const Tensor& x, const WeightView& w, WeightOrder order, const Tensor& bias,
                          const Tensor& y) {
  // Of a data gradient the source is what is written.
  const bool forward = key.kind == PlanKind::kForward;
  const auto run = [&](const Tensor& from, const Tensor& to) {
    plans_->run(key, forward ? from : to, w, order, bias, forward ? to : from);
  };
  key.operands = operands_of(x);
  key.result = y.dtype();
  if (multiplies(key)) {
    run(x, y);
    return;
  }
  key.operands = Operands::kRoundedFloat32;
  key.result = DType::kFloat32;
  each_slice(key.batch, float_bytes(x) + float_bytes(y), [&](std::int64_t first, std::int64_t last) {
    key.batch = last - first;
    const Tensor part = y.range(first, last);
    const bool apart = part.dtype() != DType::kFloat32 && !key.accumulate;
    const Tensor wide = apart ? workspace(part.shape(), DType::kFloat32) : in_float(part);
    run(in_float(x.range(first, last)), wide);
    if (part.dtype() != DType::kFloat32) convert(wide, part);
  });
}

void CpuBackend::do_convolution(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                                const Tensor& y, Write write) {
  if (y.elements() == 0) return;
  const ThreadScope scope(threads_);
  if (is_strided_point(spec, w.tensor.shape())) {
    const Tensor gathered = workspace(gathered_shape(x, y), x.dtype());
    gather(threads_, spec, x, gathered);
    do_convolution(point_spec(spec), gathered, w, bias, y, write);
    return;
  }
  if (const auto problem = Winograd::problem_of(spec, x, y, w.tensor.dimension(2), spec.above(), spec.pad)) {
    winograd_->run(*problem, x, w, WeightOrder::kPlain, bias, spec.activation, y, write);
    return;
  }
  PlanKey key = key_of(PlanKind::kForward, spec, x, y, w.tensor.shape());
  key.bias = static_cast<bool>(bias);
  key.accumulate = write == Write::kAccumulate;
  key.activation = spec.activation;
  multiply(key, x, w, WeightOrder::kPlain, bias, y);
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
  if (const auto problem = Winograd::problem_of(spec, x, y, kernel[2], pad_height, pad_width)) {
    winograd_->run(*problem, x, w, WeightOrder::kFlippedSwapped, bias, spec.activation, y, write);
    return;
  }
  PlanKey key = key_of(PlanKind::kForward, spec, x, y, kernel);
  key.pad_height = pad_height;
  key.pad_width = pad_width;
  key.bias = static_cast<bool>(bias);
  key.accumulate = write == Write::kAccumulate;
  key.activation = spec.activation;
  multiply(key, x, w, WeightOrder::kFlippedSwapped, bias, y);
}

/// The library's data gradient can neither add a bias nor sum nor activate: a second pass does. In bf16 it comes right
/// behind, a few images at a time, and in float32 between the two.
void CpuBackend::transposed_strided(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w,
                                    const Tensor& bias, const Tensor& y, Write write) {
  const bool accumulate = write == Write::kAccumulate;
  const bool second_pass = accumulate || bias || spec.activation.kind != Activation::kNone;
  if (!second_pass) {
    scatter(spec, x, w, y);
  } else if (y.dtype() == DType::kBFloat16) {
    each_slice(y.dimension(0), float_bytes(y), [&](std::int64_t first, std::int64_t last) {
      const Tensor part = y.range(first, last);
      const Tensor gradient = workspace(part.shape(), DType::kFloat32);
      scatter(spec, x.range(first, last), w, gradient);
      finish(spec.activation, gradient, bias, part, write);
    });
  } else {
    const Tensor gradient = accumulate ? workspace(y.shape(), y.dtype()) : y;
    scatter(spec, x, w, gradient);
    finish(spec.activation, gradient, bias, y, write);
  }
}

void CpuBackend::scatter(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& y) {
  if (!is_strided_point(spec, w.tensor.shape())) {
    multiply(key_of(PlanKind::kDataGradient, spec, y, x, w.tensor.shape()), x, w, WeightOrder::kPlain, Tensor(), y);
    return;
  }
  const Tensor narrow = workspace(gathered_shape(y, x), y.dtype());
  do_convolution_transposed(ConvolutionSpec{}, x, w, Tensor(), narrow, Write::kOverwrite);
  do_fill(0.0, y);
  const std::int64_t pixel = pixel_bytes(y);
  const char* from = static_cast<const char*>(narrow.raw());
  char* to = static_cast<char*>(y.raw());
  each_strided_pixel(threads_, spec, y, narrow, [=](std::int64_t target, std::int64_t source) {
    if (target >= 0) std::copy_n(from + source * pixel, pixel, to + target * pixel);
  });
}

void CpuBackend::do_convolution_weight_gradient(const ConvolutionSpec& spec, const Tensor& x, const Tensor& dy,
                                                const Tensor& dw, Write write) {
  const ThreadScope scope(threads_);
  if (dy.elements() == 0) {
    if (write == Write::kOverwrite) do_fill(0.0, dw);
    return;
  }
  if (is_strided_point(spec, dw.shape())) {
    const Tensor gathered = workspace(gathered_shape(x, dy), x.dtype());
    gather(threads_, spec, x, gathered);
    do_convolution_weight_gradient(point_spec(spec), gathered, dy, dw, write);
    return;
  }
  if (const auto problem = Winograd::problem_of(spec, x, dy, dw.dimension(2), spec.above(), spec.pad)) {
    winograd_->run_weight_gradient(*problem, x, dy, dw, write);
    return;
  }
  PlanKey key = key_of(PlanKind::kWeightsGradient, spec, x, dy, dw.shape());
  key.operands = operands_of(x);
  if (!multiplies(key)) {
    each_slice(key.batch, float_bytes(x) + float_bytes(dy), [&](std::int64_t first, std::int64_t last) {
      do_convolution_weight_gradient(spec, in_float(x.range(first, last)), in_float(dy.range(first, last)), dw,
                                     first == 0 ? write : Write::kAccumulate);
    });
    return;
  }
  if (write == Write::kOverwrite) {
    plans_->run_weights_gradient(key, x, dy, dw);
    return;
  }
  const Tensor gradient = workspace(dw.shape(), dw.dtype());
  plans_->run_weights_gradient(key, x, dy, gradient);
  do_add(1.0, gradient, dw, Write::kAccumulate);
}

}  // namespace nextframe::cpu
