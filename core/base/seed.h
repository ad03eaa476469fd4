#pragma once

namespace nextframe {

/// The largest seed that a configuration can name: up to here every whole number has a double of its own, and JSON's
/// numbers are doubles to many readers.
inline constexpr double kLargestSeed = 9007199254740991.0;

}  // namespace nextframe
