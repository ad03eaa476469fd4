#include <cstring>
#include <sstream>

#include "tests/core/backend/cpu/parity.h"

namespace nextframe {
namespace {

struct Problem {
  std::int64_t batch, height, width, in, out, kernel;
  int stride, pad, dilation;
};

std::ostream& operator<<(std::ostream& to, const Problem& p) {
  return to << "[" << p.batch << "," << p.height << "," << p.width << "," << p.in << "]->" << p.out << " k" << p.kernel
            << " s" << p.stride << " p" << p.pad << " d" << p.dilation;
}

/// The shapes of a forecaster in small, and the odd ones: one channel, channels beside the vector width, strides that
/// leave pixels over, frames smaller than the kernel, even kernels, paddings beyond the kernel's reach.
const Problem kProblems[] = {
    {1, 8, 8, 1, 1, 3, 1, 1, 1},    {2, 9, 7, 1, 16, 3, 1, 1, 1},    {2, 8, 8, 16, 64, 5, 1, 2, 1},
    {1, 7, 5, 3, 5, 3, 1, 1, 1},    {3, 6, 9, 17, 33, 5, 1, 2, 1},   {2, 10, 10, 64, 16, 3, 1, 1, 1},
    {2, 6, 6, 16, 1, 1, 1, 0, 1},   {1, 5, 5, 1, 3, 1, 1, 0, 1},     {2, 8, 8, 64, 64, 3, 2, 1, 1},
    {1, 9, 7, 8, 24, 3, 2, 1, 1},   {2, 16, 12, 32, 48, 4, 2, 1, 1}, {1, 7, 9, 5, 3, 4, 2, 1, 1},
    {2, 11, 10, 6, 7, 5, 3, 1, 1},  {1, 2, 2, 4, 8, 5, 1, 2, 1},     {1, 1, 1, 3, 3, 3, 1, 1, 1},
    {2, 12, 9, 8, 8, 3, 1, 2, 2},   {1, 11, 11, 5, 4, 3, 2, 2, 2},   {2, 5, 6, 4, 4, 1, 1, 1, 1},
    {2, 9, 8, 3, 16, 1, 2, 0, 1},   {1, 9, 9, 16, 32, 1, 3, 1, 1},   {1, 8, 6, 1, 2, 1, 2, 0, 1},
    {1, 12, 12, 2, 8, 7, 1, 3, 1},  {4, 4, 4, 96, 128, 5, 1, 2, 1},  {1, 6, 6, 4, 4, 2, 2, 0, 1},
    {1, 7, 7, 4, 6, 3, 1, 0, 1},    {1, 9, 9, 2, 2, 2, 4, 0, 1},     {1, 33, 65, 12, 20, 5, 1, 2, 1},
    {1, 13, 7, 16, 24, 3, 1, 1, 1}, {3, 16, 16, 96, 64, 5, 1, 2, 1}, {2, 7, 11, 40, 8, 5, 1, 0, 1},
    {1, 30, 30, 8, 70, 3, 1, 2, 1},
};

/// Winograd's sums are up to 8e-6 off in float32, and a saturating activation of large sums makes more of that.
constexpr double kTolerance = 2e-5;

class ConvolutionParity : public Parity {
 protected:
  /// Calls check(problem, spec, large shape, small shape, weights shape, write, description) for every case.
  template <class Check>
  void each(const Check& check) {
    for (const Problem& p : kProblems) {
      for (const Write write : {Write::kOverwrite, Write::kAccumulate}) {
        ConvolutionSpec spec{.stride = p.stride, .pad = p.pad, .dilation = p.dilation, .activation = {}};
        const Shape large{p.batch, p.height, p.width, p.in};
        const Shape small{p.batch, spec.output_length(p.height, p.kernel), spec.output_length(p.width, p.kernel),
                          p.out};
        std::ostringstream name;
        name << p << (write == Write::kOverwrite ? " overwrite" : " accumulate");
        check(spec, large, small, Shape{p.out, p.in, p.kernel, p.kernel}, write, name.str());
      }
    }
  }

