#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <memory>

#include "core/base/error.h"
#include "core/frames/preprocessing.h"
#include "core/train/evaluator.h"
#include "core/train/written_forecasts.h"

namespace nextframe {
namespace {

/// The pixels that all of the frames know; empty where they know all.
std::vector<float> common_mask(std::initializer_list<const Frame*> frames) {
  std::vector<float> mask;
  for (const Frame* frame : frames) {
    if (frame == nullptr || frame->mask.empty()) continue;
    mask.resize(static_cast<std::size_t>(frame->area()), 1);
    for (std::size_t i = 0; i < mask.size(); ++i) {
      if (frame->mask[i] == 0) mask[i] = 0;
    }
  }
  return mask;
}

FramePair pair_of(const std::vector<float>& forecast, const std::vector<float>& truth, const Frame& shape,
                  const std::vector<float>& mask) {
  return {.forecast = forecast.data(),
          .truth = truth.data(),
          .mask = mask.empty() ? nullptr : mask.data(),
          .height = shape.height,
          .width = shape.width,
          .channels = shape.channels};
}

/// How values become 0..1: those of pictures are, rain is shown from 0.1 to 100 mm/h in decibels.
ScoreScales scales_of(FieldKind kind) {
  FrameFormat frames;
  if (kind == FieldKind::kRain) {
    frames.rain = {.unit = RainUnit::kDbr};
    const RainScale rain(frames.rain);
    frames.low = rain.low();
    frames.high = rain.high();
  }
  return ScoreScales(frames);
}

/// One side's scores: the forecast's or persistence's.
struct ScoredSide {
  ScoreSheet sheet;
  EventHistory events = {};
  std::vector<std::optional<double>> psnr = {};  ///< of each sequence
};

/// Collects the scores of forecasts and, where a frame came before them, of persistence.
class Scorer {
 public:
  Scorer(const ScoreOptions& options, FieldKind kind)
      : options_(options), selection_(with_usual_metrics(options.scores, kind)), scales_(scales_of(kind)) {}

  void add(const WrittenForecast& forecast, TruthWindow& truth, const std::string& name) {
    const auto length = static_cast<std::int64_t>(forecast.frames.size());
    if (length == 0) reject("[evaluate] {}: holds inputs only, no forecast frame", name);
    // The last hindcasts of a recording reach beyond its end: what did not come cannot be scored.
    if (forecast.free() && truth.at(forecast.place(0, options_.gap)) == nullptr) return;
    if (evaluation_.sequences == 0) begin(length);
    if (length != evaluation_.horizon) {
      reject("[evaluate] {}: the forecast for frame {} has {} frames, the first one {}", name, forecast.first_frame,
             length, evaluation_.horizon);
    }
    const Frame* seen = options_.persistence ? truth.at(forecast.place(-1, options_.gap)) : nullptr;
    const std::optional<Frame> last = seen != nullptr ? std::optional<Frame>(*seen) : std::nullopt;
    const std::unique_ptr<Metric> psnr = make_psnr(length);
    const std::unique_ptr<Metric> persistence_psnr = make_psnr(length);
    for (std::int64_t lead = 0; lead < length; ++lead) {
      const Frame& frame = forecast.frames[static_cast<std::size_t>(lead)];
      const Frame* target = truth_frame(truth, forecast, lead, name);
      if (target == nullptr) continue;
      const std::vector<float> mask = common_mask({&frame, target, last ? &*last : nullptr});
      add_pair(*forecast_, *psnr, lead, frame, *target, mask);
      if (last) add_pair(*persistence_, *persistence_psnr, lead, *last, *target, mask);
      count(lead, *target, mask);
    }
    end_sequence(*forecast_, *psnr);
    end_sequence(*persistence_, *persistence_psnr);
    if (last) ++with_persistence_;
    ++evaluation_.sequences;
  }

  std::int64_t sequences() const { return evaluation_.sequences; }

