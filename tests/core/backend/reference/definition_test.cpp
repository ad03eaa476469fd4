// Values worked out by hand, which finite differences and adjoints cannot see.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "core/backend/reference/reference_backend.h"
#include "core/base/error.h"
#include "core/base/random.h"
#include "tests/support/tensors.h"

namespace nextframe::test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class Definition : public testing::Test {
 protected:
  Tensor tensor(const Shape& shape, const std::vector<double>& values) {
    return upload(backend_, shape, DType::kFloat64, values);
  }
  Tensor counting(const Shape& shape) {
    std::vector<double> values(static_cast<std::size_t>(shape.elements()));
    std::iota(values.begin(), values.end(), 1.0);
    return tensor(shape, values);
  }
  Tensor fresh(const Shape& shape) { return backend_.allocate(shape, DType::kFloat64); }
  std::vector<double> values(const Tensor& t) { return download(backend_, t); }

  ReferenceBackend backend_;
};

TEST_F(Definition, NewMemoryIsNan) {
  for (const double value : values(fresh({3, 2}))) EXPECT_TRUE(std::isnan(value));
}

TEST_F(Definition, ConvolutionCorrelatesAndPadsWithZeros) {
  // 1 2 3     0 1 0
  // 4 5 6  *  0 0 2  without flipping the kernel
  // 7 8 9     0 0 0
  const Tensor y = fresh({1, 3, 3, 1});
  backend_.convolution({.pad = 1}, counting({1, 3, 3, 1}), {tensor({1, 1, 3, 3}, {0, 1, 0, 0, 0, 2, 0, 0, 0}), 1},
                       tensor({1}, {100}), y, Write::kOverwrite);
  EXPECT_EQ(values(y), (std::vector<double>{104, 106, 100, 111, 114, 103, 120, 123, 106}));
}

TEST_F(Definition, WarpMovesAlongItsFlows) {
  // 1 2 3    moved one to the right, half a pixel down, and both by far.
  // 4 5 6
  const std::vector<double> flow{1, 0, 0, 0.5, -7, 9};
  std::vector<double> flows;
  for (int pixel = 0; pixel < 6; ++pixel) flows.insert(flows.end(), flow.begin(), flow.end());
  const Tensor y = fresh({1, 2, 3, 3});
  backend_.warp(counting({1, 2, 3, 1}), tensor({1, 2, 3, 6}, flows), 0, y);
  EXPECT_EQ(values(y), (std::vector<double>{0, 0.5, 0, 1, 1, 0, 2, 1.5, 0, 0, 2.5, 0, 4, 3.5, 0, 5, 4.5, 0}));
}

TEST_F(Definition, WarpGivesItsRowsAndKeepsChannelsTogether) {
  const Tensor y = fresh({1, 1, 2, 4});
  backend_.warp(counting({1, 3, 2, 2}), tensor({1, 1, 2, 4}, {0, 0, 0, 1, 0, 0, 0, 1}), 2, y);
  EXPECT_EQ(values(y), (std::vector<double>{9, 10, 5, 6, 11, 12, 7, 8}));
}

TEST_F(Definition, WarpAlongWhatIsNoFlowGivesNan) {
  const Tensor y = fresh({1, 1, 2, 2}), dflows = fresh({1, 1, 2, 4}), dx = fresh({1, 1, 2, 1});
  const Tensor x = counting({1, 1, 2, 1});
  const Tensor flows = tensor({1, 1, 2, 4}, {0, 0, kNan, 0, 0, std::numeric_limits<double>::infinity(), 0, 0});
  backend_.warp(x, flows, 0, y);
  const std::vector<double> got = values(y);
  EXPECT_EQ(got[0], 1.0);
  EXPECT_TRUE(std::isnan(got[1]) && std::isnan(got[2]));
  EXPECT_EQ(got[3], 2.0);
  backend_.warp_backward(x, flows, y, dflows, dx, Write::kOverwrite);
  EXPECT_TRUE(std::isnan(values(dflows)[2]));
}

