#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/tensor/shape.h"
#include "core/trade/protobuf.h"

namespace nextframe {

/// The name of a value in a graph. The empty name stands for a value that is not there: zeros in a sum or product.
using OnnxValue = std::string;

struct OnnxAttribute {
  std::string name;
  std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>> value;
};

/// A length that is known, or one that is only called by a name.
struct OnnxDimension {
  std::int64_t length = 0;
  std::string name;  ///< empty: known
};

/// A graph of standard ONNX operators on float32 tensors, in the order in which they run, and the file that holds it.
/// Constants are kept once however often they are asked for. The operators are those of opset kLowestOpset and have kept their
/// meaning up to kHighestOpset.
class OnnxGraph {
 public:
  static constexpr std::int64_t kLowestOpset = 13;
  static constexpr std::int64_t kHighestOpset = 23;

  /// What begins the names of the nodes made from here on.
  void scope(std::string name) { scope_ = std::move(name); }

  void input(const std::string& name, const std::vector<OnnxDimension>& shape);
  void output(const OnnxValue& value, const std::string& name, const std::vector<OnnxDimension>& shape);

  /// A node with one result.
  OnnxValue node(std::string_view operation, const std::vector<OnnxValue>& inputs,
                 const std::vector<OnnxAttribute>& attributes = {});
  /// One part of `lengths[i]` along `axis` each.
  std::vector<OnnxValue> split(const OnnxValue& x, std::int64_t axis, const std::vector<std::int64_t>& lengths);
  /// a + b and a * b, where either may be absent.
  OnnxValue sum(const OnnxValue& a, const OnnxValue& b);
  OnnxValue product(const OnnxValue& a, const OnnxValue& b);

  /// The constant of that name; `values` are asked for the first time only.
  OnnxValue constant(const std::string& name, const Shape& shape, std::span<const float> values);
  bool has_constant(const std::string& name) const { return constants_.count(name) > 0; }
  OnnxValue integers(const std::vector<std::int64_t>& values);
  /// An integer without dimensions.
  OnnxValue integer(std::int64_t value);
  OnnxValue number(float value);

  /// Nodes so far.
  std::int64_t nodes() const { return count_; }

  /// The file, with free texts by key. Rejects an opset outside of the range above.
  std::string serialise(std::int64_t opset, const std::map<std::string, std::string>& metadata) const;

 private:
  OnnxValue integer_constant(const std::string& name, std::span<const std::int64_t> shape,
                             const std::vector<std::int64_t>& values);
  std::string next_name(std::string_view operation);

  std::string scope_;
  std::int64_t count_ = 0;
  std::set<std::string> constants_;
  ProtobufMessage graph_;
};

}  // namespace nextframe
