#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/model/execution.h"
#include "core/model/options.h"
#include "core/nn/context.h"
#include "core/nn/convolution_layer.h"
#include "core/nn/recurrent_layer.h"

namespace nextframe {

/// The state of every recurrent layer of an encoder, a forecaster or a stack, finest or lowest first; none before the first
/// step.
using LevelStates = std::vector<RecurrentState>;

/// What a network remembers between frames: the state of every layer and the last frame it saw. A state without levels has
/// seen nothing. Copies share their tensors, which nobody writes to.
struct ModelState {
  LevelStates levels;
  Tensor last_frame;  ///< [N,H,W,C]
  Tensor fed_back;    ///< of a stack: its last output, where it has not been taken in yet
};

/// What a training pass starts from.
struct TrainingInput {
  /// [T,N,H,W,Cin]: the context. For a network that feeds its output back, the frames that follow it may stand behind it:
  /// [T+horizon-1,N,H,W,Cin].
  Tensor frames;
  std::int64_t context = 0;  ///< T
  std::int64_t horizon = 0;
  Tensor guide = {};  ///< [horizon,N,H,W,Cout], for a guided network
  /// [horizon-1,N], with frames behind the context: 1 where a sequence gets the frame that came, 0 where it gets the
  /// network's own. Empty: its own everywhere.
  std::vector<std::uint8_t> truth = {};
};

/// A network that forecasts frames: parameters, a training pass forward and backward, and forecasts from a state that it
/// holds. Fully convolutional: frames are padded to a multiple of size_multiple() (edge pixels repeated), and the forecast
/// is cropped back.
class Network {
 public:
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  virtual ~Network() = default;

  ParameterSet& parameters() { return parameters_; }
  const ModelOptions& options() const { return options_; }
  std::int64_t input_channels() const { return input_channels_; }
  std::int64_t output_channels() const { return output_channels_; }
  /// Holds from the next forward() on.
  void set_execution(const ExecutionOptions& execution) { execution_ = execution; }
  const ExecutionOptions& execution() const { return execution_; }
  /// The published initialisation of `scheme` with the model's own leaky slope.
  void initialise(Initialisation scheme, std::uint64_t seed);

  bool guided() const { return options_.guide != Guidance::kNone; }
  /// Whether it learns from every next frame, those of the context too, and feeds its own output back.
  bool feeds_back() const { return nextframe::feeds_back(options_); }
  /// Frames that a training pass predicts: the horizon, or every frame but the first.
  std::int64_t predicted_steps(const SequenceLengths& lengths) const;

  /// -> prediction [predicted_steps,N,H,W,Cout].
  virtual Tensor forward_training(const TrainingInput& input) = 0;
  /// After forward_training(): accumulates into parameters().gradients(). `dprediction` may be overwritten.
  virtual void backward(const Tensor& dprediction) = 0;

  /// Takes frames [T,N,H,W,Cin] in, in order, T at least 1: state before -> state after.
  virtual ModelState observe(const Tensor& frames, ModelState state) = 0;
  /// Predicts `count` frames [count,N,H,W,Cout] from `state` and moves it past them: the next call goes on where this one
  /// ended. Memory grows with `count` by the frames predicted alone. `guide` [count,N,H,W,Cout] is that of these frames.
  virtual Tensor predict(ModelState& state, std::int64_t count, const Tensor& guide = {}) = 0;

  /// context [T,N,H,W,Cin] -> the forecast [horizon,N,H,W,Cout], or in training what forward_training() gives of it.
  Tensor forward(const Tensor& context, std::int64_t horizon, Mode mode, const Tensor& guide = {});

 protected:
  /// Rejects what find_problems() finds, and a change prediction of more channels than come in.
  Network(Backend& backend, DType dtype, const ModelOptions& options, std::int64_t input_channels,
          std::int64_t output_channels);

  struct FrameSize {
    std::int64_t batch = 0, height = 0, width = 0;
  };

  ActivationSpec activation(Activation kind) const { return {.kind = kind, .slope = options_.leaky_slope}; }
  /// Of a level's recurrent layer.
  CellOptions cell_options(const LevelOptions& level, std::int64_t input_channels) const;
  /// Of the head's convolution j; the last one gives a frame in patches.
  ConvolutionLayerOptions head_options(std::size_t j, std::int64_t input_channels) const;
  /// Channels of a frame in patches.
  std::int64_t patched(std::int64_t channels) const { return channels * options_.patch * options_.patch; }
  void expect_frames(const Tensor& frames) const;
  void expect_state(const ModelState& state) const;
  void set_frame_size(const Tensor& frames);
  /// Of the padded frames in patches.
  Geometry patched_geometry(std::int64_t steps) const;
  /// Frames [T,N,H,W,C] -> what the lowest layer reads, [T*N,H',W',C'], padded and in patches, as activations.
  Tensor enter(const Tensor& frames);
  /// The last of `frames`, as the one that `state` has seen last.
  void remember_last(const Tensor& frames, ModelState& state);
  /// The inverse: patches to pixels, cropped, [steps,N,H,W,C].
  Tensor leave(const Tensor& head_output, std::int64_t steps);
  /// The gradient of the frames as that of what the head gave, [T*N,H',W',C']: the adjoint of leave().
  Tensor enter_gradient(const Tensor& dprediction);
  /// One recurrent layer over all steps in inference; `state` goes from before the first to after the last.
  Tensor infer(RecurrentLayer& layer, const Geometry& geometry, const Tensor& x, RecurrentState& state);

  Backend& backend_;
  DType dtype_;
  ModelOptions options_;
  std::int64_t input_channels_;
  std::int64_t output_channels_;
  ParameterSet parameters_;
  Context context_;
  ExecutionOptions execution_;
  FrameSize size_;         ///< of the frames of the last call
  FrameSize padded_size_;  ///< the same, padded to a multiple of the strides
};

/// The network that options.architecture names, with its parameters declared and allocated, undefined until initialised or
/// loaded. `dtype` is the type of the activations; parameters, frames and predictions are exact (see exact_of()).
std::unique_ptr<Network> make_network(Backend& backend, DType dtype, const ModelOptions& options,
                                      std::int64_t input_channels, std::int64_t output_channels);

}  // namespace nextframe
