#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/model/execution.h"
#include "core/model/options.h"
#include "core/nn/convolution_layer.h"
#include "core/nn/recurrent_layer.h"

namespace nextframe {

/// The state of every level of an encoder or a forecaster, finest first; none before the first step.
using LevelStates = std::vector<RecurrentState>;

/// What an encoder-forecaster remembers between frames: the state of every level and the last frame it saw. A state
/// without levels has seen nothing. Copies share their tensors, which nobody writes to.
struct ModelState {
  LevelStates levels;
  Tensor last_frame;  ///< [N,H,W,C]
};

/// The network of Shi et al. 2017. Encoder, finest level first: conv (stride) -> activation -> recurrent layer. Forecaster,
/// coarsest first: each recurrent layer starts from the encoder's final state of its level, the coarsest has no input, a
/// transposed convolution feeds the next; a head of convolutions makes the frame. Nothing predicted is fed back, so any
/// horizon can be asked for. Fully convolutional: frames are padded to a multiple of the strides (edge pixels repeated) and
/// the forecast is cropped back.
///
/// With options().guide the caller gives a first forecast of every lead time in the frames' own numbers. It enters the
/// finest level by a convolution of its own, as frames enter the encoder, and once more the head, and what comes out is
/// the departure from it: prediction = guide + head(...). Both convolutions add up with those of the network's own
/// channels inside the activation, as if the guide were further channels. The last convolution of the head starts at zero,
/// so that an untrained network gives the guide.
class EncoderForecaster {
 public:
  /// Declares and allocates the parameters, which stay undefined until initialised or loaded. `dtype` is the type of the
  /// activations; parameters, frames and predictions are exact (see exact_of()). Rejects what find_problems() finds, and a
  /// change prediction of more channels than come in. A change is that from the first output_channels channels of the last
  /// frame.
  EncoderForecaster(Backend& backend, DType dtype, const ModelOptions& options, std::int64_t input_channels,
                    std::int64_t output_channels);

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

  /// context [T,N,H,W,Cin] -> prediction [horizon,N,H,W,Cout]; `guide`, of the same shape, for a guided network only.
  Tensor forward(const Tensor& context, std::int64_t horizon, Mode mode, const Tensor& guide = {});
  /// After forward in Mode::kTraining: accumulates into parameters().gradients(). `dprediction` may be overwritten.
  void backward(const Tensor& dprediction);

  /// Takes frames [T,N,H,W,Cin] in, in order, T at least 1: state before -> state after.
  ModelState observe(const Tensor& frames, ModelState state);
  /// Predicts `count` frames [count,N,H,W,Cout] from `state` and moves it past them: the next call goes on where this one
  /// ended. Memory grows with `count` by the frames predicted alone. `guide` [count,N,H,W,Cout] is that of these frames.
  Tensor predict(ModelState& state, std::int64_t count, const Tensor& guide = {});

 private:
  struct Level {
    std::unique_ptr<ConvolutionLayer> conv;
    std::unique_ptr<RecurrentLayer> encoder;
    std::unique_ptr<RecurrentLayer> forecaster;
    std::unique_ptr<ConvolutionLayer> up;  ///< null at a finest level of stride 1
  };

  struct FrameSize {
    std::int64_t batch = 0, height = 0, width = 0;
  };

  /// What is known of the frames to predict before the states say more.
  struct Beginning {
    Tensor last_frame;
    Tensor guide;  ///< of these steps; empty without one

    Beginning at(const Range& steps) const { return {last_frame, guide ? guide.range(steps) : Tensor()}; }
  };

  /// A training pass between forward and backward.
  struct Pass {
    Tensor context;
    Tensor guide;
    std::int64_t horizon = 0;
    std::int64_t segment = 0;          ///< steps of a segment; 0: one segment, which keeps everything
    std::vector<LevelStates> encoder;  ///< the states before each segment
    std::vector<LevelStates> forecaster;
  };

  void build();
  void build_head(std::int64_t channels);
  void build_guide();
  ActivationSpec activation(Activation kind) const { return {.kind = kind, .slope = options_.leaky_slope}; }
  CellOptions cell_options(const LevelOptions& level, std::int64_t input_channels) const;
  /// Frame size at level k, or the patched frame's for k = -1, of padded frames.
  Geometry geometry_at(int k, std::int64_t steps) const;
  void set_frame_size(const Tensor& frames);
  Tensor enter(const Tensor& frames);
  Tensor first_channels(const Tensor& frame);
  Tensor leave(const Tensor& head_output, const Beginning& from, std::int64_t steps);
  Tensor enter_gradient(const Tensor& dprediction);
  Tensor advance(RecurrentLayer& layer, const Geometry& geometry, Tensor x, RecurrentState& state, Mode mode);
  /// Both move `states` from before the first step to after the last.
  void encode(const Tensor& frames, LevelStates& states, Mode mode);
  Tensor decode(LevelStates& states, const Beginning& from, std::int64_t steps, Mode mode);
  /// The same in inference, a few steps at a time.
  void observe_steps(const Tensor& frames, LevelStates& states);
  Tensor predict_steps(LevelStates& states, const Beginning& from, std::int64_t steps);
  void expect_guide(const Tensor& guide, const Shape& frame, std::int64_t steps) const;
  Tensor forward_training(const Tensor& context, std::int64_t horizon, const Tensor& guide);
  Tensor rise(std::size_t k, const Tensor& x, const Tensor& entering, Mode mode);
  Tensor run_head(std::size_t j, const Tensor& x, const Tensor& entering, Mode mode);
  /// Of the input of level k's recurrent layer.
  Shape input_shape(const RecurrentLayer& layer, int k) const;
  LevelStates backward_forecaster(const Tensor& guide, const Tensor& dprediction, const LevelStates& dfinal);
  LevelStates backward_encoder(const Tensor& frames, const LevelStates& dfinal);

  Backend& backend_;
  DType dtype_;
  ModelOptions options_;
  std::int64_t input_channels_;
  std::int64_t output_channels_;
  ParameterSet parameters_;
  Context context_;
  std::vector<Level> levels_;
  std::vector<std::unique_ptr<ConvolutionLayer>> head_;
  std::unique_ptr<ConvolutionLayer> guide_entry_;  ///< to the finest level's forecaster; null without a guide
  std::unique_ptr<ConvolutionLayer> guide_head_;   ///< beside head_[0]; likewise

  ExecutionOptions execution_;
  Pass pass_;
  FrameSize size_;         ///< of the frames of the last call
  FrameSize padded_size_;  ///< the same, padded to a multiple of the strides
};

}  // namespace nextframe
