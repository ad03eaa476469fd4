#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/baselines/baseline.h"

namespace nextframe {
namespace {

/// Sums of the known values at each place of a frame, [H,W,C], or of several frames side by side.
class PlaceMeans {
 public:
  explicit PlaceMeans(std::int64_t elements)
      : sums_(static_cast<std::size_t>(elements)), counts_(static_cast<std::size_t>(elements)) {}

  std::int64_t elements() const { return std::ssize(sums_); }
  /// Element i of all sequences counts for place i modulo elements().
  void add(const ContextFrames& context) {
    for (std::int64_t t = 0; t < context.length; ++t) {
      for (std::int64_t i = 0; i < context.step(); ++i) {
        const float value = context.frames[t * context.step() + i];
        const std::int64_t pixel = t * context.step_pixels() + i / context.channels;
        if ((context.mask != nullptr && context.mask[pixel] == 0) || !std::isfinite(value)) continue;
        const auto place = static_cast<std::size_t>(i % elements());
        sums_[place] += static_cast<double>(value);
        ++counts_[place];
      }
    }
  }
  /// Writes the means at all lead times, and a mask of 0 where there was never a value.
  void write(const ContextFrames& context, std::int64_t horizon, BaselineForecast& forecast) const {
    for (std::int64_t i = 0; i < context.step(); ++i) {
      const auto place = static_cast<std::size_t>(i % elements());
      const bool known = counts_[place] > 0;
      for (std::int64_t lead = 0; lead < horizon; ++lead) {
        const auto target = static_cast<std::size_t>(lead * context.step() + i);
        if (known) {
          forecast.frames[target] = static_cast<float>(sums_[place] / static_cast<double>(counts_[place]));
        } else {
          forecast.mask[target / static_cast<std::size_t>(context.channels)] = 0;
        }
      }
    }
  }

 private:
  std::vector<double> sums_;
  std::vector<std::int64_t> counts_;
};

class ContextMean final : public Baseline {
  void do_forecast(const ContextFrames& context, std::int64_t horizon, BaselineForecast& forecast) const override {
    PlaceMeans means(context.step());
    means.add(context);
    means.write(context, horizon, forecast);
  }
};

class Climatology final : public Baseline {
 public:
  bool learns() const override { return true; }
  void learn(const ContextFrames& context) override {
    const std::int64_t frame = context.height * context.width * context.channels;
    if (!means_) means_ = std::make_unique<PlaceMeans>(frame);
    check(frame);
    means_->add(context);
  }

 private:
  void do_forecast(const ContextFrames& context, std::int64_t horizon, BaselineForecast& forecast) const override {
    const std::int64_t frame = context.height * context.width * context.channels;
    if (means_) {
      check(frame);
      means_->write(context, horizon, forecast);
      return;
    }
    PlaceMeans means(context.step());
    means.add(context);
    means.write(context, horizon, forecast);
  }

  void check(std::int64_t frame) const {
    if (frame != means_->elements()) {
      fail("[baselines] climatology of frames of {} numbers, used for frames of {}", means_->elements(), frame);
    }
  }

  std::unique_ptr<PlaceMeans> means_;
};

}  // namespace

std::unique_ptr<Baseline> make_context_mean(const BaselineOptions&) { return std::make_unique<ContextMean>(); }
std::unique_ptr<Baseline> make_climatology(const BaselineOptions&) { return std::make_unique<Climatology>(); }

}  // namespace nextframe
