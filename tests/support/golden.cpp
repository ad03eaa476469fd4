#include "tests/support/golden.h"

#include "core/base/error.h"
#include "core/tensor/npy.h"

namespace nextframe::test {

const GoldenTensor& GoldenCase::at(const std::string& key) const {
  const auto found = tensors.find(key);
  if (found == tensors.end()) fail("[golden] {}: no tensor {}", name, key);
  return found->second;
}

std::vector<GoldenCase> read_golden(const std::string& file) {
  const std::string path = std::string(NEXTFRAME_GOLDEN) + "/" + file;
  const NpyArray array = NpyArray::open(path + ".npy");
  const json::Value index = json::read_file(path + ".json");
  std::vector<GoldenCase> cases;
  for (const json::Value& entry : index.at("cases", path).items(path)) {
    GoldenCase golden;
    golden.name = entry.at("name", path).get<std::string>(path);
    golden.options = entry.at("options", path);
    for (const auto& [key, place] : entry.at("tensors", path).members(path)) {
      std::vector<std::int64_t> lengths;
      for (const json::Value& length : place.at("shape", path).items(path)) {
        lengths.push_back(length.get<std::int64_t>(path));
      }
      GoldenTensor tensor{Shape(lengths), {}};
      tensor.values.resize(static_cast<std::size_t>(tensor.shape.elements()));
      array.read(place.at("offset", path).get<std::int64_t>(path), tensor.shape.elements(), tensor.values.data());
      golden.tensors.emplace(key, std::move(tensor));
    }
    cases.push_back(std::move(golden));
  }
  return cases;
}

}  // namespace nextframe::test