  /// `spacing`: truth frames from one sequence to the next.
  Evaluation finish(std::int64_t spacing) {
    if (evaluation_.sequences == 0) reject("[evaluate] the forecasts hold no frame that the truth has as well");
    evaluation_.forecasters.push_back(forecast_->sheet.scores());
    if (with_persistence_ > 0) {
      evaluation_.forecasters.push_back(persistence_->sheet.scores());
      const std::int64_t span = evaluation_.horizon * options_.gap;
      const std::int64_t block = std::max<std::int64_t>(1, (span + spacing - 1) / spacing);
      evaluation_.gain = psnr_gain(forecast_->psnr, persistence_->psnr, block);
      // Sums of different sequences have no difference worth telling.
      if (with_persistence_ == evaluation_.sequences) add_csi_gains(block);
    }
    return std::move(evaluation_);
  }

 private:
  void begin(std::int64_t horizon) {
    evaluation_.horizon = horizon;
    evaluation_.units = scales_.units();
    evaluation_.valid_pixels.assign(static_cast<std::size_t>(horizon), 0);
    forecast_.emplace(ScoreSheet("forecast", selection_, horizon));
    persistence_.emplace(ScoreSheet("persistence", selection_, horizon));
  }

  void add_pair(ScoredSide& side, Metric& psnr, std::int64_t lead, const Frame& frame, const Frame& target,
                const std::vector<float>& mask) const {
    const FramePair values = pair_of(frame.pixels, target.pixels, target, mask);
    if (!scales_.two()) {
      side.sheet.add(lead, values);
      psnr.add(lead, values);
      return;
    }
    std::vector<float> unit_forecast = frame.pixels, unit_truth = target.pixels;
    scales_.values_to_unit(unit_forecast);
    scales_.values_to_unit(unit_truth);
    const FramePair unit = pair_of(unit_forecast, unit_truth, target, mask);
    side.sheet.add(lead, unit, values);
    psnr.add(lead, unit);
  }

  static void end_sequence(ScoredSide& side, const Metric& psnr) {
    side.events.remember(side.sheet);
    side.psnr.push_back(psnr.overall().value);
  }

  void add_csi_gains(std::int64_t block) {
    evaluation_.csi_gains = forecast_->events.gains_over(persistence_->events, block);
    for (CsiGain& gain : evaluation_.csi_gains) {
      gain.of = "forecast";
      gain.over = "persistence";
    }
  }

  /// Null where the truth has none of that time, or a hindcast near the recording's end goes on beyond it.
  const Frame* truth_frame(TruthWindow& truth, const WrittenForecast& forecast, std::int64_t lead,
                           const std::string& name) const {
    const TruthPlace place = forecast.place(lead, options_.gap);
    const Frame* target = truth.at(place);
    if (target == nullptr) {
      if (forecast.free()) return nullptr;
      reject("[evaluate] {}: forecasts frame {}, which the truth does not have", name, place.number);
    }
    const Frame& frame = forecast.frames[static_cast<std::size_t>(lead)];
    if (target->height != frame.height || target->width != frame.width || target->channels != frame.channels) {
      reject("[evaluate] {}: frames are {}x{} with {} channels, those of the truth {}x{} with {}", name, frame.width,
             frame.height, frame.channels, target->width, target->height, target->channels);
    }
    return target;
  }

  void count(std::int64_t lead, const Frame& target, const std::vector<float>& mask) {
    const std::int64_t valid =
        mask.empty() ? target.area() : std::count_if(mask.begin(), mask.end(), [](float m) { return m != 0; });
    evaluation_.valid_pixels[static_cast<std::size_t>(lead)] += valid;
  }

