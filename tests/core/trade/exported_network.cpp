#include "tests/core/trade/exported_network.h"

#include "core/base/random.h"
#include "core/config/document.h"
#include "core/json/fields.h"
#include "core/train/network_input.h"
#include "core/train/trained_model.h"
#include "tests/support/tensors.h"

namespace nextframe::test {
namespace {

constexpr std::string_view kSmall = R"({"cell": "convlstm", "head": [{"kernel": 1}], "levels": [
    {"conv": {"channels": 3, "kernel": 3, "stride": 1}, "hidden": 4, "kernel": 3, "input_kernel": 5},
    {"conv": {"channels": 4, "kernel": 3, "stride": 2}, "hidden": 6, "kernel": 3, "input_kernel": 3,
     "up": {"channels": 5, "kernel": 4}}]})";

ModelOptions options_of(const NetworkCase& network) {
  json::Value document = json::parse(kSmall, "the small network");
  merge(document, json::parse(network.model, network.name));
  return options_from_json<ModelOptions>(document, network.name);
}

FrameFormat format_of(const NetworkCase& network) {
  FrameFormat format;
  format.output_channels = network.channels;
  format.mask_channel = network.mask;
  format.coordinates = options_of(network).coordinates;
  format.input_channels = channels_of(format).input();
  return format;
}

/// [A,B,...] to [B,A,...] with `inner` values a pair.
std::vector<float> swapped(const std::vector<float>& values, std::int64_t a, std::int64_t b) {
  std::vector<float> out(values.size());
  const std::int64_t inner = static_cast<std::int64_t>(values.size()) / (a * b);
  for (std::int64_t i = 0; i < a; ++i) {
    for (std::int64_t j = 0; j < b; ++j) {
      std::copy_n(values.begin() + (i * b + j) * inner, inner, out.begin() + (j * a + i) * inner);
    }
  }
  return out;
}

/// The two last dimensions of [P,A,B] exchanged.
std::vector<float> transposed(const std::vector<float>& values, std::int64_t a, std::int64_t b) {
  std::vector<float> out;
  for (auto piece = values.begin(); piece != values.end(); piece += a * b) {
    for (std::int64_t j = 0; j < b; ++j) {
      for (std::int64_t i = 0; i < a; ++i) out.push_back(*(piece + i * b + j));
    }
  }
  return out;
}

}  // namespace

void PrintTo(const NetworkCase& network, std::ostream* stream) { *stream << network.name; }

const std::vector<NetworkCase>& network_cases() {
  static const std::vector<NetworkCase> kCases{
      {"lstm", "{}"},
      {"lstm_peephole_norm_change", R"({"peephole": true, "norm": "group", "predict": "change"})"},
      {"lstm_without_gate_bias_relu_head",
       R"({"gate_bias": false, "conv_activation": "relu", "head": [{"channels": 3, "kernel": 3}, {"activation": "sigmoid"}]})"},
      {"gru_after", R"({"cell": "convgru"})"},
      {"gru_after_all_biases_leaky", R"({"cell": "convgru", "hidden_bias": "all", "activation": "leaky"})"},
      {"gru_after_no_hidden_bias_relu", R"({"cell": "convgru", "hidden_bias": "none", "activation": "relu"})"},
      {"gru_after_without_gate_bias", R"({"cell": "convgru", "hidden_bias": "none", "gate_bias": false})"},
      {"gru_before", R"({"cell": "convgru", "reset": "before", "conv_activation": "tanh"})"},
      {"gru_before_norm", R"({"cell": "convgru", "reset": "before", "norm": "group"})"},
      {"colour_patch_stride", R"({"patch": 2, "levels": [
          {"conv": {"channels": 4, "kernel": 5, "stride": 3}, "hidden": 4, "kernel": 3, "dilation": 2,
           "up": {"channels": 3, "kernel": 7, "bias": false}}]})",
       3},
      {"coordinates_mask_change_dilation", R"({"cell": "convgru", "coordinates": true, "predict": "change", "levels": [
          {"conv": {"channels": 3, "kernel": 3, "stride": 2}, "hidden": 4, "kernel": 3, "dilation": 2}]})",
       1, true},
      {"stack_patch",
       R"({"architecture": "stack", "patch": 2, "gate_bias": false, "head": [{"bias": false}], "levels": [
          {"hidden": 4, "kernel": 3}, {"hidden": 3, "kernel": 5}]})"},
      {"stack_gru_colour_two_convolutions",
       R"({"architecture": "stack", "cell": "convgru", "levels": [{"hidden": 4, "kernel": 3}],
          "head": [{"channels": 3, "kernel": 3}, {"kernel": 1, "activation": "sigmoid"}]})",
       3},
      {"up_of_stride_1", R"({"levels": [{"conv": {"channels": 3}, "hidden": 4, "kernel": 3},
          {"conv": {"channels": 3}, "hidden": 4, "kernel": 1, "up": {"channels": 2, "kernel": 5}}]})"},
  };
  return kCases;
}

