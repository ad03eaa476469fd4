#pragma once

#include "core/backend/backend.h"
#include "core/frames/batch.h"
#include "core/model/model_file.h"
#include "core/model/options.h"

namespace nextframe {

/// The scale of frames that have this format.
FieldScale field_scale_of(const FrameFormat& frames);

/// Makes the guides of a network on frames of this format; empty for one without a guide. Rejects a guided network where
/// there is no factory.
GuideMaker guide_maker_for(const ModelOptions& model, const FrameFormat& frames, const GuideFactory& factory);

/// The guide of a batch, [L,N,H,W,C]; empty where it has none.
Tensor guide_of(Backend& backend, const Batch& batch);

}  // namespace nextframe
