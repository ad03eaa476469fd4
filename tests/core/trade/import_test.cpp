// What mappings say, and what is refused: on a network of one level and weights that count upwards.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/trade/model_import.h"
#include "tests/core/base/temporary_folder.h"
#include "tests/core/trade/rejection.h"

namespace nextframe::test {
namespace {

NamedTensor counting(const std::string& name, const Shape& shape, float first = 1) {
  NamedTensor tensor{name, shape, std::vector<float>(static_cast<std::size_t>(shape.elements()))};
  for (float& value : tensor.values) value = first++;
  return tensor;
}

/// A ConvLSTM of one level with 2 hidden channels behind a convolution of 3; `rules` make what the test is about.
class Import : public testing::Test {
 protected:
  Import() {
    source_.tensors = {counting("conv", {3, 1, 1, 1}), counting("input", {8, 3, 1, 1}), counting("bias", {8}),
                       counting("hidden", {8, 2, 1, 1}), counting("head", {1, 2, 1, 1})};
  }

  std::string rules() const { return rules_; }
  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }

  void write_mapping(const std::string& more = "") {
    std::ofstream(file("map.json")) << R"({"extends": "base.json", "parameters": [)" << rules_ << "]" << more << "}";
    std::ofstream(file("base.json")) << R"({"data": {"sources": [{"type": "balls"}]}, "model": {"cell": "convlstm",
        "head": [{"kernel": 1}], "levels": [{"conv": {"channels": 3, "kernel": 1}, "hidden": 2, "kernel": 1, "input_kernel": 1}]}})";
  }

  ImportedModel import(const std::vector<std::string>& overrides = {}) {
    std::vector<TensorSource> sources;
    for (const NamedTensor& tensor : source_.tensors) sources.push_back(source_of(tensor));
    write_tensor_file(file("weights.safetensors"), source_.metadata, sources);
    return import_model({.weights = file("weights.safetensors"), .mapping = file("map.json"), .overrides = overrides});
  }

  std::vector<float> imported(const std::string& name) {
    const ImportedModel model = import();
    const NamedTensor* tensor = model.file.find(name);
    return tensor == nullptr ? std::vector<float>() : tensor->values;
  }

  void replace(const std::string& what, const std::string& with) {
    const std::size_t at = rules_.find(what);
    ASSERT_NE(at, std::string::npos);
    rules_.replace(at, what.size(), with);
  }

  TemporaryFolder folder_;
  TensorFile source_;
  std::string rules_ = R"(
      {"name": "encoder.{k}.conv.weight", "from": [{"name": "conv"}]}, {"name": "encoder.{k}.conv.bias", "fill": 0.5},
      {"name": "encoder.{k}.rnn.input.weight", "from": [{"name": "input"}]},
      {"name": "encoder.{k}.rnn.input.bias", "from": [{"name": "bias"}]},
      {"name": "encoder.{k}.rnn.hidden.weight", "from": [{"name": "hidden"}]},
      {"name": "forecaster.{k}.rnn.input.bias", "from": [{"name": "bias"}]},
      {"name": "forecaster.{k}.rnn.hidden.weight", "from": [{"name": "hidden"}]},
      {"name": "head.{k}.weight", "from": [{"name": "head"}]}, {"name": "head.{k}.bias", "fill": 0})";
};

TEST_F(Import, EveryParameterIsMadeAndAModelFileIsWritten) {
  write_mapping();
  const ImportedModel model = import();
  EXPECT_EQ(model.file.find("encoder.0.rnn.input.bias")->values, counting("", {8}).values);
  EXPECT_EQ(model.file.find("encoder.0.conv.bias")->values, std::vector<float>(3, 0.5F));
  write_model_file(file("model.safetensors"), model.file);
  EXPECT_EQ(read_model_file(file("model.safetensors")).tensors.size(), model.file.tensors.size());
}

TEST_F(Import, GatesAreReordered) {
  replace(R"([{"name": "bias"}])", R"([{"name": "bias", "gates": ["i", "f", "o", "g"]}])");
  write_mapping();
  EXPECT_EQ(imported("encoder.0.rnn.input.bias"), (std::vector<float>{1, 2, 3, 4, 7, 8, 5, 6}));
}

TEST_F(Import, GatesAreTurnedAndTermsAdded) {
  replace(R"([{"name": "bias"}])",
          R"([{"name": "bias", "gates": ["-i", "f", "g", "o"]}, {"name": "bias", "add": true, "scale": 10}])");
  write_mapping();
  EXPECT_EQ(imported("encoder.0.rnn.input.bias"), (std::vector<float>{9, 18, 33, 44, 55, 66, 77, 88}));
}

