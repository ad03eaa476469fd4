#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/backend/backend.h"
#include "core/base/random.h"

namespace nextframe {

/// What a parameter is; with the scheme it decides how the parameter starts.
enum class ParameterKind {
  kWeight,    ///< convolution weights, drawn at random
  kBias,      ///< drawn at random by Initialisation::kDefault, zero by kHe
  kConstant,  ///< starts at `constant` under every scheme (norm scale, peepholes)
};

/// kDefault: PyTorch's convolution default, uniform in +-1/sqrt(fan_in) for weights and biases alike.
/// kHe: normal with variance 2 / ((1 + slope^2) fan_in), biases zero (He et al. 2015).
enum class Initialisation { kDefault, kHe };

constexpr auto enum_names(Initialisation) {
  return std::array<std::pair<std::string_view, Initialisation>, 2>{
      {{"default", Initialisation::kDefault}, {"he", Initialisation::kHe}}};
}

struct ParameterDeclaration {
  std::string name;
  Shape shape;
  ParameterKind kind = ParameterKind::kWeight;
  std::int64_t fan_in = 1;
  double constant = 0.0;
  /// Elements first .. first + count - 1 start at `value` whatever the kind says: the forget gate's bias.
  struct Span {
    std::int64_t first = 0, count = 0;
    double value = 0.0;
  } fixed{};
};

struct Parameter {
  ParameterDeclaration declaration;
  std::int64_t offset = 0;  ///< of its first element in the flat buffers
  Tensor value;
  Tensor gradient;
};

/// All parameters of a network in one flat buffer, in the order they were declared, with a second one for the gradients:
/// the optimizer and the checkpoint see two tensors, the layers see named views.
class ParameterSet {
 public:
  using Id = std::size_t;

  ParameterSet() = default;
  ParameterSet(const ParameterSet&) = delete;
  ParameterSet& operator=(const ParameterSet&) = delete;

  /// Before allocate(). Names must be unique.
  Id declare(ParameterDeclaration declaration);
  /// Makes the buffers; values are undefined until initialise() or load(), gradients start at zero.
  void allocate(Backend& backend, DType dtype);

  const std::vector<Parameter>& entries() const { return entries_; }
  std::int64_t elements() const { return elements_; }
  DType dtype() const { return dtype_; }
  const Tensor& values() const { return values_; }
  const Tensor& gradients() const { return gradients_; }
  const Tensor& value(Id id) const { return entries_[id].value; }
  const Tensor& gradient(Id id) const { return entries_[id].gradient; }
  /// The value, or elements first .. last-1 of its slowest dimension, as weights of the present version.
  WeightView weight(Id id) const { return {entries_[id].value, version_}; }
  WeightView weight(Id id, std::int64_t first, std::int64_t last) const {
    return {entries_[id].value.range(first, last), version_};
  }

  void zero_gradients();
  /// To be called after every change of the values: backends keep reordered copies per version.
  void mark_changed();
  void initialise(Initialisation scheme, double slope, std::uint64_t seed);
  /// Host copies of the values from element `first` on, in order of declaration.
  void read(std::int64_t first, std::span<float> values) const;
  /// Of all of them.
  std::vector<float> download() const;
  void upload(const std::vector<float>& values);

 private:
  std::vector<Parameter> entries_;
  std::int64_t elements_ = 0;
  DType dtype_ = DType::kFloat32;
  Backend* backend_ = nullptr;
  Tensor values_;
  Tensor gradients_;
  std::uint64_t version_ = 0;
};

}  // namespace nextframe
