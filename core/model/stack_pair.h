#pragma once

#include <memory>
#include <vector>

#include "core/model/network.h"

namespace nextframe {

/// Shi et al. 2015: an encoder and a forecaster, two stacks of recurrent layers alike, all as large as the frame in patches.
/// The lowest layer of the encoder gets the frames, that of the forecaster nothing, every other one the hidden state below
/// it; each layer of the forecaster starts from the final state of the encoder's. A head of convolutions makes the frame
/// from the hidden states of all its layers together. Nothing is fed back. Training keeps everything: it knows no segments.
class StackPair final : public Network {
 public:
  StackPair(Backend& backend, DType dtype, const ModelOptions& options, std::int64_t input_channels,
            std::int64_t output_channels);

  Tensor forward_training(const TrainingInput& input) override;
  void backward(const Tensor& dprediction) override;
  ModelState observe(const Tensor& frames, ModelState state) override;
  Tensor predict(ModelState& state, std::int64_t count, const Tensor& guide = {}) override;

 private:
  using Layers = std::vector<std::unique_ptr<RecurrentLayer>>;

  /// `layer` over `steps` steps of x, which may be empty; `state` goes from before the first to after the last.
  Tensor advance(RecurrentLayer& layer, std::int64_t steps, Tensor x, RecurrentState& state, Mode mode);
  /// Both move `states` from before the first step to after the last.
  void encode(const Tensor& frames, LevelStates& states, Mode mode);
  Tensor decode(LevelStates& states, std::int64_t steps, Mode mode);

  Layers encoder_;  ///< lowest first
  Layers forecaster_;
  std::vector<std::unique_ptr<ConvolutionLayer>> head_;
  std::int64_t joined_channels_ = 0;
  Tensor frames_;  ///< of the training pass, until backward()
  Tensor joined_;  ///< [horizon*N,H',W',joined_channels_] of a training pass, h of all layers of the forecaster
};

}  // namespace nextframe
