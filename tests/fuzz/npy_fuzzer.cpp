#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/tensor/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const auto array = nextframe::NpyArray::from_bytes(std::vector<std::byte>(bytes.begin(), bytes.end()), "fuzz");
    std::vector<float> values(static_cast<std::size_t>(array.elements()));
    array.read(0, array.elements(), values.data());
    std::vector<double> last(1);
    if (array.elements() > 0) array.read(array.elements() - 1, 1, last.data());
  } catch (const nextframe::Error&) {
    // Refusing is right; anything else that is thrown is a finding.
  }
  return 0;
}
