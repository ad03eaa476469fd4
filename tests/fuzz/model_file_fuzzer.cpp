#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/base/error.h"
#include "core/model/model_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const nextframe::TensorFile file = nextframe::parse_tensor_file(bytes, "fuzz");
    const nextframe::TensorFile again = nextframe::parse_tensor_file(nextframe::serialise(file), "written");
    if (again.tensors.size() != file.tensors.size() || again.metadata != file.metadata) std::abort();
    nextframe::parse_model_file(bytes, "fuzz");
  } catch (const nextframe::Error&) {
    // Refusing is right; anything else that is thrown is a finding.
  }
  return 0;
}
