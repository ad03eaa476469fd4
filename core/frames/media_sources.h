#pragma once

#include "core/frames/source_table.h"

namespace nextframe {

/// Everything that can be read: video, cameras and streams, images, .npy, .npz, generated frames.
SourceTable media_sources();

}  // namespace nextframe
