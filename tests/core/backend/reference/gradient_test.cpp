// Every backward operation of the seam against finite differences of its forward operation.

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/backend/reference/reference_backend.h"
#include "tests/support/gradients.h"
#include "tests/support/tensors.h"

namespace nextframe::test {
namespace {

using Tensors = std::vector<Tensor>;

class SeamGradient : public testing::Test {
 protected:
  Tensor fresh(const Shape& shape) { return backend_.allocate(shape, DType::kFloat64); }
  Tensor zeros(const Shape& shape) { return backend_.zeros(shape, DType::kFloat64); }
  Tensor copy(const Tensor& x) {
    const Tensor y = fresh(x.shape());
    backend_.copy(x, y);
    return y;
  }
  void check(const std::string& what, const Differentiable& function) {
    expect_gradients(backend_, random_, what, function);
  }

  ReferenceBackend backend_;
  Random random_{5};
};

const ActivationSpec kActivations[] = {{Activation::kNone, 0.2},
                                       {Activation::kRelu, 0.2},
                                       {Activation::kLeaky, 0.2},
                                       {Activation::kTanh, 0.2},
                                       {Activation::kSigmoid, 0.2}};
const ActivationSpec kCandidates[] = {{Activation::kTanh, 0.2}, {Activation::kLeaky, 0.2}, {Activation::kRelu, 0.2}};

std::string name_of(const ActivationSpec& spec) { return "activation " + std::to_string(static_cast<int>(spec.kind)); }

TEST_F(SeamGradient, Activation) {
  for (const ActivationSpec& spec : kActivations) {
    const auto forward = [&](const Tensors& in) {
      const Tensor y = fresh(in[0].shape());
      backend_.activate(spec, in[0], y);
      return Tensors{y};
    };
    check(name_of(spec), {.inputs = {{"x", {2, 3, 5}, 0.1, 2.0, Draw::kEitherSign}},
                          .forward = forward,
                          .backward = [&](const Tensors& in, const Tensors& dout) {
                            backend_.activate_backward(spec, forward(in)[0], dout[0], dout[0]);
                            return dout;
                          }});
  }
}

TEST_F(SeamGradient, ConvolutionAndTransposed) {
  const ConvolutionSpec spec{.stride = 2, .pad = 1, .dilation = 1};
  const Shape large{2, 5, 6, 2}, small{2, 2, 3, 3}, weights{3, 2, 4, 4};
  check("convolution", {.inputs = {{"x", large}, {"w", weights}, {"bias", {3}}},
                        .forward =
                            [&](const Tensors& in) {
                              const Tensor y = fresh(small);
                              backend_.convolution(spec, in[0], {in[1], 1}, in[2], y, Write::kOverwrite);
                              return Tensors{y};
                            },
                        .backward =
                            [&](const Tensors& in, const Tensors& dout) {
                              const Tensors d{fresh(large), fresh(weights), fresh({3})};
                              backend_.convolution_transposed(spec, dout[0], {in[1], 1}, {}, d[0], Write::kOverwrite);
                              backend_.convolution_weight_gradient(spec, in[0], dout[0], d[1], Write::kOverwrite);
                              backend_.sum_channels(dout[0], d[2], Write::kOverwrite);
                              return d;
                            }});
  check("convolution_transposed",
        {.inputs = {{"x", small}, {"w", weights}, {"bias", {2}}},
         .forward =
             [&](const Tensors& in) {
               const Tensor y = fresh(large);
               backend_.convolution_transposed(spec, in[0], {in[1], 1}, in[2], y, Write::kOverwrite);
               return Tensors{y};
             },
         .backward =
             [&](const Tensors& in, const Tensors& dout) {
               const Tensors d{fresh(small), fresh(weights), fresh({2})};
               backend_.convolution(spec, dout[0], {in[1], 1}, {}, d[0], Write::kOverwrite);
               backend_.convolution_weight_gradient(spec, dout[0], in[0], d[1], Write::kOverwrite);
               backend_.sum_channels(dout[0], d[2], Write::kOverwrite);
               return d;
             }});
}

TEST_F(SeamGradient, Lstm) {
  const Shape state{2, 2, 3, 2}, gates{2, 2, 3, 8}, peephole{6};
  for (const bool peepholes : {false, true}) {
    const auto weights = [&](const Tensors& in) { return peepholes ? in[2] : Tensor(); };
    std::vector<DifferentiableInput> inputs{{"c'", state}, {"gates", gates, -2.0, 2.0}};
    if (peepholes) inputs.push_back({"peephole", peephole});
    const auto forward = [&](const Tensors& in) {
      const Tensor cell = fresh(state), hidden = fresh(state);
      backend_.lstm(in[0], weights(in), in[1], cell, hidden);
      return Tensors{cell, hidden};
    };
    check(peepholes ? "lstm with peepholes" : "lstm",
          {.inputs = inputs, .forward = forward, .backward = [&](const Tensors& in, const Tensors& dout) {
             const Tensor cell = forward(in)[0];
             const Tensor dpeephole = peepholes ? zeros(peephole) : Tensor();
             backend_.lstm_backward(in[0], cell, weights(in), dout[1], in[1], dout[0], dpeephole);
             Tensors d{dout[0], in[1]};
             if (peepholes) d.push_back(dpeephole);
             return d;
           }});
  }
}

TEST_F(SeamGradient, GatedMemoryAndOutput) {
  const Shape state{2, 2, 3, 2}, gates{2, 2, 3, 6};
  const GatedMemorySpec spec{.forget_bias = 1};
  const auto memory = [&](const Tensors& in) {
    const Tensor next = fresh(state);
    backend_.gated_memory(spec, in[0], in[1], next);
    return Tensors{next};
  };
  check("gated_memory", {.inputs = {{"c'", state}, {"gates", gates, -2.0, 2.0}},
                         .forward = memory,
                         .backward = [&](const Tensors& in, const Tensors& dout) {
                           memory(in);
                           backend_.gated_memory_backward(in[0], in[1], dout[0]);
                           return Tensors{dout[0], in[1]};
                         }});
  const auto output = [&](const Tensors& in) {
    const Tensor hidden = fresh(state);
    backend_.gated_output(GateValues::kPreActivation, in[0], in[1], hidden);
    return Tensors{hidden};
  };
  check("gated_output", {.inputs = {{"gate", state}, {"content", state}},
                         .forward = output,
                         .backward = [&](const Tensors& in, const Tensors& dout) {
                           output(in);
                           backend_.gated_output_backward(dout[0], in[0], in[1]);
                           return in;
                         }});
}

TEST_F(SeamGradient, GruAfter) {
  const Shape state{2, 2, 3, 2}, gates{2, 2, 3, 6};
  for (const ActivationSpec& spec : kCandidates) {
    const auto forward = [&](const Tensors& in) {
      const Tensor kept = fresh(state), hidden = fresh(state);
      backend_.gru_after(spec, in[0], in[1], in[2], kept, hidden);
      return Tensors{hidden, kept};
    };
    // The pre-activation of n stays away from the kink: |a_n| is above 0.5, |r u_n| below 0.4.
    check("gru_after, " + name_of(spec),
          {.inputs = {{"hidden gates", gates, -0.4, 0.4}, {"h'", state}, {"gates", gates, 0.5, 2.0, Draw::kEitherSign}},
           .forward = [&](const Tensors& in) { return Tensors{forward(in)[0]}; },
           .backward =
               [&](const Tensors& in, const Tensors& dout) {
                 const Tensor kept = forward(in)[1], dgates = fresh(gates), dbefore = zeros(state);
                 backend_.gru_after_backward(spec, in[1], dout[0], kept, in[2], dbefore);
                 backend_.copy(in[2], dgates);
                 backend_.write_channels(kept, 2 * state[3], dgates);
                 return Tensors{in[2], dbefore, dgates};
               }});
  }
}

// Both halves in a row, with r h' itself standing for the hidden convolution of the candidate.
TEST_F(SeamGradient, GruBefore) {
  const Shape state{2, 2, 3, 2}, gates{2, 2, 3, 4};
  for (const ActivationSpec& spec : kCandidates) {
    const auto forward = [&](const Tensors& in) {
      const Tensor reset = fresh(state), hidden = fresh(state);
      backend_.gru_before_gates(in[0], in[1], reset);
      backend_.add(1.0, reset, in[2], Write::kAccumulate);
      backend_.gru_before_output(spec, in[1], in[0], in[2], hidden);
      return Tensors{hidden};
    };
    check("gru_before, " + name_of(spec),
          {.inputs = {{"h'", state, -0.4, 0.4}, {"gates", gates}, {"candidate", state, 0.5, 2.0, Draw::kEitherSign}},
           .forward = forward,
           .backward = [&](const Tensors& in, const Tensors& dout) {
             const Tensor dbefore = zeros(state);
             forward(in);
             backend_.gru_before_output_backward(spec, in[0], dout[0], in[2], in[1], dbefore);
             backend_.gru_before_gates_backward(in[0], in[2], in[1], dbefore);
             return Tensors{dbefore, in[1], in[2]};
           }});
  }
}

// Flows of 0.1 to 0.9 pixels, and the same plus one, so that no place is near the kinks on the pixels' rows and columns; some
// places lie half or wholly beyond the frame.
TEST_F(SeamGradient, Warp) {
  const Shape frames{2, 3, 4, 2};
  for (const std::int64_t links : {1, 3}) {
    for (const double further : {0.0, 1.0}) {
      const Shape flows = frames.with(-1, 2 * links), copies = frames.with(-1, 2 * links);
      check("warp", {.inputs = {{"x", frames}, {"flows", flows, 0.1 + further, 0.9 + further, Draw::kEitherSign}},
                     .forward =
                         [&](const Tensors& in) {
                           const Tensor y = fresh(copies);
                           backend_.warp(in[0], in[1], 0, y);
                           return Tensors{y};
                         },
                     .backward =
                         [&](const Tensors& in, const Tensors& dout) {
                           const Tensors d{fresh(frames), fresh(flows)};
                           backend_.warp_backward(in[0], in[1], dout[0], d[1], d[0], Write::kOverwrite);
                           return d;
                         }});
    }
  }
}

TEST_F(SeamGradient, GroupNorm) {
  const Shape x{2, 3, 2, 6}, channels{6}, statistics{2, 3};
  const GroupNormSpec spec{.groups = 3};
  const auto forward = [&](const Tensors& in) {
    const Tensor y = fresh(x), mean = fresh(statistics), scale = fresh(statistics);
    backend_.group_norm(spec, in[0], in[1], in[2], y, mean, scale);
    return Tensors{y, mean, scale};
  };
  check("group_norm", {.inputs = {{"x", x}, {"gamma", channels}, {"beta", channels}},
                       .forward = [&](const Tensors& in) { return Tensors{forward(in)[0]}; },
                       .backward =
                           [&](const Tensors& in, const Tensors& dout) {
                             const Tensors out = forward(in);
                             const Tensors d{dout[0], zeros(channels), zeros(channels)};
                             backend_.group_norm_backward(spec, in[0], in[1], out[1], out[2], dout[0], d[0], d[1],
                                                          d[2]);
                             return d;
                           }});
}

/// How a loss is called: with its arguments in the order of the seam.
using LossCall = std::function<void(const Tensor& prediction, const Tensor& sum, const Tensor& gradient)>;

class LossGradient : public SeamGradient {
 protected:
  void check_loss(const std::string& what, const Shape& frames, const LossCall& call) {
    const auto loss = [&](const Tensor& prediction, const Tensor& gradient) {
      const Tensor sum = zeros({1});
      call(prediction, sum, gradient);
      return sum;
    };
    check(what, {.inputs = {{"prediction", frames, 0.2, 0.8}},
                 .forward = [&](const Tensors& in) { return Tensors{loss(in[0], {})}; },
                 .backward =
                     [&](const Tensors& in, const Tensors& dout) {
                       const Tensor gradient = fresh(frames), scaled = fresh(frames);
                       loss(in[0], gradient);
                       backend_.add(download(backend_, dout[0])[0], gradient, scaled, Write::kOverwrite);
                       return Tensors{scaled};
                     }});
  }
  Tensor drawn(const Shape& shape, double low, double high) {
    return upload(backend_, shape, DType::kFloat64, uniform(random_, shape.elements(), low, high));
  }

