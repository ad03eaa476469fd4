#pragma once

#include <memory>
#include <string>

#include "core/nn/cells/cell.h"

namespace nextframe {

/// How large a frame a recurrent layer works on at a time in inference.
struct Tiling {
  std::int64_t rows = 0;  ///< 0: whole frames, and the input convolution of all steps at once
};

/// A recurrent layer over a whole sequence: the one time loop, for every kind of cell. In training h and c have T+1 slots,
/// slot 0 the initial state, so that outputs and previous states are two views of one buffer. In inference nothing is kept
/// but the states; streaming calls infer() on one step at a time.
class RecurrentLayer {
 public:
  RecurrentLayer(const Context& context, const std::string& prefix, const CellOptions& options);

  const CellOptions& options() const { return cell_->options(); }
  /// Steps of the last forward.
  std::int64_t steps() const { return geometry_.steps; }

  /// x [T,N,H,W,Cin], empty for a layer without input; `initial` empty for zeros. Returns h of all steps [T,N,H,W,C], and
  /// keeps what backward() needs.
  Tensor forward(const Geometry& geometry, const Tensor& x, const RecurrentState& initial);
  /// The state after the last step of the last forward, as views.
  RecurrentState final_state() const;

  /// The same in inference: `state`, empty for zeros, goes from before the first step to after the last. The tensors that it
  /// held are not written to.
  Tensor infer(const Geometry& geometry, const Tensor& x, RecurrentState& state, const Tiling& tiling);

  /// Where the gradient of forward's result goes, [T,N,H,W,C], content undefined: whoever consumed the result overwrites all
  /// of it before backward().
  Tensor output_gradient();
  /// `dfinal` is the gradient of final_state() beyond that of the outputs, or empty. Accumulates parameter gradients,
  /// overwrites dx where it is given; returns the gradient of the initial state, or nothing where that was zero.
  RecurrentState backward(const RecurrentState& dfinal, const Tensor& dx);

  /// Drops what forward kept.
  void release();

 private:
  void expect_state(const RecurrentState& state) const;
  RecurrentState state_at(std::int64_t step) const;
  /// A new tensor of `shape` for part `index` of a state.
  Tensor allocate_state(int index, const Shape& shape) const;

  Context context_;
  std::unique_ptr<Cell> cell_;
  Geometry geometry_;
  InitialState initial_ = InitialState::kZero;
  RecurrentState sequences_;  ///< [T+1,N,H,W,C] each
  Tensor dhidden_;            ///< [T+1,N,H,W,C]
};

}  // namespace nextframe
