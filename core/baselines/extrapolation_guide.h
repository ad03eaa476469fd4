#pragma once

#include <memory>

#include "core/frames/guide.h"

namespace nextframe {

/// Guides by the last frame, moved on by optical flow: the very forecast of the baseline "extrapolation" where that one
/// knows; elsewhere what it was before the path of a pixel left what is known, or 0 where that was missing, too. The motion
/// is found on whole frames even for a piece of them, and kept for contexts that come again, in 256 MB at most.
std::unique_ptr<Guide> make_extrapolation_guide(const FlowOptions& flow, const FieldScale& scale);

}  // namespace nextframe
