#pragma once

#include "core/base/log.h"
#include "core/frames/input_fields.h"

namespace nextframe {

/// An opener of inputs for forecasts: fields are read when they are asked for, and recordings are looked for again where a
/// field is not there yet, so that it serves folders that grow. A field that is missing, or cannot be read, is said to
/// `log`, which outlives the opener and what it opened. Not to be used from two threads at once.
InputOpener recent_inputs(Log& log);

}  // namespace nextframe