ExportedNetwork::ExportedNetwork(const NetworkCase& network)
    : format_(format_of(network)),
      network_(make_network(backend_, DType::kFloat32, options_of(network), format_.input_channels,
                            format_.output_channels)) {
  Random random(17);
  std::vector<float> weights;
  for (const double value : uniform(random, network_->parameters().elements(), -0.4, 0.4)) {
    weights.push_back(static_cast<float>(value));
  }
  network_->parameters().upload(weights);
}

std::string ExportedNetwork::onnx(const OnnxOptions& options) {
  return export_onnx({network_->options(), network_->parameters(), format_}, options);
}

HostFrames ExportedNetwork::draw_frames(const Frames& frames) const {
  const std::int64_t given = format_.output_channels + (format_.mask_channel ? 1 : 0);
  HostFrames drawn{{frames.batch, kContext, given, frames.height, frames.width}, {}};
  Random random(static_cast<std::uint64_t>(frames.height * 100 + frames.width));
  const std::int64_t area = frames.height * frames.width;
  for (const double value : uniform(random, frames.batch * kContext * given * area, 0, 1)) {
    drawn.values.push_back(static_cast<float>(value));
  }
  if (!format_.mask_channel) return drawn;
  for (std::int64_t i = 0; i < frames.batch * kContext; ++i) {
    for (std::int64_t pixel = 0; pixel < area; ++pixel) {
      float& valid = drawn.values[static_cast<std::size_t>(((i + 1) * given - 1) * area + pixel)];
      valid = valid < 0.8F ? 1.0F : 0.0F;
    }
  }
  return drawn;
}

HostFrames ExportedNetwork::forecast(const HostFrames& frames) {
  const auto [batch, steps, given, height, width] = frames.shape;
  const std::vector<float> last = transposed(swapped(frames.values, batch, steps), given, height * width);
  const std::int64_t channels = format_.output_channels;
  std::vector<float> values, mask, buffer;
  for (auto pixel = last.begin(); pixel != last.end(); pixel += given) {
    values.insert(values.end(), pixel, pixel + channels);
    if (format_.mask_channel) mask.push_back(*(pixel + channels));
  }
  const std::vector<FramePlace> places(static_cast<std::size_t>(batch), {0, 0, height, width, {}});
  const std::vector<float>& whole =
      network_input({.frames = values, .mask = mask, .height = height, .width = width, .places = places},
                    channels_of(format_), buffer);
  const Tensor context = upload(backend_, {steps, batch, height, width, format_.input_channels}, DType::kFloat32,
                                std::vector<double>(whole.begin(), whole.end()));
  const std::vector<double> result = download(backend_, network_->forward(context, kHorizon, Mode::kInference));
  const std::vector<float> last_result(result.begin(), result.end());
  return {{batch, kHorizon, channels, height, width},
          swapped(transposed(last_result, height * width, channels), kHorizon, batch)};
}

}  // namespace nextframe::test
