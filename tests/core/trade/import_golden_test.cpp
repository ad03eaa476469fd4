// Weights of other programs' networks, read by the mappings of configs/import, forecast within 1e-4 of what
// tests/golden/import restates of those networks in PyTorch.

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "core/backend/factory.h"
#include "core/base/format.h"
#include "core/tensor/npy.h"
#include "core/trade/model_import.h"
#include "core/train/trained_model.h"
#include "tests/core/base/temporary_folder.h"
#include "tests/core/trade/rejection.h"
#include "tests/support/tensors.h"

namespace nextframe::test {
namespace {

/// The numbers of make_import_golden.py's `hashed`: from -1 to 1, by their place.
double hashed(std::uint32_t place, std::uint32_t seed) {
  std::uint32_t x = place + 1000003U * seed;
  x ^= x >> 16;
  x *= 0x7FEB352DU;
  x ^= x >> 15;
  x *= 0x846CA68BU;
  x ^= x >> 16;
  return static_cast<double>(x) / 0x1p31 - 1.0;
}

std::vector<std::int64_t> lengths_of(const json::Value& list) {
  std::vector<std::int64_t> lengths;
  for (const json::Value& item : list.items("a shape")) lengths.push_back(item.get<std::int64_t>("a length"));
  return lengths;
}

TensorFile weights_of(const json::Value& golden) {
  TensorFile file;
  for (const auto& [key, text] : golden.at("metadata", "").members("")) file.metadata[key] = text.get<std::string>(key);
  for (const json::Value& entry : golden.at("tensors", "").items("")) {
    NamedTensor tensor;
    tensor.name = entry.at("name", "").get<std::string>("name");
    tensor.shape = Shape(lengths_of(entry.at("shape", "")));
    const auto seed = entry.at("seed", "").get<std::uint32_t>("seed");
    const auto scale = entry.at("scale", "").get<double>("scale"),
               offset = entry.at("offset", "").get<double>("offset");
    for (std::int64_t i = 0; i < tensor.shape.elements(); ++i) {
      tensor.values.push_back(static_cast<float>(offset + scale * hashed(static_cast<std::uint32_t>(i), seed)));
    }
    file.tensors.push_back(std::move(tensor));
  }
  return file;
}

/// The frames [T,N,C,H,W] of a case, as the network takes them, [T,N,H,W,C].
std::vector<double> frames_of(const std::vector<std::int64_t>& shape) {
  const std::int64_t area = shape[3] * shape[4], channels = shape[2];
  std::vector<double> frames;
  for (std::int64_t i = 0; i < shape[0] * shape[1] * area; ++i) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const std::int64_t place = (i / area * channels + c) * area + i % area;
      frames.push_back(static_cast<float>(0.5 + 0.5 * hashed(static_cast<std::uint32_t>(place), 777)));
    }
  }
  return frames;
}

void check_forecast(const std::vector<double>& got, const std::string& path) {
  const NpyArray expected = NpyArray::open(path);
  std::vector<double> values(static_cast<std::size_t>(expected.elements()));
  expected.read(0, expected.elements(), values.data());
  const std::vector<std::int64_t>& shape = expected.shape();
  const std::int64_t area = shape[3] * shape[4], channels = shape[2];
  ASSERT_EQ(got.size(), values.size());
  double largest = 0;
  for (std::int64_t i = 0; i < std::ssize(values); ++i) {
    const std::int64_t frame = i / (channels * area), c = i / area % channels;
    const double difference = std::abs(got[static_cast<std::size_t>((frame * area + i % area) * channels + c)] -
                                       values[static_cast<std::size_t>(i)]);
    if (!(difference <= largest)) largest = difference;
  }
  EXPECT_TRUE(largest <= 1e-4) << largest;
}

std::string refusal(const std::string& mapping, TensorFile weights) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "weights.safetensors").string();
  std::vector<TensorSource> sources;
  for (const NamedTensor& tensor : weights.tensors) sources.push_back(source_of(tensor));
  write_tensor_file(path, weights.metadata, sources);
  return rejection(
      [&] { import_model({.weights = path, .mapping = format("{}/import/{}.json", NEXTFRAME_CONFIGS, mapping)}); });
}

TEST(ImportGolden, ShippedMappingsNameWhatTheyCannotExpress) {
  const json::Value golden = json::read_file(std::string(NEXTFRAME_IMPORT_GOLDEN) + "/cases.json");
  for (const json::Value& entry : golden.at("cases", "").items("")) {
    const auto name = entry.at("name", "").get<std::string>("");
    TensorFile weights = weights_of(entry);
    if (name == "keras-convlstm2d") {
      weights.metadata["recurrent_activation"] = "hard_sigmoid";
      weights.metadata["layers"] = "BatchNormalization; ConvLSTM2D";
      const std::string message = refusal(name, weights);
      EXPECT_TRUE(has(message, "its recurrent_activation is \"hard_sigmoid\", expected \"sigmoid\""));
      EXPECT_TRUE(has(message, "BatchNormalization"));
    } else if (name == "openstl-convlstm") {
      weights.tensors.push_back({"model.cell_list.0.conv_x.1.weight", {2, 2}, {1, 1, 1, 1}});
      EXPECT_TRUE(has(refusal(name, weights), "layer_norm has to be 0"));
    }
  }
}

TEST(ImportGolden, ForecastsWhatTheOriginalForecasts) {
  const std::string folder = NEXTFRAME_IMPORT_GOLDEN;
  const TemporaryFolder temporary;
  const std::unique_ptr<Backend> backend = make_backend({.device = Device::kCpu, .threads = 1});
  const json::Value golden = json::read_file(folder + "/cases.json");
  for (const json::Value& entry : golden.at("cases", folder).items(folder)) {
    const auto name = entry.at("name", folder).get<std::string>(folder);
    SCOPED_TRACE(name);
    const TensorFile weights = weights_of(entry);
    ImportRequest request{.weights = (temporary.path() / (name + ".safetensors")).string(),
                          .mapping = format("{}/import/{}.json", NEXTFRAME_CONFIGS,
                                            entry.at("mapping", folder).get<std::string>(folder))};
    for (const json::Value& each : entry.at("overrides", folder).items(folder)) {
      request.overrides.push_back(each.get<std::string>(folder));
    }
    std::vector<TensorSource> sources;
    for (const NamedTensor& tensor : weights.tensors) sources.push_back(source_of(tensor));
    write_tensor_file(request.weights, weights.metadata, sources);
    const std::string model_path = (temporary.path() / (name + "-model.safetensors")).string();
    write_model_file(model_path, import_model(request).file);

    TrainedModel model = load_model(*backend, model_path);
    const std::vector<std::int64_t> shape = lengths_of(entry.at("frames", folder));
    const Tensor context =
        upload(*backend, {shape[0], shape[1], shape[3], shape[4], shape[2]}, DType::kFloat32, frames_of(shape));
    const Tensor forecast = model.network->forward(context, 3, Mode::kInference);
    check_forecast(download(*backend, forecast), format("{}/{}.npy", folder, name));
  }
}

}  // namespace
}  // namespace nextframe::test
