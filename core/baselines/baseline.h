#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace nextframe {

/// The frames that a forecast may know: [T,N,H,W,C].
struct ContextFrames {
  const float* frames = nullptr;
  std::int64_t length = 0;
  std::int64_t sequences = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 1;

  /// Elements of all sequences' frames of one time.
  std::int64_t step() const { return sequences * height * width * channels; }
};

/// A forecast that learns nothing: what a model has to beat.
class Baseline {
 public:
  Baseline() = default;
  Baseline(const Baseline&) = delete;
  Baseline& operator=(const Baseline&) = delete;
  virtual ~Baseline() = default;

  /// Writes [L,N,H,W,C] with L = horizon. The context has one frame at least.
  virtual void forecast(const ContextFrames& context, std::int64_t horizon, float* forecast) const = 0;
};

/// One row a baseline.
struct BaselineEntry {
  std::string_view name;
  std::string_view doc;
  std::unique_ptr<Baseline> (*make)() = nullptr;
};

std::unique_ptr<Baseline> make_persistence();
std::unique_ptr<Baseline> make_context_mean();

inline constexpr std::array<BaselineEntry, 2> kBaselines{{
    {"persistence", "the last frame again and again", make_persistence},
    {"mean", "the mean of the context frames", make_context_mean},
}};

/// The row of that name; rejects any other and says which there are.
const BaselineEntry& find_baseline(std::string_view name);

}  // namespace nextframe