  WeightView view(const Tensor& tensor, std::uint64_t version = 0) { return {tensor, version}; }
};

const ActivationSpec kActivations[] = {{Activation::kNone, 0.2},
                                       {Activation::kLeaky, 0.2},
                                       {Activation::kRelu, 0.2},
                                       {Activation::kTanh, 0.2},
                                       {Activation::kSigmoid, 0.2}};

TEST_P(ConvolutionParity, Forward) {
  each([&](ConvolutionSpec spec, const Shape& large, const Shape& small, const Shape& weights, Write write,
           const std::string& name) {
    const Both x = filled(large), w = filled(weights), bias = filled({small[3]});
    for (const bool biased : {false, true}) {
      for (const ActivationSpec& activation : kActivations) {
        if (write == Write::kAccumulate && activation.kind != Activation::kNone) continue;
        spec.activation = activation;
        const Both y = output(small, write);
        reference_.convolution(spec, x.reference, view(w.reference), biased ? bias.reference : Tensor(), y.reference,
                               write);
        cpu_->convolution(spec, x.cpu, view(w.cpu), biased ? bias.cpu : Tensor(), y.cpu, write);
        expect_equal(y, name + " activation " + std::to_string(static_cast<int>(activation.kind)), kTolerance);
      }
    }
  });
}

TEST_P(ConvolutionParity, Transposed) {
  each([&](ConvolutionSpec spec, const Shape& large, const Shape& small, const Shape& weights, Write write,
           const std::string& name) {
    const Both x = filled(small), w = filled(weights), bias = filled({large[3]});
    for (const bool biased : {false, true}) {
      for (const ActivationSpec& activation : kActivations) {
        if (write == Write::kAccumulate && activation.kind != Activation::kNone) continue;
        spec.activation = activation;
        const Both y = output(large, write);
        reference_.convolution_transposed(spec, x.reference, view(w.reference), biased ? bias.reference : Tensor(),
                                          y.reference, write);
        cpu_->convolution_transposed(spec, x.cpu, view(w.cpu), biased ? bias.cpu : Tensor(), y.cpu, write);
        expect_equal(y, name + " activation " + std::to_string(static_cast<int>(activation.kind)), kTolerance);
      }
    }
  });
}

TEST_P(ConvolutionParity, WeightGradient) {
  each([&](const ConvolutionSpec& spec, const Shape& large, const Shape& small, const Shape& weights, Write write,
           const std::string& name) {
    const Both x = filled(large), dy = filled(small), dw = output(weights, write);
    reference_.convolution_weight_gradient(spec, x.reference, dy.reference, dw.reference, write);
    cpu_->convolution_weight_gradient(spec, x.cpu, dy.cpu, dw.cpu, write);
    expect_equal(dw, name, kTolerance);
  });
}

TEST_P(ConvolutionParity, NewVersionMeansNewWeights) {
  const ConvolutionSpec spec{.stride = 1, .pad = 2, .dilation = 1, .activation = {}};
  const Both x = filled({2, 8, 8, 32}), w = filled({32, 32, 5, 5}), other = filled({32, 32, 5, 5});
  const Both y = poisoned({2, 8, 8, 32}), z = poisoned({2, 8, 8, 32});
  for (const Both* weights : {&w, &other}) {
    reference_.copy(weights->reference, w.reference);
    cpu_->copy(weights->cpu, w.cpu);
    const std::uint64_t version = cpu_->next_weight_version();
    for (int repeat = 0; repeat < 2; ++repeat) {
      reference_.convolution(spec, x.reference, view(w.reference, version), Tensor(), y.reference, Write::kOverwrite);
      cpu_->convolution(spec, x.cpu, view(w.cpu, version), Tensor(), y.cpu, Write::kOverwrite);
      expect_equal(y, "forward", kTolerance);
      reference_.convolution_transposed(spec, x.reference, view(w.reference, version), Tensor(), z.reference,
                                        Write::kOverwrite);
      cpu_->convolution_transposed(spec, x.cpu, view(w.cpu, version), Tensor(), z.cpu, Write::kOverwrite);
      expect_equal(z, "transposed", kTolerance);
    }
  }
}

TEST_P(ConvolutionParity, SameCallSameBits) {
  const ConvolutionSpec spec{.stride = 1, .pad = 2, .dilation = 1, .activation = {}};
  const Both x = filled({6, 16, 16, 24}), dy = filled({6, 16, 16, 40});
  const Both dw = poisoned({40, 24, 5, 5}), again = poisoned({40, 24, 5, 5});
  cpu_->convolution_weight_gradient(spec, x.cpu, dy.cpu, dw.cpu, Write::kOverwrite);
  const auto other = make_cpu_backend({.threads = GetParam()});
  other->convolution_weight_gradient(spec, x.cpu, dy.cpu, again.cpu, Write::kOverwrite);
  EXPECT_EQ(0, std::memcmp(dw.cpu.raw(), again.cpu.raw(), dw.cpu.bytes()));
}

INSTANTIATE_TEST_SUITE_P(Threads, ConvolutionParity, testing::Values(1, 2, 3), threads_name);

}  // namespace
}  // namespace nextframe
