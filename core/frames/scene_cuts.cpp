#include "core/frames/scene_cuts.h"

#include <algorithm>
#include <cmath>

#include "core/frames/preprocessing.h"

namespace nextframe {
namespace {

constexpr std::int64_t kCells = 32;
constexpr std::int64_t kNeighbours = 12;

std::vector<float> cells_of(const Frame& frame) {
  Frame grey;
  grey.height = frame.height;
  grey.width = frame.width;
  grey.channels = 1;
  grey.pixels.resize(static_cast<std::size_t>(frame.area()));
  for (std::size_t i = 0; i < grey.pixels.size(); ++i) {
    float sum = 0;
    for (std::int64_t c = 0; c < frame.channels; ++c) {
      sum += frame.pixels[i * static_cast<std::size_t>(frame.channels) + static_cast<std::size_t>(c)];
    }
    const bool valid = frame.mask.empty() || frame.mask[i] != 0;
    grey.pixels[i] = valid ? sum / static_cast<float>(frame.channels) : 0;
  }
  return resized(grey, std::min(kCells, frame.height), std::min(kCells, frame.width)).pixels;
}

}  // namespace

double ChangeMeter::add(const Frame& frame) {
  std::vector<float> cells = cells_of(frame);
  double sum = 0;
  if (previous_.size() == cells.size()) {
    for (std::size_t i = 0; i < cells.size(); ++i) sum += std::abs(cells[i] - previous_[i]);
  }
  previous_ = std::move(cells);
  return sum / static_cast<double>(previous_.size());
}

std::vector<std::int64_t> find_scene_cuts(std::span<const double> changes, const SceneCutOptions& options) {
  const auto frames = static_cast<std::int64_t>(changes.size());
  std::vector<std::int64_t> cuts;
  std::vector<double> around;
  for (std::int64_t t = 1; t < frames; ++t) {
    const double change = changes[static_cast<std::size_t>(t)];
    if (!(change >= options.least * options.value_range)) continue;
    around.clear();
    for (std::int64_t n = std::max<std::int64_t>(1, t - kNeighbours); n <= std::min(frames - 1, t + kNeighbours); ++n) {
      if (n != t) around.push_back(changes[static_cast<std::size_t>(n)]);
    }
    // A clip of two frames has no usual change to compare with.
    if (around.empty()) continue;
    const auto middle = around.begin() + static_cast<std::ptrdiff_t>(around.size() / 2);
    std::nth_element(around.begin(), middle, around.end());
    if (change > options.threshold * *middle) cuts.push_back(t);
  }
  return cuts;
}

}  // namespace nextframe
