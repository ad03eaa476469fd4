#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/json/value.h"
#include "core/tensor/shape.h"

namespace nextframe::test {

struct GoldenTensor {
  Shape shape;
  std::vector<double> values;
};

/// One case of tests/golden/make_golden.py.
struct GoldenCase {
  std::string name;
  json::Value options;
  std::map<std::string, GoldenTensor> tensors;

  const GoldenTensor& at(const std::string& key) const;
  const std::vector<double>& values(const std::string& key) const { return at(key).values; }
  bool has(const std::string& key) const { return tensors.count(key) > 0; }
};

/// All cases of tests/golden/`file`.json with their values.
std::vector<GoldenCase> read_golden(const std::string& file);

}  // namespace nextframe::test