TEST_F(Import, KernelsAreTurnedAndCut) {
  source_.tensors[1] = counting("input", {1, 1, 5, 8});  // [height, width, in, out], input and hidden state together
  source_.tensors.erase(source_.tensors.begin() + 3);
  replace(R"([{"name": "input"}])", R"([{"name": "input", "axes": [3, 2, 0, 1], "inputs": "first"}])");
  for (int i = 0; i < 2; ++i) {
    replace(R"([{"name": "hidden"}])", R"([{"name": "input", "axes": [3, 2, 0, 1], "inputs": "last"}])");
  }
  write_mapping();
  const std::vector<float> input = imported("encoder.0.rnn.input.weight"),
                           hidden = imported("encoder.0.rnn.hidden.weight");
  EXPECT_EQ(std::vector<float>(input.begin(), input.begin() + 6), (std::vector<float>{1, 9, 17, 2, 10, 18}));
  EXPECT_EQ(std::vector<float>(hidden.begin(), hidden.begin() + 4), (std::vector<float>{25, 33, 26, 34}));
}

TEST_F(Import, AConvolutionCanHandOnWhatItGets) {
  replace(R"("from": [{"name": "head"}])", R"("identity": true)");
  const std::string dropped = R"(, "dropped": [{"name": "head", "because": "the last hidden state is the frame"}])";
  write_mapping(dropped);
  EXPECT_TRUE(has(rejection([&] { import(); }), "unfilled: head.0.weight [1,2,1,1]: no identity"));
  source_.tensors[0] = counting("conv", {3, 2, 1, 1});
  write_mapping(dropped + R"(, "sizes": [{"key": "data.channels", "of": "conv", "axis": 1}])");
  EXPECT_EQ(imported("head.0.weight"), (std::vector<float>{1, 0, 0, 1}));
}

TEST_F(Import, UnreadAndUnfilledAreListedTogether) {
  source_.tensors.push_back(counting("attention.weight", {4, 4}));
  source_.tensors.erase(source_.tensors.begin());
  replace(R"({"name": "head.{k}.bias", "fill": 0})", R"({"name": "head.7.bias", "fill": 0})");
  write_mapping();
  const std::string message = rejection([&] { import(); });
  EXPECT_TRUE(has(message, "unread: attention.weight [4,4]"));
  EXPECT_TRUE(has(message, "unfilled: encoder.0.conv.weight [3,1,1,1]: the file has no conv"));
  EXPECT_TRUE(has(message, "unfilled: head.0.bias [1]: the mapping has no rule for it"));
  EXPECT_TRUE(has(message, "head.7.bias, which the network does not have"));
}

TEST_F(Import, PartsThatAreNotReadAreListed) {
  source_.tensors[1] = counting("input", {8, 5, 1, 1});
  replace(R"([{"name": "input"}])", R"([{"name": "input", "inputs": "first"}])");
  write_mapping();
  EXPECT_TRUE(has(rejection([&] { import(); }), "unread: input [8,5,1,1]: 16 of its 40 values"));
  write_mapping(R"(, "dropped": [{"name": "inp*", "because": "an input of zeros"}])");
  const ImportedModel model = import();
  ASSERT_EQ(model.dropped.size(), 1u);
  EXPECT_EQ(model.dropped[0].values, 16);
  EXPECT_EQ(model.dropped[0].because, "an input of zeros");
}

TEST_F(Import, GatesThatNoTermGivesAreListed) {
  replace(R"([{"name": "bias"}])", R"([{"name": "half", "gates": ["i", "o"]}])");
  source_.tensors.push_back(counting("half", {4}));
  write_mapping();
  EXPECT_TRUE(
      has(rejection([&] { import(); }), "unfilled: encoder.0.rnn.input.bias [8]: no term gives 4 of its values"));
}

TEST_F(Import, ShapesThatDoNotFitAreNamed) {
  source_.tensors[3] = counting("hidden", {8, 2, 3, 3});
  write_mapping();
  EXPECT_TRUE(has(rejection([&] { import(); }), "hidden [8,2,3,3] gives [8,2,3,3], expected [8,2,1,1]"));
}

TEST_F(Import, MistakesInAMappingAreNamed) {
  write_mapping(R"(, "droped": [])");
  EXPECT_TRUE(has(rejection([&] { import(); }), "droped: unknown key; did you mean \"dropped\"?"));
  replace(R"("name": "conv"})", R"("name": "conv{j}"})");
  write_mapping();
  EXPECT_TRUE(has(rejection([&] { import(); }), "\"conv{j}\" holds a brace"));
  replace(R"("name": "conv{j}"})", R"("name": "conv", "gates": ["i"]})");
  write_mapping();
  EXPECT_TRUE(has(rejection([&] { import(); }), "encoder.0.conv.weight has no gates"));
  replace(R"(, "gates": ["i"]})", R"(}, {"name": "conv"})");
  write_mapping();
  EXPECT_TRUE(has(rejection([&] { import(); }), "conv fills it a second time"));
  replace(R"([{"name": "bias"}])", R"([{"name": "bias", "gates": ["i", "f", "c", "o"]}])");
  write_mapping();
  EXPECT_TRUE(has(rejection([&] { import(); }), "no gate \"c\", expected one of i, f, g, o"));
}