  ScoreOptions options_;
  ScoreSelection selection_;
  ScoreScales scales_;
  std::optional<ScoredSide> forecast_;
  std::optional<ScoredSide> persistence_;
  std::int64_t with_persistence_ = 0;  ///< sequences that a frame came before
  Evaluation evaluation_;
};

Preprocessing common_channels(const SourceInfo& forecast, const SourceInfo& truth, const ScoreOptions& options) {
  const ChannelMode differing = forecast.channels == truth.channels ? ChannelMode::kSource : ChannelMode::kGrey;
  return {.size = std::nullopt, .channels = options.channels.value_or(differing), .rain = {.unit = RainUnit::kSource}};
}

SourceOptions at_path(const std::string& path) {
  SourceOptions options;
  options.path = path;
  return options;
}

/// Where the only sequence of `forecast` begins, when nobody said so: at frame 0 of a truth of the same length.
void check_equal_length(TruthWindow& truth, std::int64_t length, const std::string& forecast, const std::string& name) {
  if (truth.at({.number = length}) == nullptr) return;
  reject(
      "[evaluate] {}: has {} frames and {} has more; say with --first-frame which of them the first forecast frame "
      "stands for",
      forecast, length, name);
}

}  // namespace

Evaluation score_forecasts(const SourceTable& sources, const std::string& forecasts, const std::string& truth,
                           const ScoreOptions& options) {
  std::vector<ClipReference> forecast_clips;
  for (const std::string& path : forecast_paths(forecasts)) {
    for (ClipReference& clip : list_clips(sources, at_path(path))) forecast_clips.push_back(std::move(clip));
  }
  const std::vector<ClipReference> truth_clips = list_clips(sources, at_path(truth));
  const bool pairwise = truth_clips.size() > 1;
  if (pairwise && truth_clips.size() != forecast_clips.size()) {
    reject("[evaluate] {} has {} sequences and {} {}; expected as many, or a single recording as truth", forecasts,
           forecast_clips.size(), truth, truth_clips.size());
  }
  const auto open_truth = [&](std::size_t clip, const Preprocessing& preprocessing, const SourceInfo& info) {
    return TruthWindow(ScaledSource(truth_clips[clip].open(), preprocessing, pixel_scale(info, info)));
  };

  const bool rain = truth_clips.front().open()->info().measurement.quantity != Quantity::kNone;
  Scorer scorer(options, rain ? FieldKind::kRain : FieldKind::kPicture);
  std::optional<TruthWindow> window;
  double frames_per_second = 0;
  double step = 1;
  std::int64_t spacing = options.every;
  std::optional<std::int64_t> previous;
  Progress progress({.label = "score", .unit = "forecast", .display = options.display});
  for (std::size_t clip = 0; clip < forecast_clips.size(); ++clip) {
    const std::size_t truth_clip = pairwise ? clip : 0;
    std::unique_ptr<FrameSource> source = forecast_clips[clip].open();
    const SourceInfo info = truth_clips[truth_clip].open()->info();
    frames_per_second = info.frames_per_second;
    step = info.step_seconds();
    const Preprocessing preprocessing = common_channels(source->info(), info, options);
    const PixelScale scale = pixel_scale(source->info(), info);
    const std::int64_t offset = pairwise ? 0 : static_cast<std::int64_t>(clip) * options.every;
    ForecastReader reader(ScaledSource(std::move(source), preprocessing, scale),
                          options.first_frame.value_or(0) + offset);
    if (pairwise || !window) window.emplace(open_truth(truth_clip, preprocessing, info));
    const bool numbered = reader.hindcasts();
    WrittenForecast forecast;
    while (reader.next(forecast)) {
      options.between_sequences();
      const UtcSeconds date = forecast.frames.empty() ? kNoTime : forecast.frames.front().time;
      forecast.dated = !numbered && !options.first_frame && date != kNoTime && step > 0 && window->dated();
      forecast.truth_step = step;
      const std::int64_t start = forecast.dated ? std::llround(static_cast<double>(date) / step) : forecast.first_frame;
      if (previous && !pairwise) spacing = std::max<std::int64_t>(1, start - *previous);
      previous = start;
      window->forget_before(forecast.place(-1, options.gap));
      scorer.add(forecast, *window, forecast_clips[clip].name);
      progress.update(scorer.sequences(), "");
      if (!numbered && !forecast.dated && !options.first_frame && (pairwise || forecast_clips.size() == 1)) {
        const auto length = static_cast<std::int64_t>(forecast.frames.size());
        check_equal_length(*window, (length - 1) * options.gap + 1, forecasts, truth);
      }
    }
  }
  progress.finish();
  Evaluation evaluation = scorer.finish(pairwise ? std::numeric_limits<std::int64_t>::max() / 4 : spacing);
  evaluation.name = forecasts;
  evaluation.data = truth;
  if (frames_per_second > 0) evaluation.seconds_per_frame = static_cast<double>(options.gap) / frames_per_second;
  return evaluation;
}

}  // namespace nextframe
