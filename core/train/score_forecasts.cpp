#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <span>

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

/// One sequence for those who want to see it, [L,1,H,W,C] each.
class SequenceView {
 public:
  void add(const Frame& forecast, const Frame* persistence, const Frame& truth, const std::vector<float>& mask) {
    shape_ = {.sequences = 1, .height = truth.height, .width = truth.width, .channels = truth.channels};
    const auto append = [](std::vector<float>& to, const std::vector<float>& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    append(forecast_, forecast.pixels);
    append(truth_, truth.pixels);
    if (persistence != nullptr) append(persistence_, persistence->pixels);
    if (mask.empty()) {
      mask_.resize(mask_.size() + static_cast<std::size_t>(truth.area()), 1);
    } else {
      append(mask_, mask);
    }
    ++length_;
  }

  /// Fills up with frames that do not count, where the truth has ended.
  void fill(std::int64_t horizon) {
    const std::int64_t pixels = horizon * shape_.height * shape_.width;
    for (std::vector<float>* values : {&forecast_, &truth_, &persistence_}) {
      if (!values->empty()) values->resize(static_cast<std::size_t>(pixels * shape_.channels));
    }
    mask_.resize(static_cast<std::size_t>(pixels), 0);
    length_ = horizon;
  }

  void show(const SequenceVisitor& visit, const ScoreScales& scales, const Frame* last, ScoredSequence sequence) const {
    const SequenceView unit = scaled(scales);
    const std::vector<ForecastBatch> on_values = batches(), on_unit = unit.batches();
    sequence.values = on_values;
    sequence.unit = on_unit;
    sequence.context.kind = scales.kind();
    std::vector<float> known;
    if (last != nullptr) {
      known.assign(last->mask.begin(), last->mask.end());
      sequence.context = {.frames = last->pixels.data(),
                          .mask = known.empty() ? nullptr : known.data(),
                          .length = 1,
                          .sequences = 1,
                          .height = last->height,
                          .width = last->width,
                          .channels = last->channels,
                          .kind = scales.kind()};
    }
    visit(sequence);
  }

 private:
  SequenceView scaled(const ScoreScales& scales) const {
    SequenceView unit = *this;
    for (std::vector<float>* values : {&unit.forecast_, &unit.truth_, &unit.persistence_}) {
      scales.values_to_unit(*values);
    }
    return unit;
  }

  std::vector<ForecastBatch> batches() const {
    std::vector<ForecastBatch> batches;
    for (const std::vector<float>* values : {&forecast_, &persistence_}) {
      if (values->empty()) continue;
      ForecastBatch& batch = batches.emplace_back(shape_);
      batch.forecast = values->data();
      batch.truth = truth_.data();
      batch.mask = mask_.data();
      batch.horizon = length_;
    }
    return batches;
  }

  ForecastBatch shape_;
  std::int64_t length_ = 0;
  std::vector<float> forecast_, persistence_, truth_, mask_;
};

/// Where a forecast stands among the others.
struct ForecastPlace {
  std::string name;  ///< of its file or sequence
  std::optional<std::int64_t>
      start;  ///< frame, or step in time, of the truth; none: every forecast has a truth of its own
};

/// Collects the scores of forecasts and, where a frame came before them, of persistence.
class Scorer {
 public:
  Scorer(const ScoreOptions& options, FieldKind kind)
      : options_(options), selection_(with_usual_metrics(options.scores, kind)), scales_(scales_of(kind)) {}

  void add(const WrittenForecast& forecast, TruthWindow& truth, const ForecastPlace& place) {
    const std::string& name = place.name;
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
    begin_block(place.start);
    SequenceView view;
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
      if (options_.visit) view.add(frame, last ? &*last : nullptr, *target, mask);
    }
    if (options_.visit) {
      view.fill(length);
      view.show(options_.visit, scales_, last ? &*last : nullptr,
                {.number = evaluation_.sequences, .place = sequence_place(forecast, place)});
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
    end_block();
    const auto intervals =
        weights_.blocks() < kFewestBlocks ? ScoreSheet::Intervals::kNone : ScoreSheet::Intervals::kOfResamples;
    evaluation_.forecasters.push_back(forecast_->sheet.scores(intervals));
    const std::int64_t span = evaluation_.horizon * options_.gap;
    const std::int64_t block = std::max<std::int64_t>(1, (span + spacing - 1) / spacing);
    evaluation_.block = block;
    evaluation_.whole_block = block;
    if (with_persistence_ > 0) {
      evaluation_.forecasters.push_back(persistence_->sheet.scores(intervals));
      if (with_persistence_ == evaluation_.sequences) compare_with_first(evaluation_.forecasters);
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
    forecast_->sheet.resample();
    persistence_->sheet.resample();
  }

  /// Forecasts that begin before the block's first one has ended share frames with it: they are resampled together.
  void begin_block(std::optional<std::int64_t> start) {
    const std::int64_t span = evaluation_.horizon * options_.gap;
    if (start && block_start_ && *start >= *block_start_ && *start < *block_start_ + span) return;
    end_block();
    block_start_ = start;
    in_block_ = true;
  }

  void end_block() {
    if (!in_block_) return;
    const std::span<const std::uint8_t> weights = weights_.next();
    forecast_->sheet.end_block(weights);
    persistence_->sheet.end_block(weights);
    in_block_ = false;
  }

  /// "hindcasts/a.nc, forecast of frame 120 on".
  static SequencePlace sequence_place(const WrittenForecast& forecast, const ForecastPlace& place) {
    if (!place.start) return {.title = place.name};
    const UtcSeconds first = forecast.frames.front().time;
    if (forecast.dated) return {.title = format("{}, from {} on", place.name, format_time(first))};
    return {.title = format("{}, from frame {} on", place.name, forecast.first_frame)};
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
  BlockWeights weights_;
  std::optional<std::int64_t> block_start_;
  bool in_block_ = false;
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
      scorer.add(forecast, *window,
                 {.name = forecast_clips[clip].name, .start = pairwise ? std::nullopt : std::optional(start)});
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
