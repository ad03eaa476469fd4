// What does not need a runtime: files that are refused, weights that stand in a file once, how protobuf writes numbers.

#include <gtest/gtest.h>

#include "core/json/fields.h"
#include "core/model/encoder_forecaster.h"
#include "core/trade/onnx_graph.h"
#include "core/trade/protobuf.h"
#include "tests/core/trade/exported_network.h"
#include "tests/core/trade/rejection.h"

namespace nextframe::test {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Protobuf, WritesTheBytesOfTheFormat) {
  EXPECT_EQ(ProtobufMessage().integer(1, 150).bytes(), "\x08\x96\x01");
  EXPECT_EQ(ProtobufMessage().text(2, "testing").bytes(), "\x12\x07testing");
  EXPECT_EQ(ProtobufMessage().integer(1, -1).bytes(), "\x08" + std::string(9, '\xff') + "\x01");
  EXPECT_EQ(ProtobufMessage().number(2, 1.0F).bytes(), std::string("\x15\x00\x00\x80\x3f", 5));
  EXPECT_EQ(ProtobufMessage().message(3, ProtobufMessage().integer(1, 150)).bytes(), "\x1a\x03\x08\x96\x01");
  EXPECT_EQ(ProtobufMessage().integer(20, 2).bytes(), "\xa0\x01\x02");
}

TEST(OnnxExport, TheSameNetworkGivesTheSameBytes) {
  for (const NetworkCase& network : network_cases()) {
    EXPECT_EQ(ExportedNetwork(network).onnx(), ExportedNetwork(network).onnx()) << network.name;
  }
}

TEST(OnnxExport, WeightsStandInTheFileOnceHoweverManyFrames) {
  for (const NetworkCase& network : network_cases()) {
    ExportedNetwork exported(network);
    const auto nodes_alone = [&](std::int64_t frames) {
      return exported.onnx({.context = 3, .frames = frames}).size();
    };
    // Beyond the second frame each one adds the same nodes, and nothing else.
    const std::size_t step = nodes_alone(3) - nodes_alone(2);
    EXPECT_NEAR(static_cast<double>(nodes_alone(8)), static_cast<double>(nodes_alone(3) + 5 * step), 0.1 * 5 * step)
        << network.name;
  }
}

TEST(OnnxExport, OpsetsThatTheOperatorsAreNotOfAreRefused) {
  ExportedNetwork exported(network_cases().front());
  for (const std::int64_t opset : {7, 12, 24}) {
    const std::string message = rejection([&] { exported.onnx({.opset = opset}); });
    EXPECT_TRUE(has(message, "expected 13 to 23"));
  }
}

TEST(OnnxExport, GuidedNetworksAreRefused) {
  ReferenceBackend backend;
  ModelOptions options;
  options.guide = Guidance::kExtrapolation;
  EncoderForecaster network(backend, DType::kFloat32, options, 1, 1);
  const std::string message = rejection([&] {
    export_onnx({network.options(), network.parameters(), FrameFormat()}, {});
  });
  EXPECT_TRUE(has(message, "optical flow"));
}

TEST(OnnxExport, MetadataSayHowFramesBecomeTheNetworksNumbers) {
  ReferenceBackend backend;
  EncoderForecaster network(backend, DType::kFloat32, {}, 1, 1);
  network.initialise(Initialisation::kDefault, 1);
  FrameFormat format;
  format.normalisation = {.offset = 3, .scale = 255};
  const std::string file = export_onnx({network.options(), network.parameters(), format}, {}, {{"name", "holiday"}});
  EXPECT_EQ(count(file, "holiday"), 1u);
  EXPECT_EQ(count(file, options_to_json(format).dump()), 1u);
  EXPECT_EQ(count(file, "nextframe.context"), 1u);
}

}  // namespace
}  // namespace nextframe::test
