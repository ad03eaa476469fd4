#include "core/train/precision.h"

namespace nextframe {

DType activation_type(Precision precision, const Backend& backend) {
  switch (precision) {
    case Precision::kFloat32:
      return DType::kFloat32;
    case Precision::kBf16:
      return DType::kBFloat16;
    case Precision::kAuto:
      break;
  }
  return backend.bf16_support() == Bf16Support::kNative ? DType::kBFloat16 : DType::kFloat32;
}

void report_precision(Precision precision, const Backend& backend, Log& log) {
  const DType type = activation_type(precision, backend);
  if (type == DType::kBFloat16 && backend.bf16_support() == Bf16Support::kEmulated) {
    log.warning(
        "precision \"bf16\" is emulated here: {} multiplies no bf16 numbers, they go through float32; it needs less "
        "memory "
        "but more time than \"float32\", which \"auto\" would choose",
        backend.instructions());
  } else if (precision != Precision::kFloat32) {
    log.info("the network computes in {} ({})", name_of(type), backend.instructions());
  }
}

}  // namespace nextframe
