#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/base/error.h"
#include "core/frames/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const nextframe::IdxImages images = nextframe::parse_idx_images(std::as_bytes(std::span(data, size)), "fuzz");
    if (images.pixels.size() + 16 != size) std::abort();
  } catch (const nextframe::Error&) {
    // Refusing is right; anything else that is thrown is a finding.
  }
  return 0;
}
