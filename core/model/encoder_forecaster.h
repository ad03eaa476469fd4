#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/model/network.h"

namespace nextframe {

/// The network of Shi et al. 2017. Encoder, finest level first: conv (stride) -> activation -> recurrent layer. Forecaster,
/// coarsest first: each recurrent layer starts from the encoder's final state of its level, the coarsest has no input, a
/// transposed convolution feeds the next; a head of convolutions makes the frame. Nothing predicted is fed back, so any
/// horizon can be asked for.
///
/// With options().guide the caller gives a first forecast of every lead time in the frames' own numbers. It enters the
/// finest level by a convolution of its own, as frames enter the encoder, and once more the head, and what comes out is
/// the departure from it: prediction = guide + head(...). Both convolutions add up with those of the network's own
/// channels inside the activation, as if the guide were further channels. The last convolution of the head starts at zero,
/// so that an untrained network gives the guide.
class EncoderForecaster final : public Network {
 public:
  /// Declares and allocates the parameters. A change is that from the first output_channels channels of the last frame.
  EncoderForecaster(Backend& backend, DType dtype, const ModelOptions& options, std::int64_t input_channels,
                    std::int64_t output_channels);

  Tensor forward_training(const TrainingInput& input) override;
  void backward(const Tensor& dprediction) override;
  ModelState observe(const Tensor& frames, ModelState state) override;
  Tensor predict(ModelState& state, std::int64_t count, const Tensor& guide = {}) override;

 private:
  struct Level {
    std::unique_ptr<ConvolutionLayer> conv;
    std::unique_ptr<RecurrentLayer> encoder;
    std::unique_ptr<RecurrentLayer> forecaster;
    std::unique_ptr<ConvolutionLayer> up;  ///< null at a finest level of stride 1
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
  /// Frame size at level k of padded frames.
  Geometry geometry_at(int k, std::int64_t steps) const;
  Tensor first_channels(const Tensor& frame);
  /// leave(), plus what the change or departure is from.
  Tensor complete(const Tensor& head_output, const Beginning& from, std::int64_t steps);
  Tensor advance(RecurrentLayer& layer, const Geometry& geometry, Tensor x, RecurrentState& state, Mode mode);
  /// Both move `states` from before the first step to after the last.
  void encode(const Tensor& frames, LevelStates& states, Mode mode);
  Tensor decode(LevelStates& states, const Beginning& from, std::int64_t steps, Mode mode);
  /// The same in inference, a few steps at a time.
  void observe_steps(const Tensor& frames, LevelStates& states);
  Tensor predict_steps(LevelStates& states, const Beginning& from, std::int64_t steps);
  void expect_guide(const Tensor& guide, const Shape& frame, std::int64_t steps) const;
  Tensor rise(std::size_t k, const Tensor& x, const Tensor& entering, Mode mode);
  Tensor run_head(std::size_t j, const Tensor& x, const Tensor& entering, Mode mode);
  /// Of the input of level k's recurrent layer.
  Shape input_shape(const RecurrentLayer& layer, int k) const;
  LevelStates backward_forecaster(const Tensor& guide, const Tensor& dprediction, const LevelStates& dfinal);
  LevelStates backward_encoder(const Tensor& frames, const LevelStates& dfinal);

  std::vector<Level> levels_;
  std::vector<std::unique_ptr<ConvolutionLayer>> head_;
  std::unique_ptr<ConvolutionLayer> guide_entry_;  ///< to the finest level's forecaster; null without a guide
  std::unique_ptr<ConvolutionLayer> guide_head_;   ///< beside head_[0]; likewise

  Pass pass_;
};

}  // namespace nextframe
