#pragma once

#include "core/backend/cpu/winograd.h"

namespace nextframe::cpu {

/// Points of a tile: eight by eight.
constexpr std::int64_t kPoints = 64;

inline std::int64_t outputs_across(const WinogradProblem& p) { return 9 - p.taps; }
inline std::int64_t tile_rows(const WinogradProblem& p) {
  return (p.output_height + outputs_across(p) - 1) / outputs_across(p);
}
inline std::int64_t tile_columns(const WinogradProblem& p) {
  return (p.output_width + outputs_across(p) - 1) / outputs_across(p);
}
inline std::int64_t tile_count(const WinogradProblem& p) { return p.batch * tile_rows(p) * tile_columns(p); }

struct WinogradTile {
  std::int64_t image, row, column;  ///< the top left input pixel, which may lie outside
};

inline WinogradTile tile_at(const WinogradProblem& p, std::int64_t index) {
  const std::int64_t across = tile_columns(p), down = tile_rows(p);
  return {index / across / down, index / across % down * outputs_across(p) - p.pad_above,
          index % across * outputs_across(p) - p.pad_left};
}

/// Where the weight of output channel n, input channel k and tap (i,j) lies.
struct WinogradWeights {
  const float* data;
  std::int64_t output_step, input_step;
  bool flipped;  ///< taps from last to first
  bool rounded;  ///< to bf16
};

/// How the points of a problem lie in memory, which depends on the vectors' width.
struct WinogradSizes {
  std::int64_t columns;       ///< of a panel: output channels that are multiplied together
  std::int64_t panels;        ///< that all output channels take
  std::int64_t input_step;    ///< floats from one tile's input channels to the next one's
  std::int64_t product_step;  ///< forward: the same for a tile's products
  std::int64_t output_step;   ///< gradient: the same for a tile's output channels
  std::int64_t scratch;       ///< floats that each thread needs
};

struct WinogradForward {
  WinogradProblem problem;
  DType x_type, y_type;
  const void* x;
  const void* zeros;  ///< of x's type, as many as a pixel has channels
  const float* u;
  const float* bias;  ///< or null
  void* y;
  Write write;
  Activation activation;
  float slope;
};

struct WinogradGradient {
  WinogradProblem problem;
  DType type;
  const void* x;
  const void* dy;
  const void* zeros;  ///< of that type, as many as a pixel of x or dy has channels
  float* dw;
  Write write;
};

/// What one thread does: forward, tiles and panels of output channels; gradient, panels and input channels.
struct WinogradPiece {
  std::int64_t first_tile, last_tile;
  std::int64_t first_panel, last_panel;
};
struct WinogradGradientPiece {
  std::int64_t first_panel, last_panel;
  std::int64_t first_input, last_input;
};

}  // namespace nextframe::cpu
