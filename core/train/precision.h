#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "core/backend/backend.h"
#include "core/base/log.h"

namespace nextframe {

/// The type of the activations in a network. Weights, optimizer, cell states, statistics and losses are float32 in all of
/// them, and so are model files and checkpoints, which therefore go from one to the other.
enum class Precision {
  kFloat32,
  kBf16,
  kAuto,  ///< bf16 where the backend has it in its instructions, else float32
};

constexpr auto enum_names(Precision) {
  return std::array<std::pair<std::string_view, Precision>, 3>{
      {{"float32", Precision::kFloat32}, {"bf16", Precision::kBf16}, {"auto", Precision::kAuto}}};
}

/// What a precision comes to on a backend.
DType activation_type(Precision precision, const Backend& backend);

/// Tells the user which type was chosen, as a warning where bf16 was asked for and is emulated.
void report_precision(Precision precision, const Backend& backend, Log& log);

}  // namespace nextframe
