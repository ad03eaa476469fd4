#include "core/frames/data_set.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/frames/cached_clip.h"
#include "core/frames/frame_cache.h"
#include "core/frames/input_fields.h"
#include "core/frames/scene_cuts.h"
#include "core/frames/windows.h"

namespace nextframe {
namespace {

std::string_view split_name(Split split) { return enum_names(split)[static_cast<std::size_t>(split)].first; }

/// Refuses a file that two sources name, or one that names it twice: its frames could be in two splits.
class GivenFiles {
 public:
  void add(const ClipReference& clip) {
    const std::vector<std::string> whole{clip.identity};
    for (const std::string& file : clip.files.empty() ? whole : clip.files) {
      const auto [at, is_new] = clips_.emplace(file, clip.name);
      if (is_new) continue;
      if (at->second == clip.name)
        reject("[data.sources] {}: given twice; its frames could be in two splits", clip.name);
      reject(
          "[data.sources] {} and {} name the same file, which is then given twice: its frames could be in two splits",
          at->second, clip.name);
    }
  }

 private:
  std::map<std::string, std::string> clips_;  ///< by the identity of a file
};

/// Clips that are kept together: those of one series, and each other one alone.
std::vector<std::span<const ClipReference>> series_of(std::span<const ClipReference> clips) {
  std::vector<std::span<const ClipReference>> parts;
  for (std::size_t first = 0, last = 0; first < clips.size(); first = last) {
    last = first + 1;
    const std::string& series = clips[first].series;
    while (!series.empty() && last < clips.size() && clips[last].series == series) ++last;
    parts.push_back(clips.subspan(first, last - first));
  }
  return parts;
}

void warn_of_some(const std::vector<std::string>& lines, Log& log) {
  constexpr std::size_t kMost = 5;
  for (std::size_t i = 0; i < std::min(kMost, lines.size()); ++i) log.warning("{}", lines[i]);
  if (lines.size() > kMost) log.warning("... and {} more such lines", lines.size() - kMost);
}

struct Statistics {
  double low = 0, high = 0, mean = 0, deviation = 0;
};

/// Over every valid pixel of the frames that train, or of all frames where none does.
Statistics measure(const std::vector<std::unique_ptr<CachedClip>>& clips, const std::vector<ClipSummary>& summaries) {
  Statistics result;
  double sum = 0, squares = 0, count = 0;
  const auto add = [&](const CachedClip& clip, std::int64_t first, std::int64_t last) {
    const ClipHeader& h = clip.header();
    std::vector<float> pixels(static_cast<std::size_t>(h.height * h.width * h.channels));
    std::vector<std::uint8_t> mask(static_cast<std::size_t>(h.height * h.width));
    for (std::int64_t t = first; t < last; ++t) {
      clip.read(t, {0, 0, h.height, h.width}, pixels.data(), mask.data());
      for (std::size_t i = 0; i < pixels.size(); ++i) {
        if (mask[i / static_cast<std::size_t>(h.channels)] == 0) continue;
        const double value = pixels[i];
        result.low = count > 0 ? std::min(result.low, value) : value;
        result.high = count > 0 ? std::max(result.high, value) : value;
        sum += value;
        squares += value * value;
        ++count;
      }
    }
  };
  for (std::size_t i = 0; i < clips.size(); ++i) {
    for (const Segment& segment : summaries[i].segments) {
      if (segment.split == Split::kTrain) add(*clips[i], segment.first, segment.last);
    }
  }
  if (count == 0) {
    for (const auto& clip : clips) add(*clip, 0, clip->header().frames);
  }
  if (count == 0) return {0, 1, 0, 1};
  result.mean = sum / count;
  result.deviation = std::sqrt(std::max(0.0, squares / count - result.mean * result.mean));
  return result;
}

}  // namespace

DataSet::DataSet(const DataOptions& options, const SourceTable& table, Log& log, const DecodeObserver& observer)
    : options_(options) {
  if (options_.sources.empty()) reject("[data.sources] is empty; expected at least one source of frames");
  const auto generated = std::count_if(options_.sources.begin(), options_.sources.end(),
                                       [](const SourceOptions& source) { return is_generated(source.type); });
  if (generated != 0 && generated != static_cast<std::ptrdiff_t>(options_.sources.size())) {
    reject("[data.sources] mixes recorded and generated sources; expected one kind");
  }
  if (generated != 0) {
    if (!options_.inputs.empty()) reject("[data.inputs] go with radar, but data.sources are generated");
    open_generated(table);
  } else {
    open_recorded(table, log, observer);
    if (!options_.inputs.empty()) open_inputs(table, log, observer);
  }
  choose_normalisation();
  check_crop();
  if (options_.sampling.by == SamplingBy::kRain) sampling_threshold();
}

DataSet::~DataSet() = default;

void DataSet::open_generated(const SourceTable& table) {
  constexpr std::int64_t kLongest = 100'000;
  if (const std::int64_t span = window_span(sequence_length(), options_.gap); span > kLongest) {
    reject(
        "[data.gap] a sequence spans {} generated frames, expected at most {}; use a smaller gap, context or horizon",
        span, kLongest);
  }
  const SourceOptions& first = options_.sources.front();
  for (SourceOptions source : options_.sources) {
    if (source.forecast_from == 0) source.forecast_from = options_.context * options_.gap;
    const SourceKind& kind = find_source_kind(table, source);
    for (const Split split : kSplits) {
      generators_[static_cast<std::size_t>(split)].push_back(kind.generator(source, split));
    }
    const SequenceGenerator& made = *generators_[0].back();
    if (!options_.size && (made.height() != first.size[0] || made.width() != first.size[1])) {
      reject("[data.sources] generates frames of {}x{} and of {}x{}; give them one size, or set data.size",
             first.size[1], first.size[0], made.width(), made.height());
    }
    const std::int64_t channels = channels_after(preprocessing(), made.channels(), std::string(kind.reads));
    if (channels_ != 0 && channels != channels_) reject("[data.sources] generates frames of different channel counts");
    channels_ = channels;
    sequences_[0] += source.train_sequences;
    sequences_[1] += source.validation_sequences;
    sequences_[2] += source.test_sequences;
  }
  height_ = options_.size ? (*options_.size)[0] : generators_[0].front()->height();
  width_ = options_.size ? (*options_.size)[1] : generators_[0].front()->width();
  if (sequences_[0] == 0) sequences_[0] = kEndless;
}

void DataSet::open_recorded(const SourceTable& table, Log& log, const DecodeObserver& observer) {
  std::vector<ClipReference> references;
  GivenFiles given;
  for (const SourceOptions& source : options_.sources) {
    for (ClipReference& clip : list_clips(table, source)) {
      given.add(clip);
      references.push_back(std::move(clip));
    }
  }
  FrameCache cache(options_.cache);
  const std::vector<std::span<const ClipReference>> series = series_of(references);
  DecodeProgress progress;
  progress.clips = static_cast<std::int64_t>(series.size());
  for (const std::span<const ClipReference> some : series) {
    std::vector<std::unique_ptr<CachedClip>> cached = cache.get(some, preprocessing(), progress, observer);
    ++progress.clip;
    if (!some.front().reading.empty()) log.info("{}", some.front().reading);
    for (std::size_t i = 0; i < some.size(); ++i) add_clip(some[i].name, std::move(cached[i]), log);
  }
  height_ = clips_.front()->header().height;
  width_ = clips_.front()->header().width;
  channels_ = clips_.front()->header().channels;
  rain_scale_ = rain_scale_for(options_.rain, clips_.front()->details().measurement, summaries_.front().name);
  RainOptions limits = options_.rain;
  limits.unit = RainUnit::kAuto;
  if (!rain_scale_ && !(limits == RainOptions{})) {
    reject("[data.rain] {}: keeps its own pixel values, which these limits do not concern; leave them out",
           summaries_.front().name);
  }
  list_windows();
  std::vector<std::string> short_clips;
  for (const ClipSummary& summary : summaries_) {
    if (summary.frames >= window_span(sequence_length(), options_.gap)) continue;
    short_clips.push_back(
        format("{}: {} frames are too few for a window and are not used", summary.name, summary.frames));
  }
  warn_of_some(short_clips, log);
}

void DataSet::open_inputs(const SourceTable& table, Log& log, const DecodeObserver& observer) {
  const InputOpener open = cached_inputs(table, options_.cache, observer);
  std::vector<std::unique_ptr<InputField>> fields;
  for (const InputOptions& input : options_.inputs) {
    fields.push_back(open(input, input_preprocessing(options_.size)));
    warn_of_some(fields.back()->info().notes, log);
  }
  auto inputs = std::make_unique<InputFields>(options_.inputs, options_.mask_channel, std::move(fields));
  const SourceKind& kind = find_source_kind(table, options_.sources.front());
  for (const ClipSummary& clip : summaries_) {
    SourceInfo frames;
    frames.name = clip.name;
    frames.height = clip.height;
    frames.width = clip.width;
    frames.place = clip.place;
    inputs->check_frames(frames, clip.start_time != kNoTime, kind.same_place);
  }
  inputs_ = std::move(inputs);
}

void DataSet::add_clip(const std::string& name, std::unique_ptr<CachedClip> clip, Log& log) {
  clips_.push_back(std::move(clip));
  const ClipHeader& h = clips_.back()->header();
  ClipSummary& summary = summaries_.emplace_back();
  summary.name = name;
  summary.frames = h.frames;
  summary.height = h.source_height;
  summary.width = h.source_width;
  summary.channels = h.source_channels;
  summary.pixel_type = h.type();
  summary.frames_per_second = h.frames_per_second;
  summary.pictures = h.pictures;
  summary.start_time = h.start_time;
  const ClipDetails& details = clips_.back()->details();
  summary.measurement = details.measurement;
  summary.place = details.place;
  summary.attribution = details.attribution;
  summary.product = details.product;
  summary.notes = details.notes;
  for (const FrameProblem& problem : details.problems) summary.problems.push_back(problem.text);
  report(summary, log);
  has_masks_ = has_masks_ || h.has_mask != 0;
  const ClipHeader& one = clips_.front()->header();
  if (h.height != one.height || h.width != one.width || h.channels != one.channels) {
    reject("[data] {} has frames of {}x{}x{}, {} of {}x{}x{}; set data.size and data.channels to make them alike",
           summaries_.front().name, one.width, one.height, one.channels, summary.name, h.width, h.height, h.channels);
  }
}

void DataSet::report(const ClipSummary& clip, Log& log) const {
  warn_of_some(clip.notes, log);
  warn_of_some(clip.problems, log);
  if (!clip.problems.empty()) {
    log.warning("{}: {} of {} time steps are missing, or could not be read", clip.name, clip.problems.size(),
                clip.frames);
  }
}

void DataSet::list_windows() {
  std::vector<ClipOutline> outlines;
  for (std::size_t i = 0; i < clips_.size(); ++i) {
    outlines.push_back({summaries_[i].name, summaries_[i].frames, clips_[i]->names()});
  }
  const auto segments = assign_splits(options_.split, outlines);
  std::int64_t longest = 0, scenes = 0;
  for (std::size_t i = 0; i < clips_.size(); ++i) {
    ClipSummary& summary = summaries_[i];
    summary.segments = segments[i];
    const ClipHeader& h = clips_[i]->header();
    if (h.start_time != kNoTime) {
      // A clock tells where a recording was interrupted; rain itself has no scenes.
      summary.cuts = find_time_gaps(clips_[i]->seconds(), 1 / h.frames_per_second);
    } else if (options_.scene_cuts == SceneCuts::kAvoid) {
      summary.cuts = find_scene_cuts(clips_[i]->changes(),
                                     {.threshold = options_.scene_cut_threshold, .value_range = h.high - h.low});
    }
    scenes += static_cast<std::int64_t>(summary.cuts.size());
    longest = std::max(longest, summary.frames);
    for (Segment segment : summary.segments) {
      if (options_.split.context == ContextFrom::kBefore) {
        segment.first = std::max<std::int64_t>(0, segment.first - options_.context * options_.gap);
      }
      const auto split = static_cast<std::size_t>(segment.split);
      for (const std::int64_t first :
           windows_in(segment, summary.cuts, sequence_length(), options_.gap, options_.stride)) {
        windows_[split].push_back({static_cast<std::int64_t>(i), first});
        ++summary.windows[split];
      }
    }
  }
  if (!windows_[0].empty() || !windows_[1].empty() || !windows_[2].empty()) return;
  const std::int64_t needed = window_span(sequence_length(), options_.gap);
  const auto at = std::max_element(summaries_.begin(), summaries_.end(),
                                   [](const ClipSummary& a, const ClipSummary& b) { return a.frames < b.frames; });
  if (longest < needed) {
    reject(
        "[data] {}: got {} frames, expected at least {} (context {} + horizon {}{}); use a longer clip or a smaller "
        "data.context",
        at->name, longest, needed, options_.context, options_.horizon,
        options_.gap > 1 ? format(", {} frames apart", options_.gap) : "");
  }
  reject(
      "[data] {}: no window of {} frames fits into any split of its {} frames ({} scene cuts); use longer clips, a "
      "smaller data.context or another data.split",
      at->name, needed, longest, scenes);
}

void DataSet::choose_normalisation() {
  const NormaliseOptions& options = options_.normalise;
  if (options.by == NormaliseBy::kNone) return;
  double low = 0, high = 1;
  if (!generated()) {
    const ClipHeader& one = clips_.front()->header();
    low = one.low;
    high = one.high;
    const bool chosen = options.by == NormaliseBy::kStandard || (options.low && options.high);
    for (std::size_t i = 0; i < clips_.size() && !chosen; ++i) {
      const ClipHeader& h = clips_[i]->header();
      const bool alike = h.pixel_type == one.pixel_type && (h.type() == PixelType::kFloat32 || h.high == one.high);
      if (!alike) {
        reject("[data.normalise] {} has values {}..{}, {} has {}..{}; set low and high for all",
               summaries_.front().name, one.low, one.high, summaries_[i].name, h.low, h.high);
      }
    }
    const bool unknown = one.type() == PixelType::kFloat32 && !rain_scale_ && !(options.low && options.high);
    if (options.by == NormaliseBy::kStandard || unknown) {
      const Statistics found = measure(clips_, summaries_);
      if (options.by == NormaliseBy::kStandard) {
        normalisation_ = {found.mean, found.deviation > 0 ? found.deviation : 1};
        return;
      }
      const bool usual = found.low >= 0 && found.high <= 1;
      low = usual ? 0 : found.low;
      high = usual ? 1 : std::max(found.high, std::nextafter(found.low, HUGE_VAL));
    }
  } else if (options.by == NormaliseBy::kStandard) {
    reject("[data.normalise.by] \"standard\" needs recorded frames; generated ones are 0..1 by themselves");
  }
  low = options.low.value_or(low);
  high = options.high.value_or(high);
  if (!(high > low)) reject("[data.normalise] low is {}, high is {}; expected low below high", low, high);
  normalisation_ = {low, high - low};
}

void DataSet::check_crop() const {
  if (!options_.crop) return;
  if (crop_height() > height_ || crop_width() > width_) {
    reject("[data.crop] is {}x{} (height x width), larger than the frames of {}x{}", crop_height(), crop_width(),
           height_, width_);
  }
}

double DataSet::frames_per_second() const {
  return summaries_.empty() ? options_.sources.front().frames_per_second : summaries_.front().frames_per_second;
}

double DataSet::to_network(double threshold, ThresholdUnit unit, std::string_view path) const {
  if (unit == ThresholdUnit::kRate) {
    if (rain_scale_) return normalisation_.to_network(static_cast<float>(rain_scale_->from_rate(threshold)));
    const Measurement measured = summaries_.empty() ? Measurement{} : summaries_.front().measurement;
    if (measured.quantity != Quantity::kNone) {
      return normalisation_.to_network(static_cast<float>(measured.from_rate(threshold)));
    }
    reject("{}: is in mm/h, but the pixels of {} do not measure rain; set its unit to \"value\", for pixel values",
           path, generated() ? "generated frames" : summaries_.front().name);
  }
  return normalisation_.to_network(static_cast<float>(threshold));
}

double DataSet::sampling_threshold() const {
  return to_network(options_.sampling.threshold, options_.sampling.unit, "data.sampling.threshold");
}

std::int64_t DataSet::window_count(Split split) const {
  const auto s = static_cast<std::size_t>(split);
  return generated() ? sequences_[s] : static_cast<std::int64_t>(windows_[s].size());
}

Window DataSet::window(Split split, std::int64_t index) const {
  const std::vector<Window>& windows = windows_[static_cast<std::size_t>(split)];
  if (index < 0 || index >= static_cast<std::int64_t>(windows.size())) {
    fail("[data] window {} of {} asked for", index, windows.size());
  }
  return windows[static_cast<std::size_t>(index)];
}

std::string DataSet::describe(Split split, std::int64_t index) const {
  if (generated()) return format("{} sequence {}", split_name(split), index);
  const Window at = window(split, index);
  return format("{} frames {}-{}", summaries_[static_cast<std::size_t>(at.clip)].name, at.first,
                at.first + window_span(sequence_length(), options_.gap) - 1);
}

Frame DataSet::frame(std::int64_t clip, std::int64_t number) const {
  const CachedClip& cached = *clips_.at(static_cast<std::size_t>(clip));
  const ClipHeader& h = cached.header();
  Frame frame;
  frame.height = h.height;
  frame.width = h.width;
  frame.channels = h.channels;
  frame.pixels.resize(frame.elements());
  frame.mask.resize(h.has_mask != 0 ? static_cast<std::size_t>(frame.area()) : 0);
  cached.read(number, {0, 0, h.height, h.width}, frame.pixels.data(), frame.mask.empty() ? nullptr : frame.mask.data());
  frame.seconds = cached.seconds()[static_cast<std::size_t>(number)];
  frame.name = cached.names()[static_cast<std::size_t>(number)];
  if (h.start_time != kNoTime) frame.time = h.start_time + std::llround(frame.seconds);
  for (const FrameProblem& problem : cached.details().problems) {
    if (problem.frame == number) frame.problem = problem.text;
  }
  return frame;
}

void DataSet::read(Split split, std::int64_t index, Sequence& sequence) const {
  read(split, index, {0, 0, height_, width_}, sequence);
}

void DataSet::read(Split split, std::int64_t index, const Region& region, Sequence& sequence) const {
  read(split, index, {0, sequence_length()}, region, sequence);
}

void DataSet::read(Split split, std::int64_t index, const Range& steps, const Region& region,
                   Sequence& sequence) const {
  const std::int64_t frame = region.height * region.width * channels_;
  sequence.frames.resize(static_cast<std::size_t>(steps.size() * frame));
  if (generated()) {
    Sequence whole;
    read_generated(split, index, whole);
    sequence.mask.clear();
    for (std::int64_t row = 0; row < steps.size() * region.height; ++row) {
      const std::int64_t t = steps.first + row / region.height, y = region.top + row % region.height;
      std::copy_n(whole.frames.data() + ((t * height_ + y) * width_ + region.left) * channels_,
                  region.width * channels_, sequence.frames.data() + row * region.width * channels_);
    }
    return;
  }
  const Window at = window(split, index);
  const CachedClip& clip = *clips_[static_cast<std::size_t>(at.clip)];
  const std::int64_t area = region.height * region.width;
  sequence.mask.resize(has_masks_ ? static_cast<std::size_t>(steps.size() * area) : 0);
  for (std::int64_t i = 0; i < steps.size(); ++i) {
    std::uint8_t* mask = has_masks_ ? sequence.mask.data() + i * area : nullptr;
    clip.read(at.first + (steps.first + i) * options_.gap, region, sequence.frames.data() + i * frame, mask);
  }
  normalisation_.to_network(std::span<float>(sequence.frames));
  for (std::size_t i = 0; has_masks_ && i < sequence.frames.size(); ++i) {
    if (sequence.mask[i / static_cast<std::size_t>(channels_)] == 0) sequence.frames[i] = 0;
  }
}

void DataSet::read_inputs(Split split, std::int64_t index, const Range& steps, const Region& region, float* to) const {
  const Window at = window(split, index);
  const CachedClip& clip = *clips_[static_cast<std::size_t>(at.clip)];
  const UtcSeconds start = clip.header().start_time;
  for (std::int64_t step = steps.first; step < steps.last; ++step) {
    const auto frame = static_cast<std::size_t>(at.first + step * options_.gap);
    inputs_->read(start == kNoTime ? kNoTime : start + std::llround(clip.seconds()[frame]), region, to);
    to += region.height * region.width * inputs_->channels();
  }
}

double DataSet::share_at_least(float threshold, Split split, std::int64_t index, const Region& region) const {
  const std::array<std::int64_t, 3> places{0, options_.context - 1, sequence_length() - 1};
  double reached = 0, values = 0;
  Sequence one;
  for (const std::int64_t place : places) {
    read(split, index, {place, place + 1}, region, one);
    for (std::size_t i = 0; i < one.frames.size(); ++i) {
      const bool valid = one.mask.empty() || one.mask[i / static_cast<std::size_t>(channels_)] != 0;
      reached += valid && one.frames[i] >= threshold ? 1 : 0;
    }
    values += static_cast<double>(one.frames.size());
  }
  return reached / values;
}

void DataSet::read_generated(Split split, std::int64_t index, Sequence& sequence) const {
  const auto& generators = generators_[static_cast<std::size_t>(split)];
  const auto kinds = static_cast<std::int64_t>(generators.size());
  const SequenceGenerator& generator = *generators[static_cast<std::size_t>(index % kinds)];
  const std::int64_t length = sequence_length();
  const std::int64_t made = window_span(length, options_.gap);
  Frame frame;
  frame.height = generator.height();
  frame.width = generator.width();
  frame.channels = generator.channels();
  const auto elements = static_cast<std::int64_t>(frame.elements());
  SourceInfo source;
  source.name = "generated frames";
  std::vector<float> clip(static_cast<std::size_t>(made * elements));
  generator.generate(first_sequence(split) + static_cast<std::uint64_t>(index), made, clip.data());
  sequence.mask.clear();
  sequence.frames.clear();
  sequence.frames.reserve(static_cast<std::size_t>(length * height_ * width_ * channels_));
  for (std::int64_t t = 0; t < length; ++t) {
    Frame one = frame;
    const float* start = clip.data() + t * options_.gap * elements;
    one.pixels.assign(start, start + elements);
    apply(preprocessing(), one, source);
    sequence.frames.insert(sequence.frames.end(), one.pixels.begin(), one.pixels.end());
  }
  normalisation_.to_network(std::span<float>(sequence.frames));
}

}  // namespace nextframe
