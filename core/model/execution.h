#pragma once

#include <cstdint>
#include <vector>

#include "core/model/options.h"
#include "core/nn/recurrent_layer.h"

namespace nextframe {

/// Frames that a sequence has.
struct SequenceLengths {
  std::int64_t context = 10, horizon = 10;
};

/// How a network runs, in time and memory. Nothing here changes what is computed, beyond the order of float sums.
struct ExecutionOptions {
  /// Training: 0 keeps what backward needs of every step. Above 0, forward keeps only the states of every layer at the
  /// beginning of each segment of so many steps (the context and the horizon are cut apart), and the forecaster's last
  /// segment; backward goes through the segments from the last to the first and runs the forward pass of each again
  /// (Chen et al. 2016). One forward pass more in the memory of one segment.
  std::int64_t segment = 0;
  /// Forecasting: steps that the layers take together, which serves small frames; 0: chosen by the frame size. Memory grows
  /// with it, but neither with the context nor with the horizon.
  std::int64_t forecast_chunk = 0;
  /// Forecasting: rows of a frame that a recurrent layer works on at a time; 0: whole frames where their gates stay small,
  /// else as many rows as a cache holds.
  std::int64_t tile_rows = 0;
};

/// The segment length of about the least memory. With n steps, S of them in a segment, n/S states and the activations of
/// S steps are held at a time: the sum is smallest at S = sqrt(n * state / activations of a step), which depends on the
/// network alone and not on the frame size.
std::int64_t least_memory_segment(const ModelOptions& model, const SequenceLengths& lengths);

/// The longest segment that a training has any use for: context and horizon are cut apart, a stack's steps are one sequence.
std::int64_t longest_segment(const ModelOptions& model, const SequenceLengths& lengths);

/// Steps in segments of `length`; 0: all in one.
std::vector<Range> segments_of(std::int64_t steps, std::int64_t length);

/// Steps to forecast together: execution.forecast_chunk, or as many as fill the machine, for frames at the finest level.
std::int64_t forecast_chunk_of(const ExecutionOptions& execution, const Geometry& finest);

/// How a recurrent layer of `cell` goes through frames of `geometry` in inference.
Tiling tiling_of(const ExecutionOptions& execution, const Geometry& geometry, const CellOptions& cell);

}  // namespace nextframe
