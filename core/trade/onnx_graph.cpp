#include "core/trade/onnx_graph.h"

#include <array>
#include <bit>
#include <cstring>

#include "core/base/error.h"

namespace nextframe {
namespace {

static_assert(std::endian::native == std::endian::little, "raw data is little-endian");

/// Numbers of the fields, as onnx.proto gives them.
namespace model_field {
constexpr int kIrVersion = 1, kProducer = 2, kGraph = 7, kOpset = 8, kMetadata = 14;
}
namespace graph_field {
constexpr int kNode = 1, kName = 2, kConstant = 5, kInput = 11, kOutput = 12;
}
namespace node_field {
constexpr int kInput = 1, kOutput = 2, kName = 3, kOperation = 4, kAttribute = 5;
}
namespace attribute_field {
constexpr int kName = 1, kFloat = 2, kInteger = 3, kText = 4, kIntegers = 8, kType = 20;
}
namespace tensor_field {
constexpr int kShape = 1, kType = 2, kName = 8, kBytes = 9;
}

/// What opset 13 came with; later ones allow it.
constexpr std::int64_t kIrVersion = 7;
constexpr std::int64_t kFloat32 = 1;
constexpr std::int64_t kInt64 = 7;

ProtobufMessage attribute_message(const OnnxAttribute& attribute) {
  using namespace attribute_field;
  ProtobufMessage message;
  message.text(kName, attribute.name);
  if (const auto* integer = std::get_if<std::int64_t>(&attribute.value)) {
    message.integer(kInteger, *integer).integer(kType, 2);
  } else if (const auto* number = std::get_if<float>(&attribute.value)) {
    message.number(kFloat, *number).integer(kType, 1);
  } else if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    message.text(kText, *text).integer(kType, 3);
  } else {
    // Not packed: the format's description is of the older kind, where lists are not.
    for (const std::int64_t value : std::get<std::vector<std::int64_t>>(attribute.value)) {
      message.integer(kIntegers, value);
    }
    message.integer(kType, 7);
  }
  return message;
}

/// ValueInfoProto of a float32 tensor.
ProtobufMessage value_message(const std::string& name, const std::vector<OnnxDimension>& shape) {
  ProtobufMessage dimensions;
  for (const OnnxDimension& dimension : shape) {
    ProtobufMessage message;
    if (dimension.name.empty()) {
      message.integer(1, dimension.length);
    } else {
      message.text(2, dimension.name);
    }
    dimensions.message(1, message);
  }
  ProtobufMessage tensor, type, value;
  tensor.integer(1, kFloat32).message(2, dimensions);
  type.message(1, tensor);
  value.text(1, name).message(2, type);
  return value;
}

ProtobufMessage tensor_message(const std::string& name, std::int64_t type, std::span<const std::int64_t> shape,
                               std::string_view bytes) {
  using namespace tensor_field;
  ProtobufMessage message;
  for (const std::int64_t length : shape) message.integer(kShape, length);
  message.integer(kType, type).text(kName, name).text(kBytes, bytes);
  return message;
}

template <class T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace

std::string OnnxGraph::next_name(std::string_view operation) { return format("{}/{}_{}", scope_, operation, count_); }

void OnnxGraph::input(const std::string& name, const std::vector<OnnxDimension>& shape) {
  graph_.message(graph_field::kInput, value_message(name, shape));
}

void OnnxGraph::output(const OnnxValue& value, const std::string& name, const std::vector<OnnxDimension>& shape) {
  ProtobufMessage message;
  message.text(node_field::kInput, value).text(node_field::kOutput, name).text(node_field::kName, name);
  message.text(node_field::kOperation, "Identity");
  graph_.message(graph_field::kNode, message).message(graph_field::kOutput, value_message(name, shape));
  ++count_;
}

OnnxValue OnnxGraph::node(std::string_view operation, const std::vector<OnnxValue>& inputs,
                          const std::vector<OnnxAttribute>& attributes) {
  const std::string name = next_name(operation);
  ProtobufMessage message;
  for (const OnnxValue& input : inputs) message.text(node_field::kInput, input);
  message.text(node_field::kOutput, name).text(node_field::kName, name).text(node_field::kOperation, operation);
  for (const OnnxAttribute& attribute : attributes) {
    message.message(node_field::kAttribute, attribute_message(attribute));
  }
  graph_.message(graph_field::kNode, message);
  ++count_;
  return name;
}

std::vector<OnnxValue> OnnxGraph::split(const OnnxValue& x, std::int64_t axis,
                                        const std::vector<std::int64_t>& lengths) {
  const OnnxValue parts = integers(lengths);
  const std::string name = next_name("Split");
  ProtobufMessage message;
  message.text(node_field::kInput, x).text(node_field::kInput, parts);
  std::vector<OnnxValue> outputs;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    outputs.push_back(format("{}.{}", name, i));
    message.text(node_field::kOutput, outputs.back());
  }
  message.text(node_field::kName, name).text(node_field::kOperation, "Split");
  message.message(node_field::kAttribute, attribute_message({"axis", axis}));
  graph_.message(graph_field::kNode, message);
  ++count_;
  return outputs;
}