TEST_F(Definition, WarpRefusesFlowsThatDoNotFit) {
  const Tensor x = counting({1, 3, 2, 2});
  EXPECT_THROW(backend_.warp(x, fresh({1, 3, 2, 3}), 0, fresh({1, 3, 2, 2})), Error);
  EXPECT_THROW(backend_.warp(x, fresh({1, 2, 2, 2}), 2, fresh({1, 2, 2, 2})), Error);
  EXPECT_THROW(backend_.warp(x, fresh({1, 3, 2, 4}), 0, fresh({1, 3, 2, 2})), Error);
}

TEST_F(Definition, TransposedConvolutionSpreadsTheKernel) {
  const Tensor y = fresh({1, 4, 4, 1});
  backend_.convolution_transposed({.stride = 2}, tensor({1, 2, 2, 1}, {1, 2, 3, 4}),
                                  {tensor({1, 1, 2, 2}, {1, 10, 100, 1000}), 1}, {}, y, Write::kOverwrite);
  EXPECT_EQ(values(y), (std::vector<double>{1, 10, 2, 20, 100, 1000, 200, 2000, 3, 30, 4, 40, 300, 3000, 400, 4000}));
}

TEST_F(Definition, ConvolutionWeightsAreOutInRowColumn) {
  // One pixel, two channels in, two out, kernel 1: y[o] = sum w[o][c] x[c].
  const Tensor y = fresh({1, 1, 1, 2});
  backend_.convolution({}, tensor({1, 1, 1, 2}, {1, 10}), {tensor({2, 2, 1, 1}, {1, 2, 3, 4}), 1}, {}, y,
                       Write::kOverwrite);
  EXPECT_EQ(values(y), (std::vector<double>{21, 43}));
  backend_.convolution_transposed({}, tensor({1, 1, 1, 2}, {1, 10}), {tensor({2, 2, 1, 1}, {1, 2, 3, 4}), 1}, {}, y,
                                  Write::kAccumulate);
  EXPECT_EQ(values(y), (std::vector<double>{21 + 31, 43 + 42}));
}

TEST_F(Definition, LstmGateOrderAndPeepholes) {
  const Tensor cell = fresh({1, 1, 1, 1}), hidden = fresh({1, 1, 1, 1});
  const Tensor gates = tensor({1, 1, 1, 4}, {0.1, 0.2, 0.3, 0.4});
  backend_.lstm(tensor({1, 1, 1, 1}, {0.5}), tensor({3}, {1.0, 2.0, 3.0}), gates, cell, hidden);
  const auto s = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  const double i = s(0.1 + 0.5), f = s(0.2 + 2.0 * 0.5), g = std::tanh(0.3);
  const double c = f * 0.5 + i * g, o = s(0.4 + 3.0 * c);
  EXPECT_LT(relative_difference(values(gates), {i, f, g, o}), 1e-15);
  EXPECT_NEAR(values(cell)[0], c, 1e-15);
  EXPECT_NEAR(values(hidden)[0], o * std::tanh(c), 1e-15);
}

TEST_F(Definition, GruGateOrder) {
  const auto s = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  const Tensor gates = tensor({1, 1, 1, 3}, {0.1, 0.2, -3.0}), kept = fresh({1, 1, 1, 1}), hidden = fresh({1, 1, 1, 1});
  backend_.gru_after({.kind = Activation::kLeaky, .slope = 0.2}, tensor({1, 1, 1, 3}, {0.3, 0.4, 0.5}),
                     tensor({1, 1, 1, 1}, {0.7}), gates, kept, hidden);
  const double z = s(0.4), r = s(0.6), n = 0.2 * (-3.0 + r * 0.5);
  EXPECT_LT(relative_difference(values(gates), {z, r, n}), 1e-15);
  EXPECT_EQ(values(kept)[0], 0.5);
  EXPECT_NEAR(values(hidden)[0], (1 - z) * 0.7 + z * n, 1e-15);
}

