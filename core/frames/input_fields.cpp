#include "core/frames/input_fields.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/frames/cached_clip.h"
#include "core/frames/frame_cache.h"

namespace nextframe {
namespace {

/// The one clip of an input, in the cache.
class CachedInput final : public InputField {
 public:
  explicit CachedInput(std::unique_ptr<CachedClip> clip, const std::string& name) : clip_(std::move(clip)) {
    const ClipHeader& header = clip_->header();
    info_.name = name;
    info_.height = header.source_height;
    info_.width = header.source_width;
    info_.channels = header.source_channels;
    info_.frames_per_second = header.frames_per_second;
    info_.measurement = clip_->details().measurement;
    info_.place = clip_->details().place;
    info_.notes = clip_->details().notes;
    for (const FrameProblem& problem : clip_->details().problems) info_.notes.push_back(problem.text);
    if (header.start_time == kNoTime) return;
    for (const double seconds : clip_->seconds()) times_.push_back(header.start_time + std::llround(seconds));
  }

  const SourceInfo& info() const override { return info_; }
  bool timed() const override { return !times_.empty(); }
  std::uint64_t pictures() const override { return clip_->header().pictures; }

  bool read(UtcSeconds time, const Region& region, float* pixels, std::uint8_t* mask) const override {
    const std::int64_t at = timed() ? newest_within(times_, time, info_.step_seconds()) : 0;
    if (at < 0) return false;
    clip_->read(at, region, pixels, mask);
    return true;
  }

 private:
  std::unique_ptr<CachedClip> clip_;
  SourceInfo info_;
  std::vector<UtcSeconds> times_;
};

float scaled(const InputOptions& input, float value) {
  const auto number = static_cast<double>(value);
  if (input.mean) return static_cast<float>((number - *input.mean) / *input.deviation);
  return static_cast<float>((std::clamp(number, *input.floor, *input.ceiling) - *input.floor) /
                            (*input.ceiling - *input.floor));
}

std::string describe_grid(const SourceInfo& info) {
  std::string text = format("{}x{} pixels", info.width, info.height);
  if (!info.place.known()) return text + " somewhere";
  const auto& t = info.place.transform;
  return text + format(" of {:g}x{:g} from ({:g}, {:g}) on, in {}", t[1], -t[5], t[0], t[3], info.place.projection);
}

}  // namespace

Preprocessing input_preprocessing(const std::optional<std::array<std::int64_t, 2>>& size) {
  return {.size = size, .channels = ChannelMode::kSource, .rain = {.unit = RainUnit::kSource}};
}

SourceOptions source_of(const InputOptions& input) {
  SourceOptions source;
  source.type = input.type == InputType::kRadar ? SourceType::kRadar : SourceType::kRaster;
  source.path = input.path;
  source.product = input.product;
  return source;
}

std::int64_t newest_within(const std::vector<UtcSeconds>& times, UtcSeconds time, double step) {
  const auto after = std::upper_bound(times.begin(), times.end(), time);
  if (after == times.begin()) return -1;
  const auto age = static_cast<double>(time - *(after - 1));
  return age == 0 || age < step ? after - 1 - times.begin() : -1;
}

void set_input_paths(std::vector<InputOptions>& inputs, const std::vector<std::string>& assignments) {
  for (const std::string& assignment : assignments) {
    const std::size_t mark = assignment.find('=');
    const std::string name = assignment.substr(0, mark);
    const auto found = std::ranges::find(inputs, name, &InputOptions::name);
    if (mark == std::string::npos || found == inputs.end()) {
      std::vector<std::string> names;
      for (const InputOptions& input : inputs) names.push_back(input.name);
      reject("[data.inputs] {}: expected NAME=PATH of {}", assignment,
             names.empty() ? "an input, but the model has none" : join(names, ", "));
    }
    found->path = assignment.substr(mark + 1);
  }
}

std::int64_t input_field_channels(std::size_t inputs, bool masks) {
  return static_cast<std::int64_t>(inputs) * (masks ? 2 : 1);
}

InputFields::InputFields(const std::vector<InputOptions>& inputs, bool masks,
                         std::vector<std::unique_ptr<InputField>> fields)
    : inputs_(inputs), masks_(masks), fields_(std::move(fields)) {}

bool InputFields::timed() const {
  return std::ranges::any_of(inputs_, [](const InputOptions& input) { return input.type == InputType::kRadar; });
}

void InputFields::check_frames(const SourceInfo& frames, bool dated,
                               bool (*same_place)(const GeoReference&, const GeoReference&, std::int64_t,
                                                  std::int64_t)) const {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const SourceInfo& info = fields_[i]->info();
    if (info.channels != 1) {
      reject("[data.inputs] {}: {} has {} channels, expected one", inputs_[i].name, info.name, info.channels);
    }
    const bool same_size = info.height == frames.height && info.width == frames.width;
    if (!same_size || (same_place != nullptr && !same_place(info.place, frames.place, info.height, info.width))) {
      reject(
          "[data.inputs] {}: {} lies on {}, the frames of {} on {}; bring it onto their grid, for instance with "
          "gdalwarp",
          inputs_[i].name, info.name, describe_grid(info), frames.name, describe_grid(frames));
    }
    if (inputs_[i].type == InputType::kRadar && !(fields_[i]->timed() && dated)) {
      reject("[data.inputs] {}: goes with the frames by the time, but {} has no dates; one field for all is a raster",
             inputs_[i].name, fields_[i]->timed() ? frames.name : info.name);
    }
  }
}

void InputFields::read(UtcSeconds time, const Region& region, float* to) const {
  const auto area = static_cast<std::size_t>(region.height * region.width);
  const auto stride = static_cast<std::size_t>(channels());
  std::vector<float> pixels(area);
  std::vector<std::uint8_t> mask(area);
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const bool there = fields_[i]->read(time, region, pixels.data(), mask.data());
    float* pixel = to + i * (masks_ ? 2 : 1);
    for (std::size_t k = 0; k < area; ++k, pixel += stride) {
      const bool valid = there && mask[k] != 0;
      pixel[0] = valid ? scaled(inputs_[i], pixels[k]) : 0.0F;
      if (masks_) pixel[1] = valid ? 1.0F : 0.0F;
    }
  }
}

InputOpener cached_inputs(const SourceTable& table, const CacheOptions& options, const DecodeObserver& observer) {
  return [&table, &options, &observer](const InputOptions& input, const Preprocessing& preprocessing) {
    const std::vector<ClipReference> clips = list_clips(table, source_of(input));
    if (clips.size() != 1) {
      reject("[data.inputs] {}: {} names {} recordings, expected one", input.name, input.path, clips.size());
    }
    FrameCache cache(options);
    DecodeProgress progress;
    progress.clips = 1;
    std::vector<std::unique_ptr<CachedClip>> cached = cache.get(clips, preprocessing, progress, observer);
    return std::make_unique<CachedInput>(std::move(cached.front()), clips.front().name);
  };
}

}  // namespace nextframe
