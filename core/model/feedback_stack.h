#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/model/network.h"

namespace nextframe {

/// One stack of recurrent layers that predicts the next frame at every step (Srivastava et al. 2015; OpenSTL's ConvLSTM
/// and PredRNN). A frame enters in patches; each layer's hidden state is the next one's input; a head of convolutions on the
/// highest makes the next frame, in patches. Once the frames end its own output is fed back, as it left the head, which
/// gives any horizon.
///
/// In training every step but the last predicts a frame that is known: T + horizon - 1 of them. Behind the context a sequence
/// gets either the frame that came or the network's own (scheduled sampling, Bengio et al. 2015), and the gradient goes
/// back through what was fed back. Layers run a step at a time, and each weight gradient is one call over all steps.
class FeedbackStack final : public Network {
 public:
  FeedbackStack(Backend& backend, DType dtype, const ModelOptions& options, std::int64_t input_channels,
                std::int64_t output_channels);

  Tensor forward_training(const TrainingInput& input) override;
  void backward(const Tensor& dprediction) override;
  ModelState observe(const Tensor& frames, ModelState state) override;
  Tensor predict(ModelState& state, std::int64_t count, const Tensor& guide = {}) override;

 private:
  /// A training pass between forward and backward, S = T + horizon - 1 steps.
  struct Pass {
    std::int64_t context = 0, steps = 0;
    std::int64_t segment = 0;          ///< steps of a segment; 0: one segment, which keeps everything
    std::vector<std::uint8_t> truth;   ///< [horizon-1,N]
    std::vector<LevelStates> states;   ///< before each segment
    Tensor inputs;                     ///< [S,N,H',W',C'], what the lowest layer gets
    Tensor outputs;                    ///< [S,N,H',W',C'], what the head gives, exact
    std::vector<Tensor> head_outputs;  ///< of the convolutions before the last one, of one segment
  };

  void build();
  /// The sequences that get the network's own frame at step t.
  void each_fed_back(std::int64_t t, const std::function<void(std::int64_t n)>& visit) const;
  /// inputs[t] from the outputs of step t - 1.
  void feed_back(std::int64_t t);
  /// Its adjoint: adds to the gradient of the outputs of step t - 1.
  void feed_back_gradient(std::int64_t t, const Tensor& dinput, const Tensor& doutputs);
  void check_input(const TrainingInput& input) const;
  /// The steps of one segment, keeping what backward needs of it, or only `states`, which move past it.
  void run_training(const Range& segment, const LevelStates& states);
  void run_inference(const Range& segment, LevelStates& states);
  LevelStates backward_segment(const Range& segment, const Tensor& doutputs, const LevelStates& dfinal);
  /// The highest hidden state [N,H',W',C] -> the head's output, in inference.
  void finish_frame(const Tensor& hidden, const Tensor& output);
  /// Whether the layers hand a memory on.
  bool passes_memory() const { return layers_.front()->passes_memory(); }
  /// The memory that layer k gets at a step of the training pass; nothing where there is none.
  Tensor memory_for(std::size_t k, std::int64_t step) const;
  /// Layers one after the other over `steps` known steps: x [steps*N,H',W',C'].
  void advance(const Tensor& x, std::int64_t steps, LevelStates& states);

  std::vector<std::unique_ptr<RecurrentLayer>> layers_;  ///< lowest first
  std::vector<std::unique_ptr<ConvolutionLayer>> head_;
  Pass pass_;
};

}  // namespace nextframe
