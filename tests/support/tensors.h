#pragma once

#include <cstdint>
#include <vector>

#include "core/backend/backend.h"
#include "core/base/random.h"

namespace nextframe::test {

/// A tensor of `values`, converted to `dtype`.
Tensor upload(Backend& backend, const Shape& shape, DType dtype, const std::vector<double>& values);
/// The elements, whatever the type.
std::vector<double> download(Backend& backend, const Tensor& tensor);

std::vector<double> uniform(Random& random, std::int64_t count, double low, double high);

double dot(const std::vector<double>& a, const std::vector<double>& b);
/// |got - expected| / |expected| in the Euclidean norm, or |got| where `expected` is all zeros. NaN where either holds
/// one.
double relative_difference(const std::vector<double>& got, const std::vector<double>& expected);

}  // namespace nextframe::test
