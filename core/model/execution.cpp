#include "core/model/execution.h"

#include <algorithm>
#include <cmath>

namespace nextframe {

std::int64_t least_memory_segment(const ModelOptions& model, const SequenceLengths& lengths) {
  // Of one step, in channels of the finest level's frames.
  double state = 0, activations = 0;
  double scale = 1;
  for (const LevelOptions& level : model.levels) {
    scale /= static_cast<double>(level.conv.stride) * level.conv.stride;
    const double states = model.cell == CellKind::kConvLstm ? 2 : 1;
    const double gates = 4;  // a ConvGRU keeps its three gates and one more sequence
    const auto hidden = static_cast<double>(level.hidden);
    state += scale * states * hidden;
    activations += scale * ((states + gates) * hidden + static_cast<double>(level.conv.channels));
  }
  const std::int64_t longest = std::max(lengths.context, lengths.horizon);
  const double best = std::sqrt(static_cast<double>(lengths.context + lengths.horizon) * state / activations);
  return std::clamp<std::int64_t>(std::llround(best), 1, longest);
}

}  // namespace nextframe
