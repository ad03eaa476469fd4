#include "core/backend/cpu/winograd.h"

#include <algorithm>

#include "core/backend/cpu/winograd_arguments.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/winograd.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/small_gemm-inl.h"
#include "core/backend/cpu/winograd_tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

/// Tiles whose points and products a thread holds at a time: what about fits its second-level cache.
constexpr std::int64_t kTilesAtOnce = 2 * kGemmRows;
/// A few more at the end cost less than a round of their own.
constexpr std::int64_t kMostTiles = 3 * kGemmRows;
constexpr std::int64_t kPanelsAtOnce = 2;

WinogradSizes winograd_sizes(const WinogradProblem& p) {
  WinogradSizes sizes{};
  sizes.columns = gemm_columns();
  sizes.panels = (p.outputs + sizes.columns - 1) / sizes.columns;
  // Rows an odd number of cache lines apart fall into different sets of the cache.
  sizes.input_step = ((p.inputs + 15) / 16 | 1) * 16;
  sizes.product_step = kPoints * kPanelsAtOnce * sizes.columns + 16;
  sizes.scratch = kMostTiles * (kPoints * sizes.input_step + sizes.product_step);
  return sizes;
}

/// One panel of weights -> u[point][input channel][column].
template <int kTaps>
void points_of_taps(const WinogradWeights& w, std::int64_t inputs, std::int64_t outputs, std::int64_t panel, float* u) {
  constexpr int kCount = kTaps * kTaps;
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t columns = gemm_columns();
  HWY_ALIGN float taps[kCount * HWY_MAX_BYTES / sizeof(float)];
  for (std::int64_t part = 0; part < columns; part += lanes) {
    const std::int64_t first = panel * columns + part;
    const std::int64_t valid = std::clamp<std::int64_t>(outputs - first, 0, lanes);
    std::fill_n(taps, kCount * lanes, 0.0f);
    for (std::int64_t k = 0; k < inputs; ++k) {
      for (std::int64_t lane = 0; lane < valid; ++lane) {
        const float* from = w.data + (first + lane) * w.output_step + k * w.input_step;
        float* to = taps + lane + (w.flipped ? (kCount - 1) * lanes : 0);
        const std::int64_t step = w.flipped ? -lanes : lanes;
        for (int tap = 0; tap < kCount; ++tap) to[tap * step] = from[tap];
      }
      V half[8][kTaps];
      for (int j = 0; j < kTaps; ++j) {
        V g[kTaps], points[8];
        for (int i = 0; i < kTaps; ++i) {
          g[i] = hn::Load(d, taps + (i * kTaps + j) * lanes);
          if (w.rounded) g[i] = rounded_to_bf16(d, g[i]);
        }
        taps_to_points<kTaps>(d, g, points);
        for (int i = 0; i < 8; ++i) half[i][j] = points[i];
      }
      for (int i = 0; i < 8; ++i) {
        V points[8];
        taps_to_points<kTaps>(d, half[i], points);
        for (int j = 0; j < 8; ++j) hn::StoreU(points[j], d, u + ((i * 8 + j) * inputs + k) * columns + part);
      }
    }
  }
}

void winograd_weights(const WinogradProblem& p, const WinogradWeights& w, std::int64_t panel, float* u) {
  u += panel * kPoints * p.inputs * gemm_columns();
  if (p.taps == 5) {
    points_of_taps<5>(w, p.inputs, p.outputs, panel, u);
  } else {
    points_of_taps<3>(w, p.inputs, p.outputs, panel, u);
  }
}

