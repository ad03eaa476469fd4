#pragma once

#include "core/backend/backend.h"

namespace nextframe::app {

/// 10^9 bytes a second that `threads` threads read and write together in a = b + factor * c over arrays far larger than the
/// caches: McCalpin's STREAM triad, which counts 12 bytes an element and not what the processor reads of a before it
/// writes it. The best of several runs, about `seconds` altogether, in 192 MiB of the backend's memory, which must be the
/// processor's.
double measure_memory_bandwidth(Backend& backend, int threads, double seconds);

}  // namespace nextframe::app
