#pragma once

#include "core/nn/cells/gate_convolutions.h"

namespace nextframe {

/// PredRNN's ST-LSTM (Wang et al. 2017, equation 4) as OpenSTL runs it: beside the cell state c of the layer a memory m,
/// which a stack hands from layer to layer, and from the highest to the lowest one between two steps. h', c' are the
/// layer's own state before the step, m' is the memory that enters. Gates in order i,f,g of c, i,f,g of m, o:
///   i = s(Wxi*x + Whi*h' + bi)   f = s(Wxf*x + Whf*h' + bf + F)   g = tanh(Wxg*x + Whg*h' + bg)   c = f o c' + i o g
///   p = s(Wxp*x + Wmp*m' + bp)   q = s(Wxq*x + Wmq*m' + bq + F)   r = tanh(Wxr*x + Wmr*m' + br)   m = q o m' + p o r
///   o = s(Wxo*x + Who*h' + bo + Wo*[c,m])   h = o o tanh(W1x1*[c,m])
/// F is forget_bias, a constant. Further parameters: `prefix.memory.weight` [3C,C], `prefix.output.weight` [C,2C],
/// `prefix.mix.weight` [C,2C,1,1]; `prefix.hidden.weight` is [4C,C] in order i,f,g,o. Kept for backward: the gates, [c,m]
/// and m' of all steps.
class StLstm : public Cell {
 public:
  StLstm(const Context& context, const std::string& prefix, const CellOptions& options);

  int state_count() const override { return 3; }
  bool passes_memory() const override { return true; }
  void begin(const Geometry& geometry, const Tensor& x, InitialState initial, Mode mode) override;
  void begin_steps(const Geometry& geometry, InitialState initial) override;
  void take_input(std::int64_t t, const Tensor& x) override;
  void step(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) override;
  void begin_tiles(const Geometry& geometry, InitialState initial, std::int64_t rows) override;
  void restore(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) override;
  void step_backward(std::int64_t t, const RecurrentState& previous, const RecurrentState& next,
                     const RecurrentState& dstate, const Tensor& dprevious) override;
  void add_input_gradient(std::int64_t t, const Tensor& dx) override;
  void finish_hidden(const Tensor& hidden) override;
  void finish_input(const Tensor& x) override;
  void input_gradient(const Tensor& dx) override;
  void release() override;

 protected:
  /// A sample's whole frame: [c,m] is convolved, and a tile would need its neighbours'.
  void step_sample_in_tiles(std::int64_t t, const Tensor& x, const RecurrentState& previous,
                            const RecurrentState& next) override;

 private:
  /// Gates that are one convolution's result: their channels first .. last-1 of the input's.
  struct Gates {
    std::int64_t first = 0, last = 0;
    Tensor values;  ///< [T,N,H,W,last-first]

    std::int64_t channels() const { return last - first; }
    Tensor at(std::int64_t t) const { return values.at(values.dimension(0) == 1 ? 0 : t); }
  };

  /// Gates of `slots` steps, everything else that is kept of `kept` steps.
  void allocate(const Geometry& geometry, std::int64_t slots, std::int64_t kept);
  /// The input convolution of x, of some steps, merged; `gates` [...,last-first] likewise.
  void convolve_input(const Gates& part, const Tensor& x, const Tensor& gates);
  WeightView hidden_weight(const Gates& part) const;
  std::int64_t hidden_first(const Gates& part) const { return &part == &output_ ? 3 * options_.hidden_channels : 0; }
  Tensor as_activation(const Tensor& state) const;

  GateParameters ids_;
  ParameterSet::Id memory_weight_ = 0;
  ParameterSet::Id output_weight_ = 0;
  ParameterSet::Id mix_weight_ = 0;
  Gates cell_;            ///< i,f,g of c
  Gates memory_;          ///< i,f,g of m
  Gates output_;          ///< o
  Tensor content_;        ///< [T,N,H,W,C], tanh(W1x1*[c,m])
  Tensor joined_;         ///< [T,N,H,W,2C], [c,m]
  Tensor memory_before_;  ///< [T,N,H,W,C], m'
};

}  // namespace nextframe