TEST_F(Definition, GroupsDoNotMix) {
  // Two groups of two channels over two pixels; the second is a hundredfold of the first.
  const Tensor x = tensor({1, 1, 2, 4}, {1, 2, 100, 200, 3, 4, 300, 400});
  const Tensor y = fresh({1, 1, 2, 4}), mean = fresh({1, 2}), scale = fresh({1, 2});
  backend_.group_norm({.groups = 2, .epsilon = 0.0}, x, tensor({4}, {1, 1, 1, 1}), tensor({4}, {0, 0, 0, 5}), y, mean,
                      scale);
  EXPECT_EQ(values(mean), (std::vector<double>{2.5, 250}));
  const double s = 1.0 / std::sqrt(1.25);
  EXPECT_LT(relative_difference(values(y),
                                {-1.5 * s, -0.5 * s, -1.5 * s, -0.5 * s + 5, 0.5 * s, 1.5 * s, 0.5 * s, 1.5 * s + 5}),
            1e-14);
}

TEST_F(Definition, SpaceToDepthOrder) {
  const Tensor blocks = fresh({1, 1, 2, 8}), back = fresh({1, 2, 4, 2});
  backend_.space_to_depth(2, counting({1, 2, 4, 2}), blocks);
  EXPECT_EQ(values(blocks), (std::vector<double>{1, 2, 3, 4, 9, 10, 11, 12, 5, 6, 7, 8, 13, 14, 15, 16}));
  backend_.depth_to_space(2, blocks, back);
  EXPECT_EQ(values(back), values(counting({1, 2, 4, 2})));
}

TEST_F(Definition, PaddingRepeatsTheEdgeOrIsZero) {
  const Tensor padded = fresh({1, 3, 3, 1});
  backend_.crop_or_pad(PadFill::kEdge, counting({1, 2, 2, 1}), padded);
  EXPECT_EQ(values(padded), (std::vector<double>{1, 2, 2, 3, 4, 4, 3, 4, 4}));
  backend_.crop_or_pad(PadFill::kZero, counting({1, 2, 2, 1}), padded);
  EXPECT_EQ(values(padded), (std::vector<double>{1, 2, 0, 3, 4, 0, 0, 0, 0}));
}

TEST_F(Definition, MaskedPixelsCountForNothingEvenAsNan) {
  const Tensor sum = backend_.zeros({1}, DType::kFloat64), gradient = fresh({2, 1, 1, 2, 1});
  backend_.pixel_loss({.kind = PixelLoss::kSquared, .weight = 2.0, .scale = 0.5}, tensor({2, 1, 1, 2, 1}, {1, 2, 3, 4}),
                      tensor({2, 1, 1, 2, 1}, {0, kNan, 1, 1}), tensor({2, 1, 1, 2, 1}, {1, 0, 1, 1}),
                      tensor({2}, {1, 3}), sum, gradient, Write::kOverwrite);
  EXPECT_EQ(values(sum)[0], 1.0 + 3.0 * (4.0 + 9.0));
  EXPECT_EQ(values(gradient), (std::vector<double>{2, 0, 12, 18}));
}

TEST_F(Definition, ErrorsOfEachLoss) {
  const Tensor prediction = tensor({1, 1, 1, 1, 2}, {0.8, 0.2}), target = tensor({1, 1, 1, 1, 2}, {0.0, 0.5});
  const auto loss = [&](PixelLoss kind) {
    const Tensor sum = backend_.zeros({1}, DType::kFloat64);
    backend_.pixel_loss({.kind = kind, .delta = 0.5}, prediction, target, {}, {}, sum, {}, Write::kOverwrite);
    return values(sum)[0];
  };
  EXPECT_NEAR(loss(PixelLoss::kSquared), 0.64 + 0.09, 1e-15);
  EXPECT_NEAR(loss(PixelLoss::kAbsolute), 0.8 + 0.3, 1e-15);
  EXPECT_NEAR(loss(PixelLoss::kHuber), 0.5 * (0.8 - 0.25) + 0.045, 1e-15);
  EXPECT_NEAR(loss(PixelLoss::kCrossEntropy), -std::log(0.2) - 0.5 * std::log(0.2) - 0.5 * std::log(0.8), 1e-15);
}

