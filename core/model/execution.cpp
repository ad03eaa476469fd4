#include "core/model/execution.h"

#include <algorithm>
#include <cmath>

#include "core/nn/cells/table.h"

namespace nextframe {

namespace {

// Measured on two Zen 5 cores: the reference network at 64x64 and batch 1 forecasts as fast step by step as in tens, one of
// 32x32 a few percent faster in tens. At 128x128 to 512x512 whole frames and tiles of 8 to 64 rows are alike within the 7 %
// that such measurements differ by. At 1000x1000 tiles of 12 or 16 rows take up to 5 % longer than whole gates, and tiles of
// 4, 5 and 10 rows 28 %: Winograd's algorithm computes four (5x5) or six rows (3x3) at a time, needed or not.

/// Pixels of the finest level that go through the layers together.
constexpr std::int64_t kPixelsTogether = 4096;
constexpr std::int64_t kMostStepsTogether = 10;
/// Gates that a layer keeps as a whole, in elements; those of one frame that is worth tiles, which go sample by sample; those
/// of a tile.
constexpr std::int64_t kWholeGates = std::int64_t{1} << 24;
constexpr std::int64_t kLargeFrame = std::int64_t{1} << 22;
constexpr std::int64_t kTileGates = std::int64_t{1} << 22;
/// Rows that both of Winograd's forms compute without leaving any unused.
constexpr std::int64_t kTileRowUnit = 12;

/// Channels of a step's gates, and of the moved states that a TrajGRU's are made from.
std::int64_t gate_channels(const CellOptions& cell) {
  const std::int64_t copies = cell.kind == CellKind::kTrajGru ? cell.links : 0;
  for (const CellRow& row : cell_table()) {
    if (row.kind == cell.kind) return (row.gates + copies) * cell.hidden_channels;
  }
  return 0;
}

}  // namespace

std::int64_t least_memory_segment(const ModelOptions& model, const SequenceLengths& lengths) {
  // Of one step, in channels of the finest level's frames.
  double state = 0, activations = 0;
  double scale = 1;
  for (const LevelOptions& level : model.levels) {
    scale /= static_cast<double>(level.conv.stride) * level.conv.stride;
    const double states = model.cell == CellKind::kStLstm ? 3 : model.cell == CellKind::kConvLstm ? 2 : 1;
    // A ConvGRU keeps its three gates and one more sequence, an ST-LSTM its seven and four.
    const double gates = model.cell == CellKind::kStLstm ? 11 : 4;
    const CellOptions cell;
    const auto flows = static_cast<double>(model.cell == CellKind::kTrajGru ? cell.flow_channels + 2 * model.links : 0);
    const auto hidden = static_cast<double>(level.hidden);
    state += scale * states * hidden;
    const double conv = feeds_back(model) ? 0.0 : static_cast<double>(level.conv.channels);
    activations += scale * ((states + gates) * hidden + flows + conv);
  }
  const std::int64_t longest = longest_segment(model, lengths);
  const double best = std::sqrt(static_cast<double>(lengths.context + lengths.horizon) * state / activations);
  return std::clamp<std::int64_t>(std::llround(best), 1, longest);
}

std::int64_t longest_segment(const ModelOptions& model, const SequenceLengths& lengths) {
  return feeds_back(model) ? lengths.context + lengths.horizon - 1 : std::max(lengths.context, lengths.horizon);
}

std::vector<Range> segments_of(std::int64_t steps, std::int64_t length) {
  return pieces_of(steps, length > 0 ? length : steps);
}

std::int64_t forecast_chunk_of(const ExecutionOptions& execution, const Geometry& finest) {
  if (execution.forecast_chunk > 0) return execution.forecast_chunk;
  const std::int64_t pixels = finest.batch * finest.height * finest.width;
  return std::clamp<std::int64_t>(kPixelsTogether / std::max<std::int64_t>(pixels, 1), 1, kMostStepsTogether);
}

Tiling tiling_of(const ExecutionOptions& execution, const Geometry& geometry, const CellOptions& cell) {
  if (execution.tile_rows > 0) {
    return {.rows = execution.tile_rows < geometry.height ? execution.tile_rows : 0};
  }
  const std::int64_t row = geometry.width * gate_channels(cell);
  const std::int64_t frame = row * geometry.height;
  if (frame <= kLargeFrame || frame * geometry.batch * geometry.steps <= kWholeGates) return {};
  const std::int64_t units = std::max<std::int64_t>(1, kTileGates / row / kTileRowUnit);
  return {.rows = std::min(units * kTileRowUnit, geometry.height)};
}

}  // namespace nextframe
