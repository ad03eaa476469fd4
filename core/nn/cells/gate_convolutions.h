#pragma once

#include <optional>
#include <string>

#include "core/nn/cells/cell.h"

namespace nextframe {

/// The parameters that every gated cell has, by the names of a model file: `prefix.input.weight[|bias]` and
/// `prefix.hidden.weight[|bias]`, all gates stacked along the output channels.
struct GateParameters {
  ParameterSet::Id input_weight = 0;  ///< only with input channels
  std::optional<ParameterSet::Id> input_bias;
  ParameterSet::Id hidden_weight = 0;
  std::optional<ParameterSet::Id> hidden_bias;

  /// Elements first .. last-1 of the input bias, or nothing where the gates have none.
  Tensor input_bias_value(const ParameterSet& parameters, std::int64_t first, std::int64_t last) const;
  /// What the gradient of the pre-activations [T,N,H,W,channels], those from channel `first` on, gives: of the hidden
  /// weights, with h before each step in `hidden` [T,N,H,W,C];
  void add_hidden_gradient(const Context& context, const ConvolutionSpec& spec, const Tensor& hidden,
                           const Tensor& dgates, std::int64_t first) const;
  /// of the input's bias and weights, with x [T,N,H,W,Cin], empty without input;
  void add_input_gradient(const Context& context, const ConvolutionSpec& spec, const Tensor& x, const Tensor& dgates,
                          std::int64_t first) const;
  /// of x, both of some steps, merged: dgates [B,H,W,channels], dx [B,H,W,Cin].
  void input_gradient(const Context& context, const ConvolutionSpec& spec, const Tensor& dgates, std::int64_t first,
                      const Tensor& dx, Write write) const;
};

struct GateDeclaration {
  int gates = 4;
  int hidden_gates = 0;  ///< that the hidden convolution makes; 0: all
  std::int64_t hidden_bias_channels = 0;
  /// The forget gate's part of the input bias: gate index and start value.
  std::optional<int> forget_gate{};
  /// Of the hidden convolution, where they are not those of CellOptions.
  std::optional<std::int64_t> hidden_input_channels{};
  std::optional<int> hidden_kernel{};
};

GateParameters declare_gates(const Context& context, const std::string& prefix, const CellOptions& options,
                             const GateDeclaration& declaration);

/// Group norm over a sequence of pre-activations, step by step, with what its backward needs. `first` and `count` pick the
/// channels of `prefix.norm.weight|bias` that belong to it.
class GateNorm {
 public:
  struct Channels {
    std::int64_t first = 0, count = 0;
  };

  GateNorm(const Context& context, ParameterSet::Id weight, ParameterSet::Id bias, Channels channels,
           std::int64_t gate_channels);

  /// `slots` steps are kept at a time.
  void begin(const Geometry& geometry, std::int64_t slots);
  /// y = norm(x), both [N,H,W,count].
  void forward(std::int64_t slot, const Tensor& x, const Tensor& y);
  /// dy becomes dx in place; x is the value before the norm.
  void backward(std::int64_t slot, const Tensor& x, const Tensor& dy);
  void release();

 private:
  Tensor part(const Tensor& parameter) const;

  Context context_;
  ParameterSet::Id weight_;
  ParameterSet::Id bias_;
  Channels channels_;
  GroupNormSpec spec_;
  Tensor mean_;
  Tensor reciprocal_deviation_;
};

struct NormParameters {
  ParameterSet::Id weight = 0, bias = 0;
};

/// Declares `prefix.norm.weight|bias` for `gates` gates. With a norm the forget gate's start value goes into the norm's
/// bias, since the norm would take a constant added before it away.
NormParameters declare_norm(const Context& context, const std::string& prefix, const CellOptions& options,
                            const GateDeclaration& declaration);

}  // namespace nextframe
