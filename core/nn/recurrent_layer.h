#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/nn/cells/cell.h"

namespace nextframe {

/// How large a frame a recurrent layer works on at a time in inference.
struct Tiling {
  std::int64_t rows = 0;  ///< 0: whole frames, and the input convolution of all steps at once
};

/// Gives once more what a forward pass was given.
using InputAgain = std::function<Tensor()>;

/// Whether a backward pass computes the gradient of its layer's input.
enum class InputGradient { kNone, kWanted };

/// A recurrent layer over a whole sequence: the one time loop, for every kind of cell. In training h has T+1 slots, slot 0
/// the initial state, so that outputs and previous states are two views of one buffer; what else a cell keeps (c) has one.
/// They are given up after forward: the gates, which are kept, make them again at the cost of one pass over memory, h of
/// all steps for whoever reads the outputs, c of about sqrt(T) steps at a time. In inference nothing is kept but the
/// states; streaming calls infer() on one step at a time.
class RecurrentLayer {
 public:
  RecurrentLayer(const Context& context, const std::string& prefix, const CellOptions& options);

  const CellOptions& options() const { return cell_->options(); }
  /// Steps of the last forward.
  std::int64_t steps() const { return geometry_.steps; }

  /// x [T,N,H,W,Cin], empty for a layer without input; `state`, empty for zeros, goes from before the first step to after
  /// the last, and nobody may write to what it held before backward(). Returns h of all steps [T,N,H,W,C], and keeps what
  /// backward() needs, which neither h nor x is part of: an x that was moved here is given up before the first step.
  Tensor forward(const Geometry& geometry, Tensor x, RecurrentState& state);
  /// The same in inference.
  Tensor infer(const Geometry& geometry, const Tensor& x, RecurrentState& state, const Tiling& tiling);

  /// What forward returned, again, until backward().
  Tensor output();
  /// Where the gradient of forward's result goes, [T,N,H,W,C], content undefined: whoever consumed the result overwrites all
  /// of it before backward().
  Tensor output_gradient();
  struct Gradients {
    RecurrentState initial;  ///< of the state before the first step; nothing where that was zero
    Tensor x;                ///< [T,N,H,W,Cin], where it is wanted
  };
  /// `dfinal`, overwritten, is the gradient of the state after the last step beyond that of the outputs, or empty. `x` is
  /// asked when the states are no longer needed; empty for a layer without input. Accumulates parameter gradients.
  Gradients backward(const RecurrentState& dfinal, const InputAgain& x, InputGradient input);

  /// Drops what forward kept.
  void release();

 private:
  void expect_state(const RecurrentState& state) const;
  /// A new tensor of `shape` for part `index` of a state.
  Tensor allocate_state(int index, const Shape& shape) const;
  /// h with the initial one in slot 0.
  Tensor begin_hidden() const;
  /// What a state has beyond h: before the first step, and new tensors for it.
  RecurrentState initial_beyond() const;
  RecurrentState allocate_beyond() const;
  void restore(std::int64_t t, const RecurrentState& before, const RecurrentState& after);
  /// The steps of `piece`, from the last, whose first begins with `start` beyond h.
  void backward_piece(const Range& piece, const RecurrentState& start, RecurrentState& dstate);
  std::vector<Range> pieces() const;

  Context context_;
  std::string name_;
  std::unique_ptr<Cell> cell_;
  Geometry geometry_;
  RecurrentState initial_;              ///< empty for zeros
  Tensor hidden_;                       ///< [T+1,N,H,W,C], in use between output() and backward()
  std::vector<RecurrentState> starts_;  ///< likewise: what the state before each piece has beyond h
  Tensor dhidden_;                      ///< [T+1,N,H,W,C]
};

}  // namespace nextframe
