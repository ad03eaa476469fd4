// Some rows of a convolution's output, as a convolution of the rows of its input that they meet.

#include <algorithm>

#include "core/backend/backend.h"
#include "core/base/error.h"

namespace nextframe {

namespace {

void expect_one_frame(const ConvolutionSpec& spec, const Tensor& x, const Tensor& w, const Tensor& y,
                      std::int64_t first_row) {
  if (x.shape().rank() != 4 || y.shape().rank() != 4 || x.dimension(0) != 1 || y.dimension(0) != 1 || first_row < 0) {
    fail("[convolution_rows] got rows {} from {} of {}, expected one frame [1,H,W,C]", to_string(y.shape()), first_row,
         to_string(x.shape()));
  }
  if (spec.pad_above || spec.pad > spec.dilation * (w.dimension(2) - 1)) {
    fail("[convolution_rows] got padding {} for a kernel of {}, expected no more than the kernel reaches", spec.pad,
         w.dimension(2));
  }
}

/// Division that rounds down, for a positive divisor.
std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

}  // namespace

void Backend::convolution_rows(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                               std::int64_t first_row, const Tensor& y, Write write) {
  expect_one_frame(spec, x, w.tensor, y, first_row);
  const std::int64_t kernel = w.tensor.dimension(2);
  if (first_row + y.dimension(1) > spec.output_length(x.dimension(1), kernel)) {
    fail("[convolution_rows] got {} rows from {}, expected rows of the {} that {} gives", y.dimension(1), first_row,
         spec.output_length(x.dimension(1), kernel), to_string(x.shape()));
  }
  const std::int64_t top = first_row * spec.stride - spec.pad;
  const std::int64_t bottom = top + (y.dimension(1) - 1) * spec.stride + spec.dilation * (kernel - 1) + 1;
  const std::int64_t first = std::max<std::int64_t>(top, 0);
  ConvolutionSpec part = spec;
  part.pad_above = first - top;
  convolution(part, x.rows({first, std::min(bottom, x.dimension(1))}), w, bias, y, write);
}

void Backend::convolution_transposed_rows(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w,
                                          const Tensor& bias, std::int64_t first_row, const Tensor& y, Write write) {
  expect_one_frame(spec, x, w.tensor, y, first_row);
  const std::int64_t reach = spec.dilation * (w.tensor.dimension(2) - 1);
  const std::int64_t top = first_row + spec.pad, bottom = top + y.dimension(1) - 1;
  // A kernel smaller than the stride leaves rows of y out; the row of x above them stands in.
  const std::int64_t last = std::clamp<std::int64_t>(bottom / spec.stride, 0, x.dimension(1) - 1);
  const std::int64_t first = std::clamp<std::int64_t>(floor_divide(top - reach + spec.stride - 1, spec.stride), 0,
                                                      std::min(last, top / spec.stride));
  ConvolutionSpec part = spec;
  part.pad_above = top - first * spec.stride;
  convolution_transposed(part, x.rows({first, last + 1}), w, bias, y, write);
}

}  // namespace nextframe