  const Tensor leads_ = upload(backend_, {2}, DType::kFloat64, {1.0, 2.5});
};

TEST_F(LossGradient, Pixels) {
  const Shape frames{2, 1, 3, 2, 2};
  const Tensor mask = upload(backend_, {2, 1, 3, 2, 1}, DType::kFloat64, {1, 0, 1, 1, 0.5, 1, 1, 1, 0, 1, 1, 1});
  const Tensor target = drawn(frames, 0.0, 0.1);
  for (const PixelLoss kind :
       {PixelLoss::kSquared, PixelLoss::kAbsolute, PixelLoss::kHuber, PixelLoss::kCrossEntropy}) {
    for (const TargetWeights& by_target : {TargetWeights{}, TargetWeights{{0.03, 0.06}, {1.0, 4.0, 0.5}}}) {
      const PixelLossSpec spec{.kind = kind, .delta = 0.35, .weight = 0.7, .scale = 0.1, .target_weights = by_target};
      check_loss("loss " + std::to_string(static_cast<int>(kind)), frames,
                 [&](const Tensor& prediction, const Tensor& sum, const Tensor& gradient) {
                   backend_.pixel_loss(spec, prediction, target, mask, leads_, sum, gradient, Write::kOverwrite);
                 });
    }
  }
}

TEST_F(LossGradient, Frames) {
  const Shape frames{2, 1, 11, 13, 1};
  const Tensor target = drawn(frames, 0.0, 1.0);
  std::vector<double> holes(2 * 11 * 13, 1.0);
  holes[0] = holes[11] = 0.0;
  holes[200] = 0.5;
  const Tensor mask = upload(backend_, frames.with(-1, 1), DType::kFloat64, holes);
  for (const FrameLoss kind : {FrameLoss::kSpectral, FrameLoss::kStructure}) {
    const FrameLossSpec spec{.kind = kind, .range = 0.9, .weight = 0.7, .scale = 0.1};
    for (const Tensor& valid : {Tensor(), mask}) {
      check_loss("frame loss " + std::to_string(static_cast<int>(kind)) + (valid ? " with a mask" : ""), frames,
                 [&](const Tensor& prediction, const Tensor& sum, const Tensor& gradient) {
                   backend_.frame_loss(spec, prediction, target, valid, leads_, sum, gradient, Write::kOverwrite);
                 });
    }
  }
}

}  // namespace
}  // namespace nextframe::test
