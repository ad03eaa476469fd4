#pragma once

#include <cstdint>

namespace nextframe {

/// Bytes that new allocations can take without swapping: the smaller of the machine's available memory and what is left
/// of the control group's limit (a container). 0 where neither is known.
std::uint64_t available_memory_bytes();

/// The resident size of this process now, in bytes. 0 where it is not known.
std::uint64_t resident_memory_bytes();

/// The largest resident size that this process has had so far, in bytes. 0 where it is not known.
std::uint64_t peak_memory_bytes();

}  // namespace nextframe
