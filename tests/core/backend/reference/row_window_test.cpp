// Rows of a convolution are the rows of the whole one.

#include <gtest/gtest.h>

#include "core/backend/reference/reference_backend.h"
#include "core/base/error.h"
#include "tests/support/tensors.h"

namespace nextframe::test {
namespace {

class RowWindow : public testing::Test {
 protected:
  Tensor filled(const Shape& shape) {
    return upload(backend_, shape, DType::kFloat64, uniform(random_, shape.elements(), -1.0, 1.0));
  }
  /// Every window of `whole` [1,H,W,C], as write(first, rows) writes it.
  template <class WriteRows>
  void expect_windows(const Tensor& whole, const WriteRows& write, const std::string& what) {
    const std::int64_t height = whole.dimension(1);
    for (std::int64_t first = 0; first < height; ++first) {
      for (std::int64_t count = 1; first + count <= height; ++count) {
        const Tensor rows = backend_.allocate(whole.shape().with(1, count), DType::kFloat64);
        write(first, rows);
        const std::vector<double> expected = download(backend_, whole.at(0).range(first, first + count));
        ASSERT_EQ(download(backend_, rows), expected) << what << ", " << count << " rows from " << first;
      }
    }
  }

  ReferenceBackend backend_;
  Random random_{5};
};

TEST_F(RowWindow, HasTheRowsOfTheWholeOutput) {
  struct Sizes {
    int height, kernel, stride, pad, dilation;
  };
  for (const Sizes& s : {Sizes{6, 3, 1, 1, 1}, Sizes{7, 5, 1, 2, 1}, Sizes{2, 5, 1, 2, 1}, Sizes{5, 1, 1, 0, 1},
                         Sizes{8, 4, 2, 1, 1}, Sizes{9, 3, 2, 1, 1}, Sizes{9, 3, 1, 2, 2}, Sizes{11, 7, 5, 1, 1},
                         Sizes{9, 2, 4, 0, 1}, Sizes{7, 1, 3, 0, 1}, Sizes{6, 3, 1, 0, 1}}) {
    const ConvolutionSpec spec{
        .stride = s.stride, .pad = s.pad, .dilation = s.dilation, .activation = {.kind = Activation::kLeaky}};
    const std::string what = "height " + std::to_string(s.height) + " kernel " + std::to_string(s.kernel) + " stride " +
                             std::to_string(s.stride);
    const Shape large{1, s.height, 5 + s.kernel, 2};
    const Shape small{1, spec.output_length(large[1], s.kernel), spec.output_length(large[2], s.kernel), 3};
    const WeightView w{filled({3, 2, s.kernel, s.kernel}), 1};
    const Tensor x = filled(large), narrow = filled(small), bias = filled({3}), wide_bias = filled({2});
    const Tensor y = backend_.allocate(small, DType::kFloat64), z = backend_.allocate(large, DType::kFloat64);
    backend_.convolution(spec, x, w, bias, y, Write::kOverwrite);
    expect_windows(
        y,
        [&](std::int64_t first, const Tensor& rows) {
          backend_.convolution_rows(spec, x, w, bias, first, rows, Write::kOverwrite);
        },
        what);
    backend_.convolution_transposed(spec, narrow, w, wide_bias, z, Write::kOverwrite);
    expect_windows(
        z,
        [&](std::int64_t first, const Tensor& rows) {
          backend_.convolution_transposed_rows(spec, narrow, w, wide_bias, first, rows, Write::kOverwrite);
        },
        what + " transposed");
  }
}

TEST_F(RowWindow, RefusesRowsThatAreNotThere) {
  const WeightView w{filled({1, 1, 3, 3}), 1};
  const Tensor x = filled({1, 4, 4, 1}), two = filled({2, 4, 4, 1});
  const Tensor rows = filled({1, 2, 4, 1});
  EXPECT_THROW(backend_.convolution_rows({.pad = 1}, x, w, {}, 3, rows, Write::kOverwrite), Error);
  EXPECT_THROW(backend_.convolution_rows({.pad = 1}, x, w, {}, -1, rows, Write::kOverwrite), Error);
  EXPECT_THROW(backend_.convolution_rows({.pad = 1}, two, w, {}, 0, rows, Write::kOverwrite), Error);
  EXPECT_THROW(backend_.convolution_rows({.pad = 3}, x, w, {}, 0, rows, Write::kOverwrite), Error);
}

}  // namespace
}  // namespace nextframe::test
