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

  /// For a driver that takes several layers through a step at a time, in training. forward() and backward() in pieces, with
  /// h and c kept: begin_steps(), step() for t = 0 .. T-1, begin_backward(), step_backward() for t = T-1 .. 0,
  /// finish_backward(). `x` [T,N,H,W,Cin] is filled as the steps go, x.at(t) before step(t), and stays until the end.
  void begin_steps(const Geometry& geometry, const Tensor& x, const RecurrentState& state);
  /// `memory`, where it is given, stands for the last part of the state before the step.
  void step(std::int64_t t, const Tensor& memory = {});
  /// h of all steps [T,N,H,W,C], filled as they go.
  Tensor hidden() const { return sequences_[0].range(1, geometry_.steps + 1); }
  /// The state after t steps; views.
  RecurrentState state_at(std::int64_t step) const;
  /// `dfinal` as in backward().
  void begin_backward(const RecurrentState& dfinal);
  /// Where consumers of h of step t add its gradient, before step_backward(t) and once that of t+1 is done.
  Tensor hidden_gradient(std::int64_t t) const { return dhidden_.at((t + 1) % 2); }
  /// The gradient of the last part of the state after the present step.
  Tensor memory_gradient() const { return dstate_.back(); }
  /// Adds the gradient of x.at(t) to dx, where it is given. `memory` as in step(), with the gradient of that part of the
  /// state after the step in `dmemory`, which becomes that of `memory`.
  void step_backward(std::int64_t t, const Tensor& dx, const Tensor& memory = {}, const Tensor& dmemory = {});
  /// Accumulates parameter gradients. The gradient of the state before the first step; nothing where that was zero.
  RecurrentState finish_backward();

  /// See Cell::passes_memory().
  bool passes_memory() const { return cell_->passes_memory(); }
  /// A state of zeros for frames of `geometry`.
  RecurrentState zero_state(const Geometry& geometry) const;

  /// Drops what forward kept.
  void release();

 private:
  void expect_state(const RecurrentState& state) const;
  /// Sequences with the initial state in slot 0.
  void allocate_sequences();
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
  Tensor dhidden_;                      ///< [T+1,N,H,W,C]; step by step [2,N,H,W,C]
  // Step by step:
  Tensor x_;                  ///< [T,N,H,W,Cin]
  RecurrentState sequences_;  ///< [T+1,N,H,W,C] each
  RecurrentState dstate_;     ///< of c and what else there is
};

}  // namespace nextframe