/// Products of one tile for channels first .. last-1 -> its outputs, as far as they lie in the frame.
template <int kOutputs, class Y>
HWY_INLINE void write_outputs(const WinogradForward& a, const WinogradTile& tile, const float* m, std::int64_t m_step,
                              std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.problem.outputs;
  const std::int64_t height = a.problem.output_height, width = a.problem.output_width;
  const std::int64_t top = tile.row + a.problem.pad_above, left = tile.column + a.problem.pad_left;
  const std::int64_t rows = std::min<std::int64_t>(kOutputs, height - top);
  const std::int64_t columns = std::min<std::int64_t>(kOutputs, width - left);
  Y* to = static_cast<Y*>(a.y) + ((tile.image * height + top) * width + left) * channels + first;
  const float* bias = a.bias == nullptr ? nullptr : a.bias + first;
  each_lane(last - first, [&](auto d, std::int64_t c) HWY_ATTR {
    using V = hn::Vec<decltype(d)>;
    V half[kOutputs][8];
#pragma GCC unroll 8
    for (int j = 0; j < 8; ++j) {
      V points[8], y[kOutputs];
#pragma GCC unroll 8
      for (int i = 0; i < 8; ++i) points[i] = hn::LoadU(d, m + (i * 8 + j) * m_step + c);
      points_to_outputs<kOutputs>(d, points, y);
#pragma GCC unroll 8
      for (int i = 0; i < kOutputs; ++i) half[i][j] = y[i];
    }
    const V shift = bias == nullptr ? hn::Zero(d) : hn::LoadU(d, bias + c);
#pragma GCC unroll 8
    for (int i = 0; i < kOutputs; ++i) {
      if (i >= rows) break;
      V y[kOutputs];
      points_to_outputs<kOutputs>(d, half[i], y);
#pragma GCC unroll 8
      for (int j = 0; j < kOutputs; ++j) {
        if (j >= columns) break;
        Y* place = to + (i * width + j) * channels + c;
        V value = hn::Add(y[j], shift);
        if (a.write == Write::kAccumulate) value = hn::Add(value, load(d, place));
        if (a.activation != Activation::kNone) value = activated(d, a.activation, a.slope, value);
        store(value, d, place);
      }
    }
  });
}

template <class X, class Y>
void forward_of(const WinogradForward& a, const WinogradPiece& piece, float* scratch) {
  const WinogradProblem& p = a.problem;
  const WinogradSizes sizes = winograd_sizes(p);
  float* v = scratch;
  float* m = scratch + kMostTiles * kPoints * sizes.input_step;
  const std::int64_t point_step = kMostTiles * sizes.input_step;
  const std::int64_t chunk_columns = kPanelsAtOnce * sizes.columns;
  const X* pixels[kPoints];
  std::int64_t tiles = 0;
  for (std::int64_t first = piece.first_tile; first < piece.last_tile; first += tiles) {
    const std::int64_t left = piece.last_tile - first;
    tiles = left <= kMostTiles ? left : kTilesAtOnce;
    for (std::int64_t t = 0; t < tiles; ++t) {
      find_pixels(static_cast<const X*>(a.x), tile_at(p, first + t), p.height, p.width, p.inputs,
                  static_cast<const X*>(a.zeros), pixels);
      points_of_pixels(pixels, p.inputs, v + t * sizes.input_step, point_step);
    }
    for (std::int64_t panel = piece.first_panel; panel < piece.last_panel; panel += kPanelsAtOnce) {
      const std::int64_t panels = std::min(kPanelsAtOnce, piece.last_panel - panel);
      for (std::int64_t point = 0; point < kPoints; ++point) {
        for (std::int64_t i = 0; i < panels; ++i) {
          const float* u = a.u + ((panel + i) * kPoints + point) * p.inputs * sizes.columns;
          gemm_panel<Write::kOverwrite>({v + point * point_step, sizes.input_step, 1}, tiles, {u, sizes.columns},
                                        p.inputs, {m + point * chunk_columns + i * sizes.columns, sizes.product_step});
        }
      }
      const std::int64_t column = panel * sizes.columns;
      const std::int64_t last = std::min(p.outputs, column + panels * sizes.columns);
      for (std::int64_t t = 0; t < tiles; ++t) {
        const float* products = m + t * sizes.product_step;
        if (p.taps == 5) {
          write_outputs<4, Y>(a, tile_at(p, first + t), products, chunk_columns, column, last);
        } else {
          write_outputs<6, Y>(a, tile_at(p, first + t), products, chunk_columns, column, last);
        }
      }
    }
  }
}

