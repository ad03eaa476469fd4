#pragma once

#include "core/nn/cells/gate_convolutions.h"

namespace nextframe {

/// ConvGRU with the reset gate applied after the hidden convolution (Shi et al. 2017), gates in order z,r,n:
///   z = s(Wxz*x + Whz*h' + bz)   r = s(Wxr*x + Whr*h' + br)
///   n = act(Wxn*x + bn + r o (Whn*h' + bhn))   h = (1-z) o h' + z o n
/// Kept for backward: the activated gates and the hidden convolution's n part. The hidden side's gradient [dz,dr,r o dn]
/// takes the gates' place, and dn, in which the input side's [dz,dr,dn] differs, that of the n part.
class ConvGruAfter : public Cell {
 public:
  ConvGruAfter(const Context& context, const std::string& prefix, const CellOptions& options);

  int state_count() const override { return 1; }
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
  /// With another hidden convolution than CellOptions describe.
  ConvGruAfter(const Context& context, const std::string& prefix, const CellOptions& options,
               GateDeclaration declaration);

  void step_sample_in_tiles(std::int64_t t, const Tensor& x, const RecurrentState& previous,
                            const RecurrentState& next) override;

  /// What the hidden state gives to the gates of step t, bias included: hidden_gates [N,H,W,3C].
  virtual void make_hidden_gates(std::int64_t t, const Tensor& hidden_previous, const Tensor& hidden_gates);
  /// Rows of it for one sample: hidden_gates [1,rows,W,3C].
  virtual void make_hidden_gates_of_tile(const Range& tile, const Tensor& hidden_previous, const Tensor& hidden_gates);
  /// Its adjoint: adds to dhidden_previous.
  virtual void make_hidden_gates_backward(std::int64_t t, const Tensor& hidden_previous, const Tensor& dhidden_gates,
                                          const Tensor& dhidden_previous);
  void add_hidden_bias_gradient();

  std::int64_t slot(std::int64_t t, const Tensor& kept) const { return kept.dimension(0) == 1 ? 0 : t; }
  const GateParameters& ids() const { return ids_; }
  const Tensor& hidden_bias() const { return hidden_bias_; }

 private:
  void prepare(const Geometry& geometry, InitialState initial, Mode mode);
  /// gates = the input convolution of x, both of some steps, merged.
  void convolve_input(const Tensor& x, const Tensor& gates);
  Tensor bias() const;
  /// The hidden bias as [3C]: zeros where only the candidate has one. Empty where there is none.
  Tensor full_hidden_bias() const;

  GateParameters ids_;
  std::int64_t hidden_bias_channels_ = 0;
  Tensor gates_;             ///< [T,N,H,W,3C]
  Tensor hidden_candidate_;  ///< [T,N,H,W,C]
  Tensor hidden_gates_;      ///< [N,H,W,3C], of one step
  Tensor hidden_bias_;       ///< [3C]
};

}  // namespace nextframe
