#pragma once

#include "core/nn/cells/conv_gru_after.h"

namespace nextframe {

/// TrajGRU (Shi et al. 2017): a ConvGRU with the reset gate applied after, whose hidden convolution reads, at every pixel, the
/// L places that the hidden state has come from, along flows that the network learns, in place of a fixed window:
///   e = act(Vx*x + bx + Vh*h' + bh)   (u_l, v_l) = Vo*e + bo   w_l = h' moved by (u_l, v_l), bilinear, zeros beyond the frame
///   z = s(Wxz*x + bz + ...)   r likewise   n = act(Wxn*x + bn + r o (...))   h = (1-z) o h' + z o n
/// where ... is the part for z, r, n of one 1x1 convolution with bias over [w_1, .., w_L]. The kernel and dilation of
/// CellOptions are those of V; Vo and bo start at zero, so that nothing moves at first. Backend::warp has the flows' sign.
/// Parameters: `flow.input`, `flow.hidden`, `flow.output` are Vx, Vh, Vo with their biases, `hidden.weight` is [3C,L C,1,1].
/// Kept for backward beside what a ConvGRU keeps: e and the flows. The moved states are made again.
class TrajGru final : public ConvGruAfter {
 public:
  TrajGru(const Context& context, const std::string& prefix, const CellOptions& options);

  void begin(const Geometry& geometry, const Tensor& x, InitialState initial, Mode mode) override;
  void begin_steps(const Geometry& geometry, InitialState initial) override;
  void take_input(std::int64_t t, const Tensor& x) override;
  void add_input_gradient(std::int64_t t, const Tensor& dx) override;
  /// Of a whole frame e is held, since the flows of a tile's rows ask for those beside them.
  void begin_tiles(const Geometry& geometry, InitialState initial, std::int64_t rows) override;
  void finish_hidden(const Tensor& hidden) override;
  void finish_input(const Tensor& x) override;
  void input_gradient(const Tensor& dx) override;
  void release() override;

 protected:
  void step_sample_in_tiles(std::int64_t t, const Tensor& x, const RecurrentState& previous,
                            const RecurrentState& next) override;
  void make_hidden_gates(std::int64_t t, const Tensor& hidden_previous, const Tensor& hidden_gates) override;
  void make_hidden_gates_of_tile(const Range& tile, const Tensor& hidden_previous, const Tensor& hidden_gates) override;
  void make_hidden_gates_backward(std::int64_t t, const Tensor& hidden_previous, const Tensor& dhidden_gates,
                                  const Tensor& dhidden_previous) override;

 private:
  struct Convolution {
    ParameterSet::Id weight = 0, bias = 0;
  };

  Convolution declare_convolution(const std::string& name, ParameterKind weight, ParameterKind bias,
                                  const Shape& shape);
  void allocate_features(const Geometry& geometry, Mode mode);
  /// features [B,H,W,F] = Vx*x + bx over frames x [B,H,W,Cin].
  void begin_features(const Tensor& x, const Tensor& features);
  /// e of one step, over what convolve_input() has left there.
  void finish_features(const Tensor& hidden_previous, const Tensor& features);
  /// hidden_gates of some rows of whole frames `hidden_previous`, from their flows.
  void gather(const Tensor& hidden_previous, const Tensor& flows, std::int64_t first_row, const Tensor& hidden_gates);
  /// The moved states of these rows.
  Tensor warped(const Tensor& hidden_previous, const Tensor& flows, std::int64_t first_row);
  /// Steps that looked at the hidden state before them.
  Range looked_back() const { return {first_hidden(), geometry_.steps}; }
  /// What the gradient of a convolution of `from` gives: of its weights and bias.
  void add_gradient(const Convolution& convolution, const Tensor& from, const Tensor& dresult);

  Convolution flow_input_;  ///< only with input channels
  Convolution flow_hidden_;
  Convolution flow_output_;
  Tensor features_;  ///< e [T,N,H,W,F], then the gradient before its activation
  Tensor flows_;     ///< [T,N,H,W,2L], exact
};

}  // namespace nextframe
