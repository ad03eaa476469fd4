#include "core/frames/radar_inputs.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/frames/radar/radar_listing.h"
#include "core/frames/radar_source.h"
#include "core/frames/raster_source.h"

namespace nextframe {
namespace {

/// What is kept of the fields read last: neighbouring forecasts share most of their contexts.
constexpr std::size_t kMostKept = 16;

void copy_region(const Frame& frame, const Region& region, float* pixels, std::uint8_t* mask) {
  for (std::int64_t row = 0; row < region.height; ++row) {
    const std::int64_t from = (region.top + row) * frame.width + region.left, to = row * region.width;
    std::copy_n(frame.pixels.data() + from, region.width, pixels + to);
    if (frame.mask.empty()) {
      std::fill_n(mask + to, region.width, std::uint8_t{1});
    } else {
      std::copy_n(frame.mask.data() + from, region.width, mask + to);
    }
  }
}

class StaticInput final : public InputField {
 public:
  StaticInput(const InputOptions& input, const Preprocessing& preprocessing) {
    const std::unique_ptr<FrameSource> source = list_raster(source_of(input)).front().open();
    info_ = source->info();
    source->next(frame_);
    apply(preprocessing, frame_, info_);
  }

  const SourceInfo& info() const override { return info_; }
  bool timed() const override { return false; }
  bool read(UtcSeconds, const Region& region, float* pixels, std::uint8_t* mask) const override {
    copy_region(frame_, region, pixels, mask);
    return true;
  }

 private:
  SourceInfo info_;
  Frame frame_;
};

class RecentInput final : public InputField {
 public:
  RecentInput(const InputOptions& input, const Preprocessing& preprocessing, Log& log)
      : input_(input), preprocessing_(preprocessing), log_(log) {
    list();
    info_ = open_radar(std::make_shared<const RadarListing>(listing_))->info();
  }

  const SourceInfo& info() const override { return info_; }
  bool timed() const override { return times_.front() != kNoTime; }

  bool read(UtcSeconds time, const Region& region, float* pixels, std::uint8_t* mask) const override {
    const Frame* frame = timed() ? field_at(time) : kept_field(0);
    if (frame == nullptr) return false;
    copy_region(*frame, region, pixels, mask);
    return true;
  }

 private:
  void list() const {
    std::vector<RadarListing> listings = list_recordings(source_of(input_));
    if (listings.size() != 1) {
      reject("[data.inputs] {}: {} names {} recordings, expected one", input_.name, input_.path, listings.size());
    }
    listing_ = std::move(listings.front());
    times_.clear();
    for (const RadarStep& step : listing_.steps) times_.push_back(step.time);
  }

  std::int64_t find(UtcSeconds time) const {
    return newest_within(times_, time, static_cast<double>(listing_.step_seconds));
  }

  const Frame* field_at(UtcSeconds time) const {
    std::int64_t at = find(time);
    if (at < 0 && time > times_.back()) {
      list();
      at = find(time);
    }
    if (at < 0) {
      log_.warning("input {}: {} has no field for {}", input_.name, listing_.name, format_time(time));
      return nullptr;
    }
    return kept_field(static_cast<std::size_t>(at));
  }

  const Frame* kept_field(std::size_t step) const {
    const RadarStep& wanted = listing_.steps[step];
    for (const auto& [path, frame] : kept_) {
      if (path == wanted.path && frame.time == wanted.time) return &frame;
    }
    RadarListing one = listing_;
    one.steps = {wanted};
    try {
      const auto source = open_radar(std::make_shared<const RadarListing>(std::move(one)));
      Frame frame;
      if (!source->next(frame) || !frame.problem.empty()) reject("{}", frame.problem);
      SourceInfo info = source->info();
      if (info.height != info_.height || info.width != info_.width || !(info.place == info_.place) ||
          !(info.measurement == info_.measurement)) {
        reject("[radar] {}: is of another grid, place or quantity than the other fields", wanted.path);
      }
      apply(preprocessing_, frame, info);
      if (kept_.size() == kMostKept) kept_.pop_front();
      kept_.emplace_back(wanted.path, std::move(frame));
    } catch (const Error& error) {
      log_.warning("input {}: counts as missing: {}", input_.name, error.what());
      return nullptr;
    }
    return &kept_.back().second;
  }

  const InputOptions input_;
  const Preprocessing preprocessing_;
  Log& log_;
  SourceInfo info_;
  mutable RadarListing listing_;
  mutable std::vector<UtcSeconds> times_;
  mutable std::deque<std::pair<std::string, Frame>> kept_;  ///< by the path that they are from
};

}  // namespace

InputOpener recent_inputs(Log& log) {
  return [&log](const InputOptions& input, const Preprocessing& preprocessing) -> std::unique_ptr<InputField> {
    if (input.type == InputType::kRaster) return std::make_unique<StaticInput>(input, preprocessing);
    return std::make_unique<RecentInput>(input, preprocessing, log);
  };
}

}  // namespace nextframe
