#include "core/nn/convolution_layer.h"

#include <gtest/gtest.h>

#include "core/backend/reference/reference_backend.h"
#include "tests/support/gradients.h"

namespace nextframe::test {
namespace {

TEST(ConvolutionLayer, Gradients) {
  ReferenceBackend backend;
  Random random(17);
  struct Sizes {
    int kernel, stride, dilation;
  };
  for (const Sizes& sizes :
       {Sizes{3, 1, 1}, Sizes{1, 1, 1}, Sizes{4, 2, 1}, Sizes{3, 2, 1}, Sizes{1, 2, 1}, Sizes{3, 1, 2}}) {
    for (const ConvolutionDirection direction : {ConvolutionDirection::kDown, ConvolutionDirection::kUp}) {
      for (const Bias bias : {Bias::kNone, Bias::kPerChannel}) {
        for (const Activation activation :
             {Activation::kNone, Activation::kRelu, Activation::kLeaky, Activation::kTanh, Activation::kSigmoid}) {
          ParameterSet parameters;
          const Context context{backend, parameters, DType::kFloat64};
          ConvolutionLayer layer(context, "layer",
                                 {.direction = direction,
                                  .input_channels = 2,
                                  .output_channels = 3,
                                  .kernel = sizes.kernel,
                                  .stride = sizes.stride,
                                  .dilation = sizes.dilation,
                                  .bias = bias,
                                  .activation = {.kind = activation, .slope = 0.2}});
          parameters.allocate(backend, DType::kFloat64);
          Differentiable function;
          for (const Parameter& entry : parameters.entries()) {
            function.inputs.push_back({entry.declaration.name, entry.declaration.shape});
          }
          function.inputs.push_back({"x", {2, 4, 2, 2}});
          function.forward = [&](const std::vector<Tensor>& in) {
            for (std::size_t i = 0; i + 1 < in.size(); ++i) backend.copy(in[i], parameters.value(i));
            parameters.mark_changed();
            return std::vector<Tensor>{layer.forward(in.back(), Mode::kTraining)};
          };
          function.backward = [&](const std::vector<Tensor>& in, const std::vector<Tensor>& dout) {
            function.forward(in);
            parameters.zero_gradients();
            std::vector<Tensor> gradients;
            for (std::size_t i = 0; i + 1 < in.size(); ++i) gradients.push_back(parameters.gradient(i));
            gradients.push_back(backend.allocate(in.back().shape(), DType::kFloat64));
            layer.backward(in.back(), dout[0], gradients.back());
            return gradients;
          };
          const std::string name = "kernel " + std::to_string(sizes.kernel) + " stride " +
                                   std::to_string(sizes.stride) + " dilation " + std::to_string(sizes.dilation) +
                                   " direction " + std::to_string(static_cast<int>(direction)) + " activation " +
                                   std::to_string(static_cast<int>(activation));
          expect_gradients(backend, random, name, function);
        }
      }
    }
  }
}

TEST(ConvolutionLayer, StridesDivideAndMultiplyExactly) {
  ReferenceBackend backend;
  for (const int stride : {1, 2, 3, 4, 5}) {
    for (int kernel = 1; kernel <= 9; kernel += stride == 1 ? 2 : 1) {
      for (const ConvolutionDirection direction : {ConvolutionDirection::kDown, ConvolutionDirection::kUp}) {
        ParameterSet parameters;
        const Context context{backend, parameters, DType::kFloat32};
        ConvolutionLayer layer(context, "layer", {.direction = direction, .kernel = kernel, .stride = stride});
        parameters.allocate(backend, DType::kFloat32);
        parameters.initialise(Initialisation::kDefault, 0.0, 1);
        const bool down = direction == ConvolutionDirection::kDown;
        const std::int64_t side = 2 * stride;
        const Tensor y = layer.forward(backend.zeros({1, side, 3 * side, 1}, DType::kFloat32), Mode::kInference);
        const std::int64_t expected = down ? 2 : side * stride;
        EXPECT_EQ(y.shape(), (Shape{1, expected, 3 * expected, 1})) << "kernel " << kernel << " stride " << stride;
      }
    }
  }
}

}  // namespace
}  // namespace nextframe::test