void winograd_forward(const WinogradForward& a, const WinogradPiece& piece, float* scratch) {
  if (a.x_type == DType::kFloat32) {
    forward_of<float, float>(a, piece, scratch);
  } else {
    with_stored_type(a.y_type, [&](auto y) { forward_of<BFloat16, decltype(y)>(a, piece, scratch); });
  }
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(winograd_sizes);
HWY_EXPORT(winograd_weights);
HWY_EXPORT(winograd_forward);

namespace {

/// Fewest channels on either side for which the transforms do not outweigh what is saved.
constexpr std::int64_t kFewestChannels = 8;
/// Room for the points of weights, which take 2.6 times (5x5) or 7 times (3x3) as much as the weights.
constexpr std::size_t kPointsLimit = std::size_t{16} << 20;
/// Fewest tiles that are worth a thread of their own.
constexpr std::int64_t kFewestTiles = 14;
/// Tiles after which the points of weights were worth computing, and computing them again.
constexpr std::int64_t kWorthwhileTiles = 512;

}  // namespace

/// The points of the weights of one convolution. They are worth keeping for as long as the weights stay the same; while a
/// network learns, that is the time that one layer works.
struct Winograd::Points {
  const void* weights;
  WeightOrder order;
  DType operands;
  std::int64_t inputs, outputs;
  std::uint64_t version = 0;
  std::int64_t tiles = 0;  ///< multiplied since they were computed
  std::shared_ptr<Buffer> buffer;

  float* data() const { return static_cast<float*>(buffer->data()); }
};

Winograd::Winograd(const Threads& threads, std::shared_ptr<MemoryPool> pool)
    : threads_(threads), pool_(std::move(pool)), points_limit_(kPointsLimit) {}

Winograd::~Winograd() = default;

std::optional<WinogradProblem> Winograd::problem_of(const ConvolutionSpec& spec, const Tensor& x, const Tensor& y,
                                                    std::int64_t taps, std::int64_t pad_above, std::int64_t pad_left) {
  if (spec.stride != 1 || spec.dilation != 1 || (taps != 3 && taps != 5)) return {};
  if (x.dtype() == DType::kBFloat16 && onednn_has_tiles()) return {};
  const WinogradProblem problem{.batch = x.dimension(0),
                                .height = x.dimension(1),
                                .width = x.dimension(2),
                                .output_height = y.dimension(1),
                                .output_width = y.dimension(2),
                                .inputs = x.dimension(3),
                                .outputs = y.dimension(3),
                                .taps = taps,
                                .pad_above = pad_above,
                                .pad_left = pad_left};
  if (std::min(problem.inputs, problem.outputs) < kFewestChannels) return {};
  const std::int64_t direct = problem.batch * problem.output_height * problem.output_width * taps * taps;
  if (2 * kPoints * tile_count(problem) > direct) return {};
  return problem;
}

/// Frees what is stale, then what has served, the longest unused first. Points that have not served enough are kept, and
/// the limit grows: a live forecast takes one frame at a time through the same weights.
void Winograd::make_room(std::size_t bytes, std::uint64_t version) {
  const auto drop_while_full = [&](const auto& may_go) {
    for (auto place = points_.end(); place != points_.begin() && points_bytes_ + bytes > points_limit_;) {
      --place;
      if (!may_go(*place)) continue;
      points_bytes_ -= place->buffer->bytes();
      place = points_.erase(place);
    }
  };
  drop_while_full([&](const Points& points) { return points.version != version; });
  drop_while_full([](const Points& points) { return points.tiles >= kWorthwhileTiles; });
  points_limit_ = std::max(points_limit_, points_bytes_ + bytes);
}

Winograd::Points& Winograd::points_of(const WinogradProblem& problem, const WeightView& weights, WeightOrder order,
                                      DType operands) {
  const void* const address = weights.tensor.raw();
  const auto found = std::find_if(points_.begin(), points_.end(), [&](const Points& p) {
    return p.weights == address && p.order == order && p.operands == operands && p.inputs == problem.inputs &&
           p.outputs == problem.outputs;
  });
  if (found != points_.end()) {
    points_.splice(points_.begin(), points_, found);
  } else {
    const WinogradSizes sizes = HWY_DYNAMIC_DISPATCH(winograd_sizes)(problem);
    const auto bytes =
        static_cast<std::size_t>(sizes.panels * kPoints * problem.inputs * sizes.columns) * sizeof(float);
    make_room(bytes, weights.version);
    points_.push_front({.weights = address,
                        .order = order,
                        .operands = operands,
                        .inputs = problem.inputs,
                        .outputs = problem.outputs,
                        .buffer = pool_->allocate(bytes, MemoryUse::kCopy)});
    points_bytes_ += points_.front().buffer->bytes();
    fill(points_.front(), problem, weights);
    return points_.front();
  }
  // Version 0 names no version: such weights may have changed unseen.
  Points& points = points_.front();
  if (weights.version == 0 || points.version != weights.version) fill(points, problem, weights);
  return points;
}

void Winograd::fill(Points& points, const WinogradProblem& problem, const WeightView& weights) {
  const std::int64_t taps = problem.taps * problem.taps;
  const bool swapped = points.order == WeightOrder::kFlippedSwapped;
  const WinogradWeights from{.data = weights.tensor.data<float>(),
                             .output_step = swapped ? taps : problem.inputs * taps,
                             .input_step = swapped ? problem.outputs * taps : taps,
                             .flipped = swapped,
                             .rounded = points.operands == DType::kBFloat16};
  const auto kernel = HWY_DYNAMIC_DISPATCH(winograd_weights);
  parallel_for(threads_, HWY_DYNAMIC_DISPATCH(winograd_sizes)(problem).panels, 1,
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t panel = first; panel < last; ++panel) kernel(problem, from, panel, points.data());
               });
  points.version = weights.version;
  points.tiles = 0;
}

