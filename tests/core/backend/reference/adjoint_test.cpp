// The three convolutions are one bilinear form seen from its three sides: with y = conv(x, w),
//   <conv(x, w), y'> = <x, conv_transposed(y', w)> = <w, weight_gradient(x, y')>.

#include <gtest/gtest.h>

#include <ostream>

#include "core/backend/reference/reference_backend.h"
#include "tests/support/tensors.h"

namespace nextframe::test {
namespace {

struct Problem {
  std::int64_t batch, height, width, in, out, kernel;
  int stride, pad, dilation;
};

std::ostream& operator<<(std::ostream& to, const Problem& p) {
  return to << "[" << p.batch << "," << p.height << "," << p.width << "," << p.in << "]->" << p.out << " kernel "
            << p.kernel << " stride " << p.stride << " pad " << p.pad << " dilation " << p.dilation;
}

class ConvolutionAdjoint : public testing::TestWithParam<Problem> {};

TEST_P(ConvolutionAdjoint, ThreeSidesOfOneForm) {
  const Problem& p = GetParam();
  ReferenceBackend backend;
  Random random(11);
  const ConvolutionSpec spec{.stride = p.stride, .pad = p.pad, .dilation = p.dilation};
  const Shape large{p.batch, p.height, p.width, p.in};
  const Shape small{p.batch, spec.output_length(p.height, p.kernel), spec.output_length(p.width, p.kernel), p.out};
  const Shape weights{p.out, p.in, p.kernel, p.kernel};
  const auto filled = [&](const Shape& shape) {
    return upload(backend, shape, DType::kFloat64, uniform(random, shape.elements(), -1.0, 1.0));
  };
  const auto value = [&](const Tensor& a, const Tensor& b) { return dot(download(backend, a), download(backend, b)); };
  const Tensor x = filled(large), w = filled(weights), dy = filled(small);
  const Tensor y = backend.allocate(small, DType::kFloat64);
  const Tensor dx = backend.allocate(large, DType::kFloat64);
  const Tensor dw = backend.allocate(weights, DType::kFloat64);
  backend.convolution(spec, x, {w, 1}, {}, y, Write::kOverwrite);
  backend.convolution_transposed(spec, dy, {w, 1}, {}, dx, Write::kOverwrite);
  backend.convolution_weight_gradient(spec, x, dy, dw, Write::kOverwrite);
  const double form = value(y, dy);
  EXPECT_NE(form, 0.0);
  EXPECT_NEAR(value(x, dx), form, 1e-11);
  EXPECT_NEAR(value(w, dw), form, 1e-11);
}

INSTANTIATE_TEST_SUITE_P(Problems, ConvolutionAdjoint,
                         testing::Values(Problem{2, 5, 6, 3, 4, 3, 1, 1, 1}, Problem{1, 7, 5, 1, 1, 5, 1, 2, 1},
                                         Problem{2, 8, 6, 2, 3, 4, 2, 1, 1}, Problem{1, 9, 9, 2, 2, 3, 2, 1, 1},
                                         Problem{1, 17, 12, 1, 2, 7, 5, 1, 1}, Problem{2, 6, 7, 2, 3, 3, 1, 2, 2},
                                         Problem{1, 6, 5, 3, 2, 1, 2, 0, 1}, Problem{1, 2, 2, 2, 2, 5, 1, 2, 1},
                                         Problem{1, 8, 8, 2, 2, 3, 2, 3, 3}));

}  // namespace
}  // namespace nextframe::test
