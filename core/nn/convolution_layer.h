#pragma once

#include <string>

#include "core/nn/context.h"

namespace nextframe {

enum class ConvolutionDirection {
  kDown,  ///< a convolution; stride divides the frame size
  kUp,    ///< a transposed convolution; stride multiplies the frame size
};

enum class Bias { kNone, kPerChannel };

/// In which type a layer writes its result.
enum class ResultType {
  kActivation,
  kExact,  ///< for the frames that leave a network
};

/// What the weights are before anything is learnt.
enum class Start {
  kDrawn,  ///< as the scheme of initialisation says
  kZero,   ///< a layer that gives nothing yet
};

struct ConvolutionLayerOptions {
  ConvolutionDirection direction = ConvolutionDirection::kDown;
  std::int64_t input_channels = 1;
  std::int64_t output_channels = 1;
  int kernel = 3;
  int stride = 1;
  int dilation = 1;
  Bias bias = Bias::kPerChannel;
  ActivationSpec activation{};
  ResultType result = ResultType::kActivation;
  Start start = Start::kDrawn;
};

/// Padding of a convolution on `kernel` and `stride` so that a frame size that is a multiple of the stride is divided by it
/// exactly: dilation (kernel-1)/2 for stride 1, ceil((kernel-stride)/2) else, never negative.
int same_padding(int kernel, int stride, int dilation);

/// activation(convolution(x) + bias) over [B,H,W,C], time and batch merged. Parameters `prefix.weight` and `prefix.bias`.
class ConvolutionLayer {
 public:
  ConvolutionLayer(const Context& context, const std::string& prefix, const ConvolutionLayerOptions& options);

  /// x [B,H,W,Cin] -> [B,H/stride,W/stride,Cout], or times stride for kUp.
  Tensor forward(const Tensor& x, Mode mode);
  /// The same with `addend` inside the activation, activation(convolution(x) + bias + addend), which is what a convolution
  /// over further channels gives. Written over `addend`; backward leaves its gradient in `dresult`.
  Tensor forward(const Tensor& x, Mode mode, const Tensor& addend);
  /// x as forward had it, which keeps it for nobody. `dresult`, in the type of forward's result, is overwritten with the
  /// gradient before the activation. Accumulates the parameters' gradients and writes dx where it is given. What forward
  /// kept is released.
  void backward(const Tensor& x, const Tensor& dresult, const Tensor& dx);

  /// For a driver that takes a step at a time: forward() into a place of the caller's, of which nothing is kept, and
  /// backward() in two pieces. add_data_gradient() turns `dresult` into the gradient before the activation, given the result
  /// y, and adds that of x to dx; add_weight_gradient() is of any number of steps together, after it.
  void run(const Tensor& x, const Tensor& y);
  void add_data_gradient(const Tensor& y, const Tensor& dresult, const Tensor& dx);
  void add_weight_gradient(const Tensor& x, const Tensor& dresult);

  const ConvolutionLayerOptions& options() const { return options_; }

 private:
  void convolve(const ConvolutionSpec& spec, const Tensor& x, const Tensor& y, Write write);
  /// In the activations' type, which convolutions take.
  Tensor as_activation(const Tensor& dresult) const;
  /// Of weights and bias; dy is dresult as an activation.
  void convolve_weights(const Tensor& x, const Tensor& dresult, const Tensor& dy);
  void convolve_back(const Tensor& dy, const Tensor& dx, Write write);

  Context context_;
  std::string name_;
  ConvolutionLayerOptions options_;
  ConvolutionSpec spec_;
  ParameterSet::Id weight_ = 0;
  ParameterSet::Id bias_ = 0;
  Tensor y_;
};

}  // namespace nextframe
