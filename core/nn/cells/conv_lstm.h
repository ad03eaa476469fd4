#pragma once

#include <optional>

#include "core/nn/cells/gate_convolutions.h"

namespace nextframe {

/// ConvLSTM (Shi et al. 2015, equation 3), gates in order i,f,g,o, peepholes per channel (Pi, Pf, Po):
///   i = s(Wxi*x + Whi*h' + bi [+ Pi o c'])   f = s(Wxf*x + Whf*h' + bf [+ Pf o c'])   g = tanh(Wxg*x + Whg*h' + bg)
///   c = f o c' + i o g                        o = s(Wxo*x + Who*h' + bo [+ Po o c])    h = o o tanh(c)
/// Kept for backward: the activated gates, and with a norm the pre-activations.
class ConvLstm : public Cell {
 public:
  ConvLstm(const Context& context, const std::string& prefix, const CellOptions& options);

  int state_count() const override { return 2; }
  void begin(const Geometry& geometry, const Tensor& x, InitialState initial, Mode mode) override;
  void step(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) override;
  void begin_steps(const Geometry& geometry, InitialState initial) override;
  void take_input(std::int64_t t, const Tensor& x) override;
  void add_input_gradient(std::int64_t t, const Tensor& dx) override;
  void begin_tiles(const Geometry& geometry, InitialState initial, std::int64_t rows) override;
  void restore(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) override;
  void step_backward(std::int64_t t, const RecurrentState& previous, const RecurrentState& next,
                     const RecurrentState& dstate, const Tensor& dprevious) override;
  void finish_hidden(const Tensor& hidden) override;
  void finish_input(const Tensor& x) override;
  void input_gradient(const Tensor& dx) override;
  void release() override;

 protected:
  void step_sample_in_tiles(std::int64_t t, const Tensor& x, const RecurrentState& previous,
                            const RecurrentState& next) override;

 private:
  /// What begin() and begin_steps() have in common: the gates of `slots` steps.
  void prepare(const Geometry& geometry, InitialState initial, std::int64_t slots);
  /// gates = the input convolution of x, both of some steps, merged.
  void convolve_input(const Tensor& x, const Tensor& gates);
  /// Where step t stands in the kept sequences: without input and backward one slot serves all steps.
  std::int64_t slot(std::int64_t t) const { return slots_ == 1 ? 0 : t; }
  Tensor bias() const;
  Tensor activated(std::int64_t t) const { return (norm_ ? normalised_ : gates_).at(slot(t)); }

  GateParameters ids_;
  std::optional<ParameterSet::Id> peephole_;
  std::optional<GateNorm> norm_;
  std::int64_t slots_ = 0;
  Tensor gates_;       ///< [T,N,H,W,4C]
  Tensor normalised_;  ///< the same after the norm, where there is one
};

}  // namespace nextframe
