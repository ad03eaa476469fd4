#pragma once

#include <string>
#include <vector>

#include "core/model/options.h"
#include "core/nn/convolution_layer.h"
#include "core/nn/parameter_set.h"
#include "core/trade/onnx_graph.h"

namespace nextframe {

/// The parameters of a network as constants of a graph, by the names of a model file.
class OnnxParameters {
 public:
  OnnxParameters(OnnxGraph& graph, const ParameterSet& parameters) : graph_(graph), parameters_(parameters) {}

  bool has(const std::string& name) const { return find(name) != nullptr; }
  /// Rejects nothing: fails for a name that the network does not have.
  const Shape& shape(const std::string& name) const;
  /// Elements first .. last-1 of the slowest dimension. All of them keep the parameter's name.
  OnnxValue rows(const std::string& name, std::int64_t first, std::int64_t last);
  OnnxValue whole(const std::string& name) { return rows(name, 0, shape(name)[0]); }
  /// Of a parameter with one value a channel: as [C,1,1], to be added or multiplied. Nothing where the network has none.
  OnnxValue channels(const std::string& name, std::int64_t first, std::int64_t last);

 private:
  const Parameter* find(const std::string& name) const;
  OnnxValue constant(const std::string& suffix, const std::string& name, std::int64_t first, std::int64_t last,
                     const Shape& shape);

  OnnxGraph& graph_;
  const ParameterSet& parameters_;
};

/// Writes the layers of a network into a graph, on [N,C,H,W]. What a layer has is what its parameters say.
class OnnxLayers {
 public:
  OnnxLayers(OnnxGraph& graph, const ParameterSet& parameters, const ModelOptions& options)
      : graph_(graph), parameters_(graph, parameters), options_(options) {}

  OnnxGraph& graph() { return graph_; }
  const OnnxParameters& parameters() const { return parameters_; }

  OnnxValue activate(Activation kind, const OnnxValue& x);
  /// ConvolutionLayer: `prefix.weight` and, where it has one, `prefix.bias`.
  OnnxValue convolution(const std::string& prefix, const OnnxValue& x, ConvolutionDirection direction, int stride,
                        Activation activation);
  /// One step of a recurrent layer: x, nothing for a layer without input, and the state before it, empty for zeros, to the
  /// state after it, h first.
  std::vector<OnnxValue> step(const std::string& prefix, const OnnxValue& x, const std::vector<OnnxValue>& state,
                              int dilation);

 private:
  struct Convolved {
    std::int64_t first = 0, last = 0;  ///< gates' channels
    int dilation = 1;
  };

  std::vector<OnnxValue> step_lstm(const std::string& prefix, const OnnxValue& x, const std::vector<OnnxValue>& state,
                                   int dilation);
  std::vector<OnnxValue> step_gru_after(const std::string& prefix, const OnnxValue& x, const OnnxValue& h,
                                        int dilation);
  std::vector<OnnxValue> step_gru_before(const std::string& prefix, const OnnxValue& x, const OnnxValue& h,
                                         int dilation);
  /// Pre-activations of some gates: the input's part, where there is one, the hidden state's, where there is one, the
  /// bias, and the norm over `gate` channels a gate.
  OnnxValue pre_activation(const std::string& prefix, const OnnxValue& x, const OnnxValue& h, const Convolved& which);
  OnnxValue gate_convolution(const std::string& name, const OnnxValue& x, const OnnxValue& bias,
                             const Convolved& which);
  OnnxValue group_norm(const std::string& prefix, const OnnxValue& x, const Convolved& which);
  /// z o n + (1 - z) o h.
  OnnxValue blend(const OnnxValue& z, const OnnxValue& n, const OnnxValue& h);
  std::int64_t hidden_channels(const std::string& prefix) const;

  OnnxGraph& graph_;
  OnnxParameters parameters_;
  const ModelOptions& options_;
};

}  // namespace nextframe
