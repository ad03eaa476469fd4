#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/nn/context.h"

namespace nextframe {

enum class CellKind { kConvLstm, kConvGru, kTrajGru, kStLstm };
enum class Reset { kBefore, kAfter };
enum class Norm { kNone, kGroup };
/// Which gates of the hidden convolution have a bias of their own. kAuto: the candidate's for reset after, else none.
enum class HiddenBias { kAuto, kNone, kCandidate, kAll };

/// DESIGN of one recurrent layer's cell; `input_channels` 0 means a layer without input.
struct CellOptions {
  CellKind kind = CellKind::kConvGru;
  std::int64_t input_channels = 0;
  std::int64_t hidden_channels = 1;
  int hidden_kernel = 3;
  int input_kernel = 3;
  int dilation = 1;  ///< of the hidden convolution
  Norm norm = Norm::kNone;
  bool gate_bias = true;                                ///< whether the gates have `input.bias`
  bool peephole = false;                                ///< ConvLSTM
  double forget_bias = 1.0;                             ///< ConvLSTM, ST-LSTM
  Reset reset = Reset::kAfter;                          ///< ConvGRU
  ActivationSpec candidate{.kind = Activation::kTanh};  ///< ConvGRU
  HiddenBias hidden_bias = HiddenBias::kAuto;           ///< ConvGRU
  std::int64_t links = 13;                              ///< TrajGRU
  std::int64_t flow_channels = 32;                      ///< TrajGRU: of what its flows are made from
};

/// How many steps a sequence has and how large its frames are.
struct Geometry {
  std::int64_t steps = 0, batch = 0, height = 0, width = 0;

  Shape step(std::int64_t channels) const { return {batch, height, width, channels}; }
  Shape sequence(std::int64_t channels) const { return {steps, batch, height, width, channels}; }
};

/// Whether the state before the first step is known to be zero; then the first hidden convolution is skipped.
enum class InitialState { kZero, kGiven };

/// The states of one layer between two steps: h first, an activation, then what else the cell keeps (c for ConvLSTM),
/// exact.
using RecurrentState = std::vector<Tensor>;

/// One kind of recurrent unit. A driver (RecurrentLayer) owns the states and the time loop; the cell owns its gates.
///
/// Frames whose gates would be too large: begin_tiles(), then step_in_tiles(t) for t = 0 .. T-1, in inference. Convolutions
/// read whole frames and write the rows of a tile, so that a step's result is that of step() and no gates of a whole frame
/// exist; with a norm, whose statistics are over the whole frame, those of one sample do.
///
/// Forward: begin(), then step(t) for t = 0 .. T-1. Backward, after a forward in Mode::kTraining: restore(t) for t = 0 .. T-1
/// where the states were not kept, step_backward(t) for t = T-1 .. 0, then what turns the kept gate gradients of all steps
/// into one gradient each: finish_hidden() for what the hidden convolution has, finish_input() for what the input has. Then release().
class Cell {
 public:
  Cell(const Context& context, const CellOptions& options) : context_(context), options_(options) {}
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;
  virtual ~Cell() = default;

  const CellOptions& options() const { return options_; }
  /// How many tensors a RecurrentState has.
  virtual int state_count() const = 0;
  /// Whether the last of them is no layer's own: in a stack it goes from layer to layer within a step, and from the highest
  /// to the lowest one before the next.
  virtual bool passes_memory() const { return false; }

  /// Runs what all steps share: the input convolution over x [T,N,H,W,Cin], empty for a layer without input.
  virtual void begin(const Geometry& geometry, const Tensor& x, InitialState initial, Mode mode) = 0;
  /// previous -> next, each a state of [N,H,W,C] tensors.
  virtual void step(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) = 0;

  /// For a driver that does not know all inputs beforehand, in training: begin_steps() in place of begin(), then take_input(t),
  /// with x [N,H,W,Cin] of that step, before each step(t).
  virtual void begin_steps(const Geometry& geometry, InitialState initial) = 0;
  virtual void take_input(std::int64_t t, const Tensor& x) = 0;
  /// After step_backward(t): adds the gradient of its x to dx.
  virtual void add_input_gradient(std::int64_t t, const Tensor& dx) = 0;

  virtual void begin_tiles(const Geometry& geometry, InitialState initial, std::int64_t rows) = 0;
  /// previous -> next; x [N,H,W,Cin], empty for a layer without input. Further states (c) may be the same before and after.
  void step_in_tiles(std::int64_t t, const Tensor& x, const RecurrentState& previous, const RecurrentState& next);

  /// previous -> next of step t once more, from the gates that step() kept.
  virtual void restore(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) = 0;
  /// dstate[0] is the gradient of h after step t, complete; the gradient of h before the step is added to dprevious. Further
  /// states (c) are turned in place, in dstate, from the gradient after the step into the one before it.
  virtual void step_backward(std::int64_t t, const RecurrentState& previous, const RecurrentState& next,
                             const RecurrentState& dstate, const Tensor& dprevious) = 0;
  /// hidden [T,N,H,W,C] holds h before each step. Accumulates parameter gradients.
  virtual void finish_hidden(const Tensor& hidden) = 0;
  /// x as begin() had it, which keeps it for nobody. Accumulates parameter gradients.
  virtual void finish_input(const Tensor& x) = 0;
  /// After finish_input(), where somebody wants it: overwrites dx [T,N,H,W,Cin].
  virtual void input_gradient(const Tensor& dx) = 0;
  /// Drops everything kept for backward.
  virtual void release() = 0;

 protected:
  /// step_in_tiles() for one sample: x [1,H,W,Cin], states [1,H,W,C].
  virtual void step_sample_in_tiles(std::int64_t t, const Tensor& x, const RecurrentState& previous,
                                    const RecurrentState& next) = 0;
  /// One tile of one step and sample.
  static Geometry tile_geometry(const Geometry& geometry, std::int64_t rows) {
    return {.steps = 1, .batch = 1, .height = rows, .width = geometry.width};
  }
  /// What makes pre-activations of an input and a hidden state.
  struct GateWeights {
    WeightView input;  ///< only with input channels
    WeightView hidden;
    Tensor bias;  ///< or empty
  };
  /// gates [1,rows,W,*] = the tile's rows of the convolutions of x and `hidden`, each left out where it is empty, plus the
  /// bias.
  void convolve_tile(const Range& tile, const GateWeights& weights, const Tensor& x, const Tensor& hidden,
                     const Tensor& gates);
  /// The hidden convolution of step t contributes: not on a zero state.
  bool has_hidden(std::int64_t t) const { return t > 0 || initial_ == InitialState::kGiven; }
  /// First step whose hidden convolution ran.
  std::int64_t first_hidden() const { return initial_ == InitialState::kGiven ? 0 : 1; }
  bool has_input() const { return options_.input_channels > 0; }
  /// Without input, what a step's pre-activations start from: `bias` in every pixel, or zeros where it is empty.
  void start_from_bias(const Tensor& bias, const Tensor& gates);
  ConvolutionSpec hidden_spec() const;
  ConvolutionSpec input_spec() const;

  Context context_;
  CellOptions options_;
  Geometry geometry_;
  InitialState initial_ = InitialState::kZero;
  std::int64_t tile_rows_ = 0;
};

/// Channels of one normalisation group: the largest divisor of a gate's channels up to 32, so that no group straddles gates.
std::int64_t group_channels(std::int64_t gate_channels);

}  // namespace nextframe