OnnxValue OnnxGraph::sum(const OnnxValue& a, const OnnxValue& b) {
  if (a.empty() || b.empty()) return a.empty() ? b : a;
  return node("Add", {a, b});
}

OnnxValue OnnxGraph::product(const OnnxValue& a, const OnnxValue& b) {
  if (a.empty() || b.empty()) return {};
  return node("Mul", {a, b});
}

OnnxValue OnnxGraph::constant(const std::string& name, const Shape& shape, std::span<const float> values) {
  if (!constants_.insert(name).second) return name;
  std::vector<std::int64_t> lengths;
  for (int axis = 0; axis < shape.rank(); ++axis) lengths.push_back(shape[axis]);
  graph_.message(graph_field::kConstant, tensor_message(name, kFloat32, lengths, bytes_of(values)));
  return name;
}

OnnxValue OnnxGraph::integer_constant(const std::string& name, std::span<const std::int64_t> shape,
                                      const std::vector<std::int64_t>& values) {
  if (!constants_.insert(name).second) return name;
  graph_.message(graph_field::kConstant,
                 tensor_message(name, kInt64, shape, bytes_of(std::span<const std::int64_t>(values))));
  return name;
}

OnnxValue OnnxGraph::integers(const std::vector<std::int64_t>& values) {
  std::string name = "integers";
  for (const std::int64_t value : values) name += format("_{}", value);
  const std::array<std::int64_t, 1> shape{static_cast<std::int64_t>(values.size())};
  return integer_constant(name, shape, values);
}

OnnxValue OnnxGraph::integer(std::int64_t value) { return integer_constant(format("integer_{}", value), {}, {value}); }

OnnxValue OnnxGraph::number(float value) {
  return constant(format("number_{}", value), Shape{1, 1, 1, 1}, std::span<const float>(&value, 1));
}

std::string OnnxGraph::serialise(std::int64_t opset, const std::map<std::string, std::string>& metadata) const {
  if (opset < kLowestOpset || opset > kHighestOpset) {
    reject(
        "[onnx] got opset {}, expected {} to {}: older ones split and pad in another way, and of newer ones it is not "
        "known that the operators mean the same",
        opset, kLowestOpset, kHighestOpset);
  }
  ProtobufMessage graph = graph_, set, model;
  graph.text(graph_field::kName, "nextframe");
  set.text(1, "").integer(2, opset);
  model.integer(model_field::kIrVersion, kIrVersion).text(model_field::kProducer, "nextframe");
  model.message(model_field::kOpset, set).message(model_field::kGraph, graph);
  for (const auto& [key, text] : metadata) {
    ProtobufMessage entry;
    model.message(model_field::kMetadata, entry.text(1, key).text(2, text));
  }
  return model.bytes();
}

}  // namespace nextframe
