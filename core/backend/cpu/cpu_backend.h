#pragma once

#include <memory>
#include <string>

#include "core/backend/backend.h"

namespace nextframe {

struct CpuOptions {
  int threads = 0;  ///< 0: as many as the process may use
};

/// float32 and bf16 on the processor: oneDNN for convolutions, Highway for everything else. Works one operation at a time, on
/// `threads` threads; the same thread count gives the same bits.
std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options);

/// What the backend runs on, for `--version`: "oneDNN 2.6.3 (AVX-512 BF16), Highway 1.0.3 (AVX3), bf16 by
/// its own instructions".
std::string describe_cpu_libraries();

}  // namespace nextframe