TEST_F(Import, ArchitecturesThatAMappingDoesNotExpressAreNamed) {
  source_.metadata["activation"] = "hard_sigmoid";
  write_mapping(
      R"(, "metadata": [{"key": "activation", "values": {"sigmoid": "", "tanh": "data.context=7"}, "because": "gates are smooth here"}])");
  EXPECT_TRUE(has(rejection([&] { import(); }),
                  "its activation is \"hard_sigmoid\", expected \"sigmoid\" or \"tanh\": gates are smooth here"));
  source_.metadata.clear();
  EXPECT_TRUE(has(rejection([&] { import(); }), "its metadata do not tell \"activation\""));
  source_.metadata["activation"] = "tanh";
  EXPECT_EQ(import().file.config.at("data", "").at("context", "").get<int>(""), 7);
  write_mapping(R"(, "refused": [{"name": "hid*", "because": "layer norm is not known here"}])");
  EXPECT_TRUE(has(rejection([&] { import(); }), "it has hidden: layer norm is not known here"));
}

TEST_F(Import, ShapesTellTheConfiguration) {
  write_mapping(R"(, "sizes": [{"key": "model.levels[{k}].conv.channels", "of": "conv", "axis": 0},
      {"key": "data.channels", "of": "conv", "axis": 1},
      {"key": "model.levels[0].hidden", "of": "input", "axis": 0, "divided_by": 4, "multiple_of": 2},
      {"key": "model.gate_bias", "of": "bias", "exists": true}], "set": ["model.levels[0].hidden=7"])");
  EXPECT_EQ(import().file.frames.output_channels, 1);
  write_mapping(
      R"(, "sizes": [{"key": "model.levels[0].hidden", "of": "input", "axis": 0, "divided_by": 4, "multiple_of": 32,
      "because": "groups of 32"}])");
  EXPECT_TRUE(has(rejection([&] { import(); }), "8 / 4, expected a multiple of 32: groups of 32"));
}

TEST_F(Import, FramesAreAsTheConfigurationSays) {
  write_mapping();
  const FrameFormat frames = import({"data.normalise.low=-1", "data.normalise.high=3"}).file.frames;
  EXPECT_EQ(frames.normalisation.offset, -1);
  EXPECT_EQ(frames.normalisation.scale, 4);
  EXPECT_EQ(frames.low, -1);
  EXPECT_TRUE(has(rejection([&] { import({"data.normalise.by=standard"}); }), "frames are needed"));
  EXPECT_TRUE(has(rejection([&] { import({"data.channels=source"}); }), "does not tell how many"));
}

TEST_F(Import, InputsBesideTheFramesAreCounted) {
  source_.tensors[0] = counting("conv", {3, 4, 1, 1});
  write_mapping();
  const std::vector<std::string> overrides{
      R"(data.sources=[{"type": "radar", "path": "rain"}])", "data.mask_channel=true",
      R"(data.inputs=[{"name": "height", "type": "raster", "path": "terrain.tif", "mean": 100, "deviation": 50}])"};
  const FrameFormat frames = import(overrides).file.frames;
  EXPECT_EQ(frames.field_channels, 2);  // its value and its mask
  EXPECT_EQ(frames.input_channels, 4);
}

TEST_F(Import, BrokenWeightsAreRefusedAsModelFilesAre) {
  write_mapping();
  source_.tensors[0].values[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(has(rejection([&] { import(); }), "encoder.0.conv.weight: would hold nan"));
  std::ofstream(file("weights.safetensors"), std::ios::binary) << "PK no tensors";
  EXPECT_TRUE(
      has(rejection([&] { import_model({.weights = file("weights.safetensors"), .mapping = file("map.json")}); }),
          "safetensors"));
}

TEST(CountedName, CountsUpAndDown) {
  EXPECT_EQ(CountedName("a{k+1}.b{3-k}", "").at(1), "a2.b2");
  EXPECT_EQ(CountedName("a{k-1}", "").match("a4"), 5);
  EXPECT_EQ(CountedName("a", "").match("a"), 0);
  EXPECT_EQ(CountedName("a{k}", "").match("b1"), std::nullopt);
}

}  // namespace
}  // namespace nextframe::test