TEST_F(Definition, LossesGoByTheTargetWhereWeightsAreGiven) {
  const Tensor prediction = tensor({1, 1, 1, 4, 1}, {1, 1, 1, 1}), target = tensor({1, 1, 1, 4, 1}, {0, 2, 3, 5});
  const Tensor sum = backend_.zeros({1}, DType::kFloat64), gradient = fresh({1, 1, 1, 4, 1});
  backend_.pixel_loss({.kind = PixelLoss::kSquared, .target_weights = {{2, 5}, {1, 10, 100}}}, prediction, target, {},
                      {}, sum, gradient, Write::kOverwrite);
  EXPECT_EQ(values(sum)[0], 1.0 + 10 * (1.0 + 4.0) + 100 * 16.0);
  EXPECT_EQ(values(gradient), (std::vector<double>{2, -20, -40, -800}));
  EXPECT_THROW(backend_.pixel_loss({.target_weights = {{2, 5}, {1, 10}}}, prediction, target, {}, {}, sum, gradient,
                                   Write::kOverwrite),
               Error);
}

TEST_F(Definition, SpectralLossComparesAmplitudes) {
  const auto loss = [&](const std::vector<double>& prediction, const std::vector<double>& target) {
    const Tensor sum = backend_.zeros({1}, DType::kFloat64);
    backend_.frame_loss({.kind = FrameLoss::kSpectral}, tensor({1, 1, 2, 2, 1}, prediction),
                        tensor({1, 1, 2, 2, 1}, target), {}, {}, sum, {}, Write::kOverwrite);
    return values(sum)[0];
  };
  EXPECT_NEAR(loss({1, 0, 0, 0}, {0, 0, 1, 0}), 0.0, 1e-15) << "a displaced pixel";
  EXPECT_NEAR(loss({0, 0, 0, 0}, {1, 2, 3, 4}), 30.0, 1e-13) << "Parseval";
  // The unitary transform of one pixel is 1/2 everywhere, of a row of two 1, 0, 1, 0.
  EXPECT_NEAR(loss({1, 0, 0, 0}, {1, 1, 0, 0}), 4 * 0.25, 1e-15);
}

TEST_F(Definition, FrameLossesKnowNothingOfMissingPixels) {
  const Shape frames{1, 1, 11, 12, 1};
  Random random(3);
  std::vector<double> p = uniform(random, 132, 0.0, 1.0), t = uniform(random, 132, 0.0, 1.0), valid(132, 1.0);
  // The last column is missing: one window of 11x11 is left.
  for (std::size_t i = 11; i < valid.size(); i += 12) valid[i] = 0.0, p[i] = kNan, t[i] = kNan;
  for (const FrameLoss kind : {FrameLoss::kSpectral, FrameLoss::kStructure}) {
    const Tensor sum = backend_.zeros({1}, DType::kFloat64), gradient = fresh(frames);
    backend_.frame_loss({.kind = kind}, tensor(frames, p), tensor(frames, t), tensor(frames, valid), {}, sum, gradient,
                        Write::kOverwrite);
    EXPECT_GT(values(sum)[0], 0.0);
    for (std::size_t i = 0; i < valid.size(); ++i) {
      EXPECT_EQ(values(gradient)[i] == 0.0, valid[i] == 0.0) << static_cast<int>(kind) << " pixel " << i;
    }
  }
}

TEST_F(Definition, NoWindowIsNoLossOfStructure) {
  const Shape frames{1, 1, 11, 11, 1};
  std::vector<double> valid(121, 1.0);
  valid[60] = 0.0;
  const Tensor sum = backend_.zeros({1}, DType::kFloat64), gradient = fresh(frames);
  backend_.frame_loss({.kind = FrameLoss::kStructure}, counting(frames), tensor(frames, valid), tensor(frames, valid),
                      {}, sum, gradient, Write::kOverwrite);
  EXPECT_EQ(values(sum)[0], 0.0);
  EXPECT_EQ(values(gradient), std::vector<double>(121, 0.0));
  EXPECT_THROW(backend_.frame_loss({.kind = FrameLoss::kStructure}, counting({1, 1, 10, 11, 1}),
                                   counting({1, 1, 10, 11, 1}), {}, {}, sum, {}, Write::kOverwrite),
               Error);
}

}  // namespace
}  // namespace nextframe::test
