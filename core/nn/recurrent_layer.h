#pragma once

#include <memory>
#include <string>

#include "core/nn/cells/cell.h"

namespace nextframe {

/// A recurrent layer over a whole sequence: the one time loop, for every kind of cell. h and c have T+1 slots, slot 0 the
/// initial state, so that outputs and previous states are two views of one buffer. Layer-major networks call forward() on all
/// steps; time-major and streaming ones call it on one step at a time with the state that final_state() gave before.
class RecurrentLayer {
 public:
  RecurrentLayer(const Context& context, const std::string& prefix, const CellOptions& options);

  const CellOptions& options() const { return cell_->options(); }
  /// Steps of the last forward.
  std::int64_t steps() const { return geometry_.steps; }

  /// x [T,N,H,W,Cin], empty for a layer without input; `initial` empty for zeros. Returns h of all steps [T,N,H,W,C].
  Tensor forward(const Geometry& geometry, const Tensor& x, const RecurrentState& initial, Mode mode);
  /// The state after the last step of the last forward, as views.
  RecurrentState final_state() const;

  /// Where the gradient of forward's result goes, [T,N,H,W,C], content undefined: whoever consumed the result overwrites all
  /// of it before backward().
  Tensor output_gradient();
  /// `dfinal` is the gradient of final_state() beyond that of the outputs, or empty. Accumulates parameter gradients,
  /// overwrites dx where it is given; returns the gradient of the initial state, or nothing where that was zero.
  RecurrentState backward(const RecurrentState& dfinal, const Tensor& dx);

  /// Drops what forward kept.
  void release();

 private:
  RecurrentState state_at(std::int64_t slot) const;
  std::int64_t slot(const Tensor& sequence, std::int64_t step) const { return step % sequence.dimension(0); }

  Context context_;
  std::unique_ptr<Cell> cell_;
  Geometry geometry_;
  InitialState initial_ = InitialState::kZero;
  RecurrentState sequences_;  ///< [T+1,N,H,W,C] each; in inference the states beyond h have two slots
  Tensor dhidden_;            ///< [T+1,N,H,W,C]
};

}  // namespace nextframe
