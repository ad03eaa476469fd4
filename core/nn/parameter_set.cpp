#include "core/nn/parameter_set.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace nextframe {

ParameterSet::Id ParameterSet::declare(ParameterDeclaration declaration) {
  for (const Parameter& entry : entries_) {
    if (entry.declaration.name == declaration.name) fail("[parameters] {} is declared twice", declaration.name);
  }
  Parameter parameter;
  parameter.offset = elements_;
  elements_ += declaration.shape.elements();
  parameter.declaration = std::move(declaration);
  entries_.push_back(std::move(parameter));
  return entries_.size() - 1;
}

void ParameterSet::allocate(Backend& backend, DType dtype) {
  backend_ = &backend;
  dtype_ = dtype;
  const Part part(backend, "parameters");
  values_ = backend.allocate(Shape{elements_}, dtype);
  gradients_ = backend.zeros(Shape{elements_}, dtype);
  for (Parameter& entry : entries_) {
    const Shape& shape = entry.declaration.shape;
    entry.value = values_.range(entry.offset, entry.offset + shape.elements()).reshaped(shape);
    entry.gradient = gradients_.range(entry.offset, entry.offset + shape.elements()).reshaped(shape);
  }
  mark_changed();
}

void ParameterSet::zero_gradients() { backend_->fill(0.0, gradients_); }

void ParameterSet::mark_changed() { version_ = backend_->next_weight_version(); }

namespace {

void draw(const ParameterDeclaration& declaration, Initialisation scheme, double slope, Random& random, float* values) {
  const std::int64_t count = declaration.shape.elements();
  const auto fan_in = static_cast<double>(declaration.fan_in);
  const double bound = 1.0 / std::sqrt(fan_in);
  const double deviation = std::sqrt(2.0 / ((1.0 + slope * slope) * fan_in));
  for (std::int64_t i = 0; i < count; ++i) {
    double value = declaration.constant;
    if (declaration.kind != ParameterKind::kConstant) {
      if (scheme == Initialisation::kDefault) {
        value = random.uniform(-bound, bound);
      } else {
        value = declaration.kind == ParameterKind::kWeight ? deviation * random.normal() : 0.0;
      }
    }
    values[i] = static_cast<float>(value);
  }
  const auto& fixed = declaration.fixed;
  std::fill_n(values + fixed.first, fixed.count, static_cast<float>(fixed.value));
}

}  // namespace

void ParameterSet::initialise(Initialisation scheme, double slope, std::uint64_t seed) {
  if (backend_->trace() != nullptr) return;  // nothing is there to be filled
  std::vector<float> values(static_cast<std::size_t>(elements_));
  for (std::size_t id = 0; id < entries_.size(); ++id) {
    Random random(seed, id + 1);
    draw(entries_[id].declaration, scheme, slope, random, values.data() + entries_[id].offset);
  }
  upload(values);
}

void ParameterSet::read(std::int64_t first, std::span<float> values) const {
  const Tensor part = values_.range(first, first + static_cast<std::int64_t>(values.size()));
  if (dtype_ == DType::kFloat32) {
    backend_->download(part, values.data());
    return;
  }
  std::vector<double> wide(values.size());
  backend_->download(part, wide.data());
  std::transform(wide.begin(), wide.end(), values.begin(), [](double value) { return static_cast<float>(value); });
}

std::vector<float> ParameterSet::download() const {
  std::vector<float> result(static_cast<std::size_t>(elements_));
  read(0, result);
  return result;
}

void ParameterSet::upload(const std::vector<float>& values) {
  if (static_cast<std::int64_t>(values.size()) != elements_) {
    fail("[parameters] got {} values, expected {}", values.size(), elements_);
  }
  if (dtype_ == DType::kFloat32) {
    backend_->upload(values.data(), values_);
  } else {
    const std::vector<double> wide(values.begin(), values.end());
    backend_->upload(wide.data(), values_);
  }
  mark_changed();
}

}  // namespace nextframe