float* Winograd::scratch(std::int64_t pieces, std::int64_t each, std::int64_t pixel) {
  const auto bytes = static_cast<std::size_t>(pieces * each + pixel) * sizeof(float);
  if (!scratch_ || scratch_->bytes() < bytes) {
    scratch_.reset();
    scratch_ = pool_->allocate(bytes, MemoryUse::kCopy);
  }
  float* const memory = static_cast<float*>(scratch_->data());
  if (!threads_.idle()) std::fill_n(memory + pieces * each, pixel, 0.0f);
  return memory;
}

void Winograd::run(const WinogradProblem& problem, const Tensor& x, const WeightView& weights, WeightOrder order,
                   const Tensor& bias, const ActivationSpec& activation, const Tensor& y, Write write) {
  Points& points = points_of(problem, weights, order, x.dtype());
  const std::int64_t tiles = tile_count(problem);
  points.tiles += tiles;
  const WinogradSizes sizes = HWY_DYNAMIC_DISPATCH(winograd_sizes)(problem);
  // Each thread takes some of the tiles; where there are few of them, some of the panels too.
  const std::int64_t rows = std::clamp<std::int64_t>(tiles / kFewestTiles, 1, int{threads_});
  const std::int64_t columns = std::clamp<std::int64_t>(threads_ / rows, 1, sizes.panels);
  float* const memory = scratch(rows * columns, sizes.scratch, problem.inputs);
  const WinogradForward arguments{.problem = problem,
                                  .x_type = x.dtype(),
                                  .y_type = y.dtype(),
                                  .x = x.raw(),
                                  .zeros = memory + rows * columns * sizes.scratch,
                                  .u = points.data(),
                                  .bias = bias ? bias.data<float>() : nullptr,
                                  .y = y.raw(),
                                  .write = write,
                                  .activation = activation.kind,
                                  .slope = static_cast<float>(activation.slope)};
  const auto kernel = HWY_DYNAMIC_DISPATCH(winograd_forward);
  parallel_for(threads_, rows * columns, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t row = i / columns, column = i % columns;
      kernel(arguments,
             {.first_tile = tiles * row / rows,
              .last_tile = tiles * (row + 1) / rows,
              .first_panel = sizes.panels * column / columns,
              .last_panel = sizes.panels * (column + 1) / columns},
             memory + i * sizes.scratch);
    }
  });
}

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
